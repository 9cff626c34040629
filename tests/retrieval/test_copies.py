"""Copies of a text: what differs in form is one, what differs in a number, a sign, a negation or a word is not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.search.copies import PassageWords

RENT = (
    "The tenant shall pay the rent of 900 euro on the first day of each month. The deposit may be kept by the landlord "
    "until the flat has been handed over in good order, and is then returned within thirty days by bank transfer. "
    "Installation of a dishwasher needs approval in writing; pets are welcome where the house rules allow them. Keys "
    "are handed over at the office on the ground floor, which is open on weekdays and closed on holidays."
)


def similarity(text: str, other: str) -> float:
    """How much of this text the other says, where it is a copy of it."""
    return PassageWords.of(text).similarity(PassageWords.of(other))


@pytest.mark.parametrize(
    "other",
    [
        RENT.upper(),
        RENT.replace(" ", "\n  "),
        RENT.replace(". ", " – ").replace(",", "").replace(";", "\u2014"),
        RENT.replace("first", "ﬁrst").replace("flat", "ﬂat"),  # ligatures
        RENT.replace("Installation", "In\u00adstallation"),  # a soft hyphen
        "".join(chr(ord(one) + 0xFEE0) if one.isalnum() and one.isascii() else one for one in RENT),  # full width
    ],
)
def test_what_differs_in_form_alone_is_equal(other: str) -> None:
    """Case, white space, punctuation and compatibility forms say nothing: the similarity is 1 both ways."""
    assert similarity(RENT, other) == similarity(other, RENT) == 1.0


@pytest.mark.parametrize(
    "other",
    [
        RENT.replace("Installation", "Instal- lation"),  # broken by a line's end
        RENT[: RENT.index(" Installation")],
        RENT[RENT.index("The deposit") : RENT.index(" Installation")],
        RENT[RENT.index("Keys") :].upper(),
    ],
)
def test_whole_statements_of_a_text_are_a_copy_of_it(other: str) -> None:
    """What the text says, and no more; how much of the text that is, is the similarity."""
    assert similarity(RENT, other) == pytest.approx(len(other) / len(RENT), abs=0.03)
    assert similarity(other, RENT) in (0.0, pytest.approx(1.0))


@pytest.mark.parametrize(
    "other",
    [
        f"House rules {RENT}",
        f"It is false that {RENT}",
        f"Withdrawn and replaced: {RENT}",
        RENT.replace("are welcome", "are hardly welcome"),
        RENT.replace("may be kept", "may rarely be kept"),
        RENT.replace("in writing", "in writing beforehand"),
        RENT.replace("Keys are", "Keys must n't be"),
    ],
)
def test_a_word_more_may_turn_what_is_said(other: str) -> None:
    """Neither is a copy of the other: no list of words that matter is whole."""
    assert similarity(RENT, other) == similarity(other, RENT) == 0.0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("900 euro", "950 euro"),  # a price
        ("900 euro", "900.5 euro"),
        ("900 euro", "900 dollar"),
        ("first day", "1 day"),
        ("may be kept", "may not be kept"),
        ("are welcome", "are never welcome"),
        ("the first day", "the fifth day"),  # a word in another's place
        ("by the landlord", "by the tenant"),
        ("Installation", "No installation"),
        ("each month", "each month from 3 May"),
    ],
)
def test_another_fact_is_no_copy(old: str, new: str) -> None:
    """A number, a date, a negation or another word makes it a text of its own, in either direction."""
    other = RENT.replace(old, new)
    assert other != RENT
    assert similarity(RENT, other) == similarity(other, RENT) == 0.0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Flat 10 costs 12 euro a day and flat 12 costs 10.", "Flat 12 costs 10 euro a day and flat 10 costs 12."),
        ("It grew -3% last year", "It grew 3% last year"),
        ("return a + b", "return a - b"),
        ("while x == y", "while x != y"),
        ("price 5 $", "price 5 €"),
        ("x < 5", "x > 5"),
        ("国外出差须经部门负责人批准,须在十日前提出", "国外出差不须经部门负责人批准,须在十日前提出"),
        ("किताब पढ़ो", "कताब पढ़ो"),  # a vowel sign
        ("***", "---"),
    ],
)
def test_short_texts_are_copies_only_when_equal(text: str, other: str) -> None:
    """Numbers in another order, signs, operators, negations and marks of letters count."""
    assert similarity(text, other) == 0.0
    assert similarity(text, text) == 1.0


def test_a_copy_has_a_direction() -> None:
    """A text that says one statement more says all of the other, which doesn't say all of it."""
    more = f"{RENT} This rule was withdrawn yesterday."
    assert similarity(more, RENT) == pytest.approx(len(RENT) / len(more), abs=0.03)
    assert similarity(RENT, more) == 0.0


WORDS = st.sampled_from(["river", "stone", "apple", "12", "not", "never", "7.5", "€", "meadow", "winter", "copper"])


@given(st.lists(WORDS, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_form_never_matters_and_telling_words_always_do(words: list[str], draw: random.Random) -> None:
    """Any text equals itself in another form; with a number or negation more it is no copy."""
    other = "  ".join(word.upper() if draw.random() < 0.5 else f"{word}," for word in words)
    assert similarity(" ".join(words), other) == 1.0
    place = draw.randrange(len(words) + 1)
    for more in ("42", "not", "hardly"):
        changed = " ".join([*words[:place], more, *words[place:]])
        assert similarity(" ".join(words), changed) == 0.0
        assert similarity(changed, " ".join(words)) == 0.0  # no statement ends before it
