"""Rules of what is compared explicitly: numbers with units, dates, names, negations and opposites."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.verification.compared_facts import FactKind, facts_of
from passagework.retrieval.verification.comparison import Comparison, compare_facts

NUMBER, DATE, NAME = FactKind.NUMBER, FactKind.DATE, FactKind.NAME


def compared(claim: str, passage: str) -> Comparison:
    """A claim beside a passage of one sentence."""
    return compare_facts(claim, passage, 0, len(passage))


def agreement(claim: str, passage: str) -> dict[str, bool | None]:
    """What agrees, by the words of the claim."""
    return {fact.text: fact.agrees for fact in compared(claim, passage).facts}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("It rose 12% to $4.6 billion", [(NUMBER, "12%", 12.0), (NUMBER, "$4.6 billion", 4.6e9)]),
        ("twenty-one men walked 3 km", [(NUMBER, "twenty-one", 21.0), (NUMBER, "3 km", 3.0)]),
        ("it weighs 1,250.5 kg", [(NUMBER, "1,250.5 kg", 1250.5)]),
        ("a sum of $5m and 5 m of rope", [(NUMBER, "$5m", 5e6), (NUMBER, "5 m", 5.0)]),
        ("one of them", []),
        (
            "Barack Obama of the World Health Organization",
            [(NAME, "Barack Obama", 0.0), (NAME, "World Health Organization", 0.0)],
        ),
        ("Travel is free in Peru", [(NAME, "Peru", 0.0)]),
    ],
)
def test_numbers_and_names_are_read(text: str, facts: list[tuple[FactKind, str, float]]) -> None:
    """A number has its scale and unit; what begins a sentence is a name only where more of it follows."""
    assert [(fact.kind, fact.text, fact.value) for fact in facts_of(text)] == facts


@pytest.mark.parametrize("text", ["2019-03-04", "4 March 2019", "March 4, 2019", "the 4th of March 2019", "Mar 4 2019"])
def test_dates_are_one_however_they_are_written(text: str) -> None:
    """Year, month and day."""
    (fact,) = facts_of(f"on {text}")
    assert (fact.kind, fact.date) == (DATE, (2019, 3, 4))


@pytest.mark.parametrize(
    ("claim", "passage", "agrees"),
    [
        ("It took 7 days.", "It took 5 days.", {"7 days": False}),
        ("It took 7 days.", "It took a week.", {"7 days": None}),
        ("It is 5 km away.", "It is 5,000 metres away.", {"5 km": True}),
        ("It is 5 km away.", "It is 5 miles away.", {"5 km": False}),
        ("It cost 4.6 billion dollars.", "It cost $4,553,000,000.", {"4.6 billion dollars": True}),
        ("About 70,000 people came.", "There came 69,197 people.", {"70,000": True}),
        ("Exactly 70,000 people came.", "There came 69,197 people.", {"70,000": False}),
        ("It was built in 1954.", "It was built on 3 May 1954.", {"1954": True}),
        ("It was built in 1955.", "It was built on 3 May 1954.", {"1955": False}),
        ("It was built in the 1950s.", "It was built on 3 May 1954.", {"1950s": True}),
        ("It was built in the 1960s.", "It was built in 1954.", {"1960s": False}),
        ("It fell by 3 %.", "In 2019 it fell.", {"3 %": None}),
        ("It was found by the WHO.", "It was found by the World Health Organization.", {"WHO": True}),
        ("It was found by Smith.", "It was found by Marsh.", {"Smith": False}),
        ("It was found by Elena Marsh.", "It was found by Marsh.", {"Elena Marsh": True}),
        ("Meals are paid.", "Meals are not paid.", {"": False}),
        ("Meals are paid.", "Meals are paid, but trips are not approved.", {}),
        ("No, meals are paid.", "Meals are paid.", {}),
        ("Meals are paid.", "Not only meals are paid.", {}),
        ("Meals are never paid.", "Meals are not paid.", {}),
        ("It is not open on weekdays.", "It is closed on weekdays.", {}),
        ("It is open on weekdays.", "It is closed on weekdays.", {"open": False}),
        ("Prices rose sharply.", "Prices fell sharply.", {"rose": False}),
    ],
)
def test_what_agrees_and_what_does_not(claim: str, passage: str, agrees: dict[str, bool | None]) -> None:
    """Units of one measure are converted, rough numbers rounded; two turns make none; silence is no contradiction."""
    assert agreement(claim, passage) == agrees


def test_the_characters_that_differ_are_told() -> None:
    """In the claim, and in the passage, whose nearest sentence they stand in; what agrees may stand in another."""
    passage = "Hotels are cheap. Trips take 5 days. Elena Marsh pays 120 euros."
    comparison = compare_facts("Trips take 7 days and 120 euros.", passage, 18, 36)
    told = {fact.text: (fact.agrees, passage[fact.found_start : fact.found_end]) for fact in comparison.facts}
    assert told == {"7 days": (False, "5 days"), "120 euros": (True, "120 euros")}
    assert comparison.overlap == 1.0


def test_a_name_of_another_sentence_is_not_confirmed() -> None:
    """The sentence has another in its place: who founded it, and who sold it, are two."""
    passage = "Then Elena Marsh founded the station. Later Otto Berg sold it."
    (fact,) = compare_facts("In the end Otto Berg founded the station.", passage, 0, 37).facts
    assert (fact.text, fact.agrees, fact.found) == ("Otto Berg", None, "Elena Marsh")


def test_overlap_is_the_share_of_the_other_words() -> None:
    """Facts aside, and inflections alike: two of four."""
    assert compared("The keeper counted 7 gulls at sunrise.", "Keepers count 9 owls.").overlap == 0.5


@given(st.integers(2, 10**9), st.integers(2, 10**9))
def test_whole_numbers_below_a_million_agree_where_they_are_equal(one: int, other: int) -> None:
    """With commas or without; larger ones may be rounded, but never to another order."""
    found = agreement(f"There were {one:,} of them.", f"There were {other} of them.")
    if one == other:
        assert set(found.values()) == {True}
    elif one < 10**6 and not (1000 <= one < 2100 or 1000 <= other < 2100):
        assert set(found.values()) == {False}
