"""Shows verdicts at a terminal: each claim with what the documents say of it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from passagework.retrieval.text import counted, one_line
from passagework.retrieval.verification.comparison import Compared
from passagework.retrieval.verification.verification import CitationFault, ClaimVerdict, Verdict, Verification
from passagework.ui.present.lines import indented
from passagework.ui.present.wording import gettext, message

STYLES = {Verdict.SUPPORTED: "green", Verdict.CONTRADICTED: "red", Verdict.NOT_FOUND: "yellow"}

FAULTS = {
    CitationFault.MISSING: message("cites no passage"),
    CitationFault.WRONG: message("the passage it cites doesn't support it"),
    CitationFault.UNKNOWN: message("cites a number that stands for no passage"),
}


def show_verification(console: Console, verification: Verification) -> None:
    """Prints each claim with its verdict, the words that say so, and the score of the answer."""
    for claim in verification.claims:
        show_claim(console, claim)
    for note in verification.notes:
        console.print(Text(f"note: {one_line(note)}", style="yellow"), soft_wrap=True)
    told = ", ".join(f"{verification.count(verdict)} {verdict.value.replace('_', ' ')}" for verdict in Verdict)
    score = "" if verification.score is None else f"score {verification.score:.2f}; "
    line = f"{score}{counted(len(verification.claims), 'claim')}: {told}; by {verification.engine}"
    console.print(Text(one_line(line), style="dim"), soft_wrap=True)


def show_claim(console: Console, claim: ClaimVerdict) -> None:
    """Prints a claim, and below it the place and the words of the document, and what differs."""
    label = Text(f"{claim.verdict.value.replace('_', ' '):<13}", style=STYLES[claim.verdict])
    margin = Text(" " * len(label))
    indented(console, one_line(claim.text, limit=len(claim.text) + 1), "bold", column=label)
    for citation in (claim.citation, claim.disagreeing):
        if citation is not None:
            place = ", ".join(filter(None, (citation.address, citation.place)))
            says = "but another passage disagrees: " if citation is claim.disagreeing else ""
            indented(console, one_line(says + place), "yellow" if says else "dim", column=margin)
            indented(console, one_line(citation.text), "", column=margin)
    for compared in claim.comparisons:
        if compared.agrees is False:
            indented(console, one_line(difference(compared)), "red", column=margin)
    if claim.fault is not None:
        indented(console, FAULTS[claim.fault], "yellow", column=margin)


def difference(compared: Compared) -> str:
    """Returns what the claim says beside what the document says, in a line."""
    none = gettext("none")
    said, found = compared.text or none, compared.found or none
    return gettext("{kind}: {said} here, {found} there", kind=gettext(compared.kind.value), said=said, found=found)
