"""How an answer looks: the sign of each sentence, and a passage that says otherwise."""

from __future__ import annotations

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from passagework.retrieval import Answer, AnswerState, Citation
from passagework.retrieval.verification.verification import ClaimVerdict, Verdict, Verification
from passagework.ui.web.answer_html import answer_html, counts_line


def _citation(number: int, text: str) -> Citation:
    path = f"{number}.md"
    return Citation(number, path, path, path, "", (), 0, len(text), (), 1.0, text, {})


def test_a_passage_that_disagrees_is_shown_beside_the_one_that_supports() -> None:
    """Both are quoted with their numbers and marked in their passages; the sign and its name say so."""
    supports, disagrees = _citation(1, "Bees sleep at night."), _citation(2, "Bees never <b>sleep</b>.")
    text = "Bees sleep at night [1]."
    claim = ClaimVerdict(text, 0, len(text), Verdict.SUPPORTED, 0.9, supports, cited=(1,), disagreeing=disagrees)
    verification = Verification(text, (claim,), "fake")
    answer = Answer(
        "q", text, AnswerState.ANSWERED, (supports, disagrees), 2, "m", {"total": 1.0}, verification=verification
    )
    shown = answer_html(answer, 1, {}, {})
    assert 'aria-label="Supported: sentence 1. Another passage disagrees" title="supported. Another passage' in shown
    assert ">✓!</button>" in shown
    told = '<q dir="auto" data-testid="disagreeing">Bees never &lt;b&gt;sleep&lt;/b&gt;.</q> [2]'
    assert f"Another passage disagrees: {told}" in shown
    assert '<mark class="pw-evidence" data-claim="1">Bees never &lt;b&gt;sleep&lt;/b&gt;.</mark>' in shown
    line = "1 sentence checked: 1 supported"
    assert counts_line([claim]) == f"{line}. 1 supported sentence has a passage that disagrees"
    agreed = ClaimVerdict(text, 0, len(text), Verdict.SUPPORTED, 0.9, supports)
    assert counts_line([agreed]) == line
