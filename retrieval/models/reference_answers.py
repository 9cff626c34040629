"""Questions with what answers them: what an encoder's cosines are read by.

Written for this, on matters of everyday life, work, science and the law, as questions, as words and as statements. Each
is answered by its own text and by no other, and shares few words with it.
"""

from __future__ import annotations

REFERENCE_ANSWERS = (
    (
        "How long does it take to charge the battery?",
        (
            "An empty battery is full after two and a half hours on the supplied adapter. With a weaker power "
            "supply it takes up to five hours, and the indicator blinks until it is done."
        ),
    ),
    (
        "who signs contracts above 50000 euro",
        (
            "Contracts up to 50,000 euro are signed by the head of department. Anything above that needs the "
            "signature of two members of the board, one of whom must be the treasurer."
        ),
    ),
    (
        "What causes the pump to lose pressure?",
        (
            "If pressure falls slowly, air is usually getting in at the inlet seal. Check the gasket for cracks, "
            "tighten the clamp, and prime the pump again before you look for a worn impeller."
        ),
    ),
    (
        "When was the old bridge torn down?",
        (
            "The stone bridge stood for nearly four hundred years. After the floods of 1954 it was judged unsafe, "
            "and two summers later it was demolished and replaced by the steel arch that carries the road today."
        ),
    ),
    (
        "cancel subscription refund",
        (
            "You may end your plan at any time in the account settings. Payments for months that have not begun "
            "are returned to your card within ten working days; the current month is not refunded."
        ),
    ),
    (
        "Does vitamin D lower the risk of fractures in older people?",
        (
            "In this trial of 2,300 adults aged over seventy, daily cholecalciferol did not reduce the number of "
            "hip or wrist fractures compared with placebo over three years of follow-up."
        ),
    ),
    (
        "Which function reads a file line by line?",
        (
            "read_lines(path, encoding='utf-8') opens the file and yields one line at a time without its line "
            "break, so that files larger than memory can be processed. It raises FileNotFoundError where there is "
            "none."
        ),
    ),
    (
        "What did the committee decide about parking?",
        (
            "After some discussion it was agreed that visitors may park in the north yard on weekdays, and that "
            "residents keep their numbered places. The secretary will have signs made by March."
        ),
    ),
    (
        "gross margin second quarter",
        (
            "Net sales rose 4% in the second quarter to 812 million. Gross profit was 301 million, or 37.1% of "
            "net sales, against 35.8% in the same quarter a year earlier, chiefly on lower freight costs."
        ),
    ),
    (
        "How do bees find their way back to the hive?",
        (
            "Foragers steer by the position of the sun and by landmarks they have learned on earlier flights. On "
            "cloudy days they rely on the pattern of polarised light in the sky, which their eyes can see."
        ),
    ),
    (
        "Why does the bread not rise?",
        (
            "Dough that stays flat has usually been made with water that was too hot, which kills the yeast, or "
            "has been left in a cold room. Old yeast is another reason: it should foam within ten minutes in warm "
            "water."
        ),
    ),
    (
        "What is the penalty for late delivery?",
        (
            "Where the supplier does not deliver by the agreed date, the customer may deduct 0.5% of the price "
            "for every full week of delay, but no more than 5% in all, unless the delay is due to force majeure."
        ),
    ),
    (
        "error E21 washing machine",
        (
            "E21: the machine cannot drain. Clean the filter behind the flap at the bottom right, make sure that "
            "the hose is not kinked, and start the programme again. If the code returns, call the service."
        ),
    ),
    (
        "Who discovered that the disease is carried by mosquitoes?",
        (
            "It was a physician in the colonial service who showed, by dissecting insects that had fed on "
            "patients, that the parasite develops in the stomach of the mosquito. The proof earned him a prize in "
            "1902."
        ),
    ),
    (
        "how many days of leave do new employees get",
        (
            "Employees are entitled to 28 days of paid holiday a year. In the first year two and a third days are "
            "earned for each full month of work; unused days may be carried over until the end of March."
        ),
    ),
    (
        "What is the maximum load of the shelf?",
        (
            "Each board carries 35 kg if the weight is spread evenly, and the whole unit 160 kg. The brackets "
            "must be fixed to a solid wall with the screws supplied."
        ),
    ),
    (
        "What happens to water above its critical point?",
        (
            "Beyond 374 degrees Celsius and 221 bar the difference between liquid and vapour disappears. The "
            "supercritical fluid dissolves organic substances readily while salts, which dissolve in ordinary "
            "water, fall out."
        ),
    ),
    (
        "reset password without email",
        (
            "If you no longer have access to the mailbox, choose 'other ways to sign in' and enter one of the "
            "recovery codes that you saved when you set up the account. An administrator can also issue a new "
            "link."
        ),
    ),
    (
        "Is the museum open on Mondays?",
        (
            "Opening hours: Tuesday to Sunday from 10 to 18, Thursdays until 21. The house is closed on Mondays "
            "and on 24, 25 and 31 December. Last admission is half an hour before closing."
        ),
    ),
    (
        "effect of sleep deprivation on memory",
        (
            "Participants who had been kept awake for 24 hours recalled a third fewer word pairs than rested "
            "controls, while their recognition of faces was unchanged, which suggests that consolidation of "
            "verbal material suffers most."
        ),
    ),
    (
        "Where is the emergency shut-off valve?",
        (
            "The main gas valve is in the boiler room to the left of the door, behind a yellow cover. Turn the "
            "lever a quarter turn so that it stands across the pipe. Report it to the control room afterwards."
        ),
    ),
    (
        "How was the army able to cross the river?",
        (
            "Under cover of night the engineers tied rafts together upstream and let them swing across on the "
            "current. By dawn three battalions stood on the far bank, and the defenders, who had expected an "
            "attack at the ford, withdrew."
        ),
    ),
    (
        "default timeout of the client",
        (
            "The timeout option sets how many seconds the client waits for an answer; by default it is 30. Set it "
            "to 0 to wait without limit. Connections that are idle for longer than keepalive are closed."
        ),
    ),
    (
        "Which countries border the lake?",
        (
            "The lake is shared by four states: the northern shore belongs to one of them alone, while the long "
            "southern bay is divided between the other three, whose boundaries meet near the island in its "
            "middle."
        ),
    ),
    (
        "What should I do if a child swallows detergent?",
        (
            "Do not make the child vomit. Rinse the mouth, give a few sips of water or milk, and call the poison "
            "centre with the package at hand. Go to hospital at once if there is coughing or drowsiness."
        ),
    ),
    (
        "vegetarian main dishes",
        (
            "Main courses without meat: mushroom risotto with thyme, baked aubergine with feta and tomatoes, "
            "lentil curry with rice, and spinach dumplings in brown butter. All can be had in a smaller portion."
        ),
    ),
    (
        "How are votes counted when two candidates are tied?",
        (
            "If two candidates receive the same number of votes, a second ballot is held between them on the same "
            "day. Should that be tied as well, the returning officer draws lots in the presence of both."
        ),
    ),
    (
        "The drug reduces blood pressure in patients with diabetes.",
        (
            "Systolic pressure fell by 9 mmHg in the treated group and by 2 mmHg in the control group after "
            "twelve weeks. The effect was as large in those with type 2 diabetes as in those without."
        ),
    ),
    (
        "What is a deductible?",
        (
            "The deductible is the part of a loss that the insured bears before the insurer pays anything. With a "
            "deductible of 300, a claim of 1,000 leads to a payment of 700. A higher one lowers the premium."
        ),
    ),
    (
        "minimum distance between trees and buildings",
        (
            "Trees that grow taller than two metres must stand at least four metres from any wall of a house and "
            "two metres from the boundary of the plot. For hedges half of that is enough."
        ),
    ),
    (
        "Why do the leaves of the plant turn yellow?",
        (
            "Yellowing that begins at the lower leaves points to a lack of nitrogen; if the veins stay green it "
            "is iron. Too much water does the same, so let the soil dry out before you feed the plant."
        ),
    ),
    (
        "How is the annual bonus calculated?",
        (
            "The bonus is the base salary multiplied by the target rate of the grade and by the company factor, "
            "which the board sets each February between 0 and 1.5 according to operating profit. It is paid with "
            "the April salary."
        ),
    ),
)
"""Pairs of a question and its answer."""
