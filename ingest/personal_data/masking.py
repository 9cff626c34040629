"""Puts placeholders such as `[EMAIL_1]` in the place of personal data: in a document's text, and in all beside it.

A value has the same placeholder wherever it stands in a document, so that what is said of it stays true.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from passagework.ingest.personal_data.detector import Detector
from passagework.ingest.personal_data.findings import PersonalData, without_overlaps
from passagework.ingest.personal_data.offset_map import moved_structure
from passagework.retrieval.types import Document, Json, Masked

_SEPARATORS = re.compile(r"[\s./()-]")
_AS_WRITTEN = frozenset({"email", "ip_address", "name", "place", "organisation", "password"})
"""Kinds whose values differ where their separators do: `a.b@c.org` isn't `ab@c.org`."""

AGAIN = 0.0
"""The confidence of a value that was found elsewhere, behind all that is found itself: `Ann` within an address."""


@dataclass(slots=True)
class DocumentMask:
    """Holds the placeholders of one document: `values` are the values as written, by their placeholders.

    A number that is written with separators and without them is one value. `reserved` is the text of the document,
    whose own words are no placeholders.
    """

    detector: Detector
    reserved: str
    values: dict[str, str] = field(default_factory=dict)
    _placeholders: dict[tuple[str, str], str] = field(default_factory=dict)
    _written: dict[str, str] = field(default_factory=dict)
    _numbers: Counter[str] = field(default_factory=Counter)

    @property
    def kinds(self) -> set[str]:
        """Returns the kinds of the values that have placeholders."""
        return {kind for kind, _ in self._placeholders}

    def placeholder(self, kind: str, value: str) -> str:
        """Returns the placeholder of a value, the next one of its kind where it has none yet."""
        key = kind, (" ".join(value.split()) if kind in _AS_WRITTEN else _SEPARATORS.sub("", value)).casefold()
        if key not in self._placeholders:
            self._placeholders[key] = self._next(kind)
            self.values[self._placeholders[key]] = value
        self._written[value] = kind
        return self._placeholders[key]

    def _next(self, kind: str) -> str:
        while True:
            self._numbers[kind] += 1
            placeholder = f"[{kind.upper()}_{self._numbers[kind]}]"
            if placeholder not in self.reserved:
                return placeholder

    def take(self, text: str, found: list[PersonalData]) -> None:
        """Gives what was found in a text its placeholders."""
        for finding in found:
            self.placeholder(finding.kind, text[finding.start : finding.end])

    def spans(self, text: str, found: list[PersonalData]) -> list[PersonalData]:
        """Returns what is to be replaced in a text: what was found, and every value known, wherever it stands."""
        self.take(text, found)
        again = (
            PersonalData(kind, match.start(), match.end(), AGAIN)
            for value, kind in self._written.items()
            if value in text
            for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text)
        )
        return without_overlaps([*found, *again])

    def text(self, text: str, *, names: bool = True) -> str:
        """Returns a text that stands beside the document's, with placeholders: a title, a field, a note.

        Without `names` no model looks for them: it would take a word alone for one.
        """
        detector = self.detector if names else replace(self.detector, names=None)
        spans = self.spans(text, detector.find(text))
        parts, at = [], 0
        for span in spans:
            parts += [text[at : span.start], self.placeholder(span.kind, text[span.start : span.end])]
            at = span.end
        return "".join([*parts, text[at:]])

    def json(self, value: Json) -> Json:
        """Returns a value of metadata with placeholders in its texts, and in texts that are a number's digits."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name, names=False): self.json(item) for name, item in value.items()}
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            masked = self.text(written, names=False)
            return value if masked == written else masked
        return value


def masked_document(document: Document, mask: DocumentMask, found: list[PersonalData]) -> Document:
    """Returns a document with placeholders in its text for what was found there, and in all that is stored beside it.

    Its `masked` tells where the values stood in the text as it was read.
    """
    mask.take(document.text, found)
    title, notes = mask.text(document.title), [mask.text(note) for note in document.notes]
    metadata = {mask.text(name, names=False): mask.json(value) for name, value in document.metadata.items()}
    text, masked = _replaced(document.text, mask, mask.spans(document.text, found))
    moved = moved_structure(document, text, masked) if masked else document
    return replace(
        moved,
        title=title,
        metadata=metadata,
        notes=notes,
        headings=[replace(heading, title=mask.text(heading.title)) for heading in moved.headings],
        tables=[replace(table, columns=mask.text(table.columns)) for table in moved.tables],
        pages=[replace(page, label=mask.text(page.label)) for page in moved.pages],
    )


def _replaced(text: str, mask: DocumentMask, spans: list[PersonalData]) -> tuple[str, list[Masked]]:
    masked: list[Masked] = []
    parts: list[str] = []
    at = length = 0
    for span in spans:
        placeholder = mask.placeholder(span.kind, text[span.start : span.end])
        start = length + span.start - at
        masked.append(Masked(start, start + len(placeholder), span.kind, span.start, span.end))
        parts += [text[at : span.start], placeholder]
        length, at = start + len(placeholder), span.end
    return "".join([*parts, text[at:]]), masked
