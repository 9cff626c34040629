"""Kinds of duplicates, and what differs between two texts word by word."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.duplicates.differences import DuplicateKind, WordDifference, aligned, differences, kind_of
from passagework.retrieval.text import collapsed

RULE = "Trips of more than 500 euro are approved by the head of the department before anything is booked."


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (RULE, DuplicateKind.EXACT),
        (RULE.replace(" ", "\n  "), DuplicateKind.EXACT),
        (RULE.replace("500", "800"), DuplicateKind.NEAR),
        (RULE + " See page 4.", DuplicateKind.NEAR),
        (
            "Whoever travels for over 500 euro needs the consent of their head first.",
            DuplicateKind.SEMANTIC,
        ),
        (" ".join(reversed(RULE.split())), DuplicateKind.SEMANTIC),
    ],
)
def test_kinds(other: str, kind: DuplicateKind) -> None:
    """Exact but for white space; near where four of five words stand in the same order; else by meaning alone."""
    assert kind_of(RULE, other) is kind_of(other, RULE) is kind


def test_differences_are_told_word_by_word() -> None:
    """What was changed, what is gone and what came, in order, with the words as the texts have them."""
    changed = (
        RULE.replace("500 euro", "1,250.50 euro").replace("the head of ", "").replace("booked.", "booked or paid.")
    )
    assert differences(RULE, changed) == (
        WordDifference("500", "1,250.50"),
        WordDifference("the head of", ""),
        WordDifference("", "or paid"),
    )
    assert differences(RULE, RULE.replace(" ", "\n")) == ()


@given(st.text("ab .\n", max_size=40), st.text("ab .\n", max_size=40))
def test_the_runs_make_both_texts_again(text: str, other: str) -> None:
    """Put together, the runs of each side hold its words and signs in order."""
    runs = aligned(text, other)
    for side, whole in enumerate((text, other)):
        assert "".join("".join(run[side] for run in runs).split()) == "".join(collapsed(whole).split())
