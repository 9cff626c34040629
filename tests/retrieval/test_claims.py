"""Rules of claims: what an answer is cut into, where each stands, and which citations it names."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.verification.claims import MARK, claims_of


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        ("Trips need approval. Hotels cost 120 euros.", ["Trips need approval.", "Hotels cost 120 euros."]),
        (
            "Trips are approved by the head, and hotels are paid by the firm.",
            ["Trips are approved by the head", "hotels are paid by the firm."],
        ),
        ("The colony was large; it had 4,200 pairs in 2019.", ["The colony was large", "it had 4,200 pairs in 2019."]),
        ("He won medals in 1990, 1992, and 1994.", ["He won medals in 1990, 1992, and 1994."]),
        ("Bring maps, boots, and a lamp of your own.", ["Bring maps, boots, and a lamp of your own."]),
        ("Is it open? It is open on Mondays. Yes.", ["It is open on Mondays."]),
        ("# Opening hours\n\nIn short:\n- Open on Mondays\n- Closed at noon", ["Open on Mondays", "Closed at noon"]),
        ("会议在北京举行。", ["会议在北京举行。"]),
        ("", []),
        ("?!", []),
    ],
)
def test_an_answer_is_cut_at_sentences_and_clauses_that_stand_alone(answer: str, claims: list[str]) -> None:
    """Lists of things stay whole; questions, headings and lead-ins claim nothing."""
    assert [claim.text for claim in claims_of(answer)] == claims


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        ("Trips need approval [1]. Hotels are cheap [2, 3].", [(1,), (2, 3)]),
        ("Trips need approval. [1] Hotels are cheap.", [(1,), ()]),
        ("Trips are approved by the head, and hotels are paid by the firm [2].", [(2,), (2,)]),
        ("Trips are approved by the head [1], and hotels are paid by the firm [2][4].", [(1,), (2, 4)]),
        ("[3] Trips need approval.", [(3,)]),
        ("Row [x] and year [12345] are no marks.", [()]),
    ],
)
def test_a_mark_stands_for_the_claims_before_it(answer: str, cited: list[tuple[int, ...]]) -> None:
    """Behind a full stop it belongs to the sentence that ended; within one to the clauses since the last mark."""
    assert [claim.cited for claim in claims_of(answer)] == cited


@given(st.text(st.sampled_from("ab É😀东。. ,;:-\n?[1]#and was is"), max_size=200))
def test_every_claim_is_a_slice_of_the_answer(answer: str) -> None:
    """They are in order, don't overlap, and no mark is compared with a document."""
    end = 0
    for claim in claims_of(answer):
        assert answer[claim.start : claim.end] == claim.text
        assert len(claim.statement) == len(claim.text)
        assert claim.start >= end
        assert MARK.search(claim.statement) is None
        end = claim.end
