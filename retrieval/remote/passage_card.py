"""What every engine keeps of a passage beside its vectors, and gives back with each that it finds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from passagework.retrieval.store.conditions import Column
from passagework.retrieval.store.metadata_fields import FieldType
from passagework.retrieval.store.rows import Location
from passagework.retrieval.types import Json

FieldRow = tuple[str, FieldType, "str | int | float | None"]
"""A scalar of a document's metadata: its dotted key, its type, and its value as the store has it."""


MAY_LACK = (Column.PAGES, Column.SURROUNDINGS)
"""The fields that are no metadata and that a passage, or its document, may be without."""


@dataclass(frozen=True, slots=True)
class PassageCard:
    """Tells where a passage stands and what filters ask of it. It is answered from moment `born` on, until `died`.

    `version` is that of its document (see `point_numbers`).
    """

    id: int
    version: int
    place: Location
    columns: Mapping[Column, str]
    fields: tuple[FieldRow, ...]
    pages: tuple[int, ...]
    instructs: bool
    born: int
    died: int | None = None

    def is_live(self, moment: int) -> bool:
        """Tells whether it is answered at a moment."""
        return self.born <= moment and (self.died is None or moment < self.died)

    def to_text(self) -> str:
        """Returns it as JSON, in which whole numbers stay whole, and infinity is a number."""
        place = self.place
        parts: list[Json] = [
            [place.document_id, place.path, place.start, place.position, place.uri],
            {column.value: value for column, value in self.columns.items()},
            [[key, kind.value, value] for key, kind, value in self.fields],
            list(self.pages),
            self.instructs,
            self.version,
        ]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, passage: int, text: str, *, born: int, died: int | None) -> PassageCard:
        """Returns the card that was written as `text`."""
        place, columns, fields, pages, instructs, version = json.loads(text)
        return cls(
            id=passage,
            version=version,
            place=Location(*place),
            columns={Column(name): value for name, value in columns.items()},
            fields=tuple((key, FieldType(kind), value) for key, kind, value in fields),
            pages=tuple(pages),
            instructs=instructs,
            born=born,
            died=died,
        )


def keys_above(key: str) -> Iterator[str]:
    """Yields the fields that exist where a document has this key: it, and each that it is nested in."""
    yield key
    for place, character in enumerate(key):
        if character == "." and place + 1 < len(key):  # as the store has it, nothing is nested under ""
            yield key[:place]
