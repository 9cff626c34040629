"""Finds all personal data in a text: asks every recogniser, and keeps the surest of what overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from passagework.ingest.personal_data.access_keys import SHAPES, access_keys_in
from passagework.ingest.personal_data.bank_numbers import bank_numbers_in
from passagework.ingest.personal_data.contact_data import contact_data_in
from passagework.ingest.personal_data.findings import CERTAIN_ENOUGH, PersonalData, without_overlaps
from passagework.ingest.personal_data.identity_numbers import IDENTIFIERS, identifiers_in
from passagework.ingest.personal_data.proper_names import ProperNames
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.extras import require

PERSONAL_DATA_KINDS = tuple(
    dict.fromkeys(
        (
            *("email", "phone", "ip_address", "card", "iban"),
            *(identifier.kind for identifier in IDENTIFIERS),
            *(shape.kind for shape in SHAPES),
            *("name", "place", "organisation"),
        )
    )
)
"""All kinds that can be found; the last three where a model for names is named."""

PIECE = 50_000
"""Characters looked at at once: a book is taken piece by piece, cut where a line or at least a word ends."""

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds personal data of some kinds; names are among them where there is a model that finds them."""

    names: ProperNames | None = None
    kinds: frozenset[str] = frozenset(PERSONAL_DATA_KINDS)

    @classmethod
    def of(cls, *, names: str | None = None, kinds: Sequence[str] = ()) -> Detector:
        """Returns a detector of these kinds, of all where none is named; `names` is a spaCy model for names.

        Raises ConfigError for a kind that isn't there or that needs a model, and without the extra `pii`;
        ModelUnavailableError where there is no such model.
        """
        require("pii")
        unknown = next((kind for kind in kinds if kind not in PERSONAL_DATA_KINDS), None)
        if unknown is not None:
            raise ConfigError(f"{unknown!r} is no kind of personal data: give any of {', '.join(PERSONAL_DATA_KINDS)}")
        if names is None and (needy := {"name", "place", "organisation"} & set(kinds)):
            raise ConfigError(
                f"{min(needy)!r} is found by a model: name a spaCy model for names, such as en_core_web_sm"
            )
        return cls(
            None if names is None else ProperNames.load(names), frozenset(kinds) or frozenset(PERSONAL_DATA_KINDS)
        )

    def find(self, text: str) -> list[PersonalData]:
        """Returns what is found in a text, in order; no two overlap, and each is sure enough (CERTAIN_ENOUGH)."""
        return [
            replace(finding, start=finding.start + start, end=finding.end + start)
            for start, piece in _pieces(text)
            for finding in self._in_piece(piece)
        ]

    def _in_piece(self, text: str) -> list[PersonalData]:
        # Of two that are as sure, the first is kept: check digits tell more than the form of a telephone number.
        found = [*bank_numbers_in(text), *identifiers_in(text)] if _DIGIT.search(text) else []
        found += [*access_keys_in(text), *contact_data_in(text)]
        if self.names is not None:
            found += self.names.find(text)
        return without_overlaps(
            finding for finding in found if finding.confidence >= CERTAIN_ENOUGH and finding.kind in self.kinds
        )


def find_personal_data(text: str, *, names: str | None = None, kinds: Sequence[str] = ()) -> list[PersonalData]:
    """Returns the personal data in a text, in order, without overlaps.

    `names` is a spaCy model that finds names of people, places and organisations: a folder, or an installed package.
    `kinds` limits what is looked for. Raises as `Detector.of` does.
    """
    return Detector.of(names=names, kinds=kinds).find(text)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yields the text in pieces behind the places where they start."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        cut = max(text.rfind("\n\n", start + PIECE // 2, end), text.rfind("\n", end - PIECE // 10, end))
        cut = cut if cut > start else text.rfind(" ", start + 1, end)
        end = end if cut <= start else cut + 1
        yield start, text[start:end]
        start = end
    yield start, text[start:]
