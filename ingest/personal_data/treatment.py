"""Treats each document of an ingest as the collection's policy says, before anything of it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from passagework.ingest.loaders.base import RecordFailure
from passagework.ingest.personal_data.detector import Detector
from passagework.ingest.personal_data.masking import DocumentMask, masked_document
from passagework.ingest.personal_data.originals import OriginalsFile
from passagework.ingest.personal_data.policy import PiiMode, PiiPolicy
from passagework.ingest.report import Report
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document, Json

FIELD, COUNTS = "pii", "pii_counts"
"""Metadata of a document that holds personal data: the kinds, and how often each was found."""


@dataclass(frozen=True)
class Treatment:
    """Treats documents by a policy, None for one that leaves them as they are.

    `originals` is where the values behind placeholders are kept for their owner.
    """

    policy: PiiPolicy | None = None
    originals: OriginalsFile | None = None

    @classmethod
    def chosen(
        cls,
        mode: str | None,
        kinds: Sequence[str],
        names: str | None,
        originals: str | Path | None,
        collection: str | Path,
    ) -> Treatment:
        """Returns what was asked for, to be settled with what the collection has; raises as `PiiPolicy.chosen` does."""
        file = None if originals is None else OriginalsFile(Path(originals), Path(collection))
        return cls(PiiPolicy.chosen(mode, kinds, names), file)

    def by(self, policy: PiiPolicy | None) -> Treatment:
        """Returns the treatment by the collection's policy.

        Raises ConfigError where originals are to be kept and nothing is masked.
        """
        if self.originals is not None and (policy is None or policy.mode is not PiiMode.MASK):
            raise ConfigError("originals are kept of what is masked: say --pii mask of a new collection")
        return replace(self, policy=policy)

    @cached_property
    def _detector(self) -> Detector:
        assert self.policy is not None  # whoever asks has one
        return self.policy.detector()

    def of(self, document: Document, report: Report) -> Document | RecordFailure:
        """Returns the document as it is to be stored, or why it isn't; the report counts its personal data by kind."""
        if self.policy is None:
            return document
        found = self._detector.find(document.text)
        mask = DocumentMask(self._detector, document.text)
        masked = masked_document(document, mask, found)
        counts = Counter(finding.kind for finding in found)
        counts.update(dict.fromkeys(mask.kinds - counts.keys(), 1))  # what only a title or a field has
        report.pii = (report.pii or Counter()) + counts
        if not counts:
            return document
        match self.policy.mode:
            case PiiMode.REFUSE:
                told = ", ".join(f"{kind} {count:,}" for kind, count in counts.most_common())
                return RecordFailure(one_line(f"holds personal data: {told}"))
            case PiiMode.FLAG:
                return _flagged(document, counts)
            case PiiMode.MASK:
                return self._masked(document, masked, mask, counts)

    def _masked(
        self, document: Document, masked: Document, mask: DocumentMask, counts: Counter[str]
    ) -> Document | RecordFailure:
        if document.name is not None and mask.text(document.name, names=False) != document.name:
            return RecordFailure("its id holds personal data that is masked: give it another")
        if self.originals is not None:
            self.originals.keep(document, masked, mask.values)
        return _flagged(masked, counts)


UNTREATED = Treatment()
"""Leaves documents as they are."""


def _flagged(document: Document, counts: Counter[str]) -> Document:
    """Returns the document with its kinds as metadata, in place of fields of the same names, which a note tells."""
    told: dict[str, Json] = {FIELD: [*sorted(counts)], COUNTS: {**dict(sorted(counts.items()))}}
    replaced = [name for name in told if name in document.metadata]
    notes = [f"its own field {name!r} gave way to what was found of personal data" for name in replaced]
    return replace(document, metadata={**document.metadata, **told}, notes=[*document.notes, *notes])
