"""The default engine: compares a claim's tokens with a passage's as the default encoder sees them, and their words.

It has no weights of its own: of the untrained measures that were tried, this one told best on the sets in
docs/encoder-jobs.md (`python -m benchmarks.support`).
"""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.models.encoder import TokenEncoder
from passagework.retrieval.verification.encoded_text import EncodedText, encoded_texts
from passagework.retrieval.verification.support import PassageSupport
from passagework.retrieval.verification.support_measures import SupportMeasures, measured

THRESHOLD = 0.55
"""The least support that counts, chosen on BEGIN and SICK at once: balanced accuracy is level from 0.5 to 0.6."""

KEPT = 128
"""Passages whose token vectors are remembered, at most: several claims of an answer are compared with the same."""


class TokenEvidence:
    """Tells support by the mean of three measures, 0 to 1: tokens on the mean, the worst token, and words in common."""

    threshold = THRESHOLD

    def __init__(self, encoder: TokenEncoder) -> None:
        self.encoder = encoder
        self._memory: dict[str, EncodedText] = {}

    @property
    def name(self) -> str:
        """Returns what it compares."""
        return f"token evidence of {self.encoder.fingerprint.model}"

    def judge(self, claim: str, passages: Sequence[str]) -> list[PassageSupport]:
        """Returns how far each passage supports the claim, by the nearest sentence; facts tell what contradicts."""
        return [PassageSupport(one.support, 0.0, one.start, one.end) for one in self.measured(claim, passages)]

    def measured(self, claim: str, passages: Sequence[str]) -> list[SupportMeasures]:
        """Returns what is measured of a claim beside each passage."""
        if not passages:
            return []
        (claimed,) = encoded_texts(self.encoder, [claim])
        return [measured(claimed, passage) for passage in self._encoded(passages)]

    def _encoded(self, passages: Sequence[str]) -> list[EncodedText]:
        known = self._memory
        missing = [text for text in dict.fromkeys(passages) if text not in known]
        if missing:
            kept = known if len(known) + len(missing) <= KEPT else {}
            known = {**known, **dict(zip(missing, encoded_texts(self.encoder, missing), strict=True))}
            self._memory = {text: known[text] for text in (*kept, *missing)}  # a new one: threads read the old one
        return [known[text] for text in passages]
