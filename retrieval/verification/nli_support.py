"""The engine of a user's choice: an NLI cross-encoder reads passages as premises of a claim (Honovich 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passagework.retrieval.models.nli import NliModel
from passagework.retrieval.verification.comparison import compare_facts
from passagework.retrieval.verification.support import PassageSupport
from passagework.retrieval.words.sentences import sentence_spans

SENTENCES = 3
"""Sentences of a passage that are read by themselves, beside all of it: those that share most words with the claim."""


class NliSupport:
    """Has an NLI model read each passage whole, and its nearest sentences alone, as SummaC does (Laban 2022)."""

    threshold = 0.5

    def __init__(self, model: NliModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """Returns the model."""
        return f"NLI by {self._model.name}"

    def judge(self, claim: str, passages: Sequence[str]) -> list[PassageSupport]:
        """Returns the best probabilities of each passage, and the sentence that gives the higher of them.

        Where that is the passage as a whole, it is the sentence that shares most words with the claim.
        """
        spans = [_nearest_sentences(claim, passage) for passage in passages]
        premises = [passage[slice(*span)] for passage, found in zip(passages, spans, strict=True) for span in found]
        scores = self._model.judge(premises, claim)
        out, at = [], 0
        for found in spans:
            entailed = scores.entailment[at : at + len(found)]
            against = scores.contradiction[at : at + len(found)]
            at += len(found)
            decisive = int(np.argmax(np.maximum(entailed, against)))
            start, end = found[decisive or min(1, len(found) - 1)]
            out.append(PassageSupport(float(entailed.max()), float(against[int(np.argmax(entailed))]), start, end))
        return out


def _nearest_sentences(claim: str, passage: str) -> list[tuple[int, int]]:
    """Returns the passage as a whole, and `[start, end)` of its sentences that are nearest, if it has several."""
    spans = sentence_spans(passage)
    overlaps = [compare_facts(claim, passage, start, end).overlap for start, end in spans]
    nearest = sorted(range(len(spans)), key=lambda place: -overlaps[place])[:SENTENCES]
    return [(0, len(passage)), *(spans[place] for place in nearest if len(spans) > 1)]
