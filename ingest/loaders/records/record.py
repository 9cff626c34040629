"""One record (a line of JSONL, a row of CSV, an object of JSON) to one document.

The field names are those of BEIR corpora: `_id`, `title`, `text`, `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from passagework.ingest.loaders.base import RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.metadata import NotPlainError, digits, plain
from passagework.ingest.loaders.parts import Part, joined
from passagework.ingest.loaders.records.field_text import field_part, is_html
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document, Json

TEXT_FIELDS = ("text", "content", "body")
_NAMING = frozenset({"_id", "id", "title", "metadata"})
_ID_SHOWN = 60


@dataclass(slots=True)
class Records:
    """The records of one file: gives each its name and its document, and knows the names already given.

    `unit` is what the report calls a record's place: line, row or record.
    """

    media_type: str
    unit: str
    encoding: Mapping[str, Json] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    def read(
        self, record: Mapping[str, object], number: int, *, values: Mapping[str, Json] | None = None, note: str = ""
    ) -> Document | RecordFailure:
        """The record as a document, or why it can't be one.

        `number` is its place, from 1, and its address in the file, `#line=3`, where it has no id. `values` are the
        fields as metadata should hold them, where that differs from how the text should show them.
        """
        place = f"{self.unit} {number}"
        try:
            return self._read(record, number, values if values is not None else record, note)
        except RecursionError:
            return RecordFailure(f"{place}: nested too deeply")

    def _read(
        self, record: Mapping[str, object], number: int, values: Mapping[str, object], note: str
    ) -> Document | RecordFailure:
        place = f"{self.unit} {number}"
        id_field = next((key for key in ("_id", "id") if _is_id(record.get(key))), None)
        name = _scalar(record[id_field]).strip() if id_field else None
        shown = one_line(name or str(number), limit=_ID_SHOWN)
        text_field = next((key for key in TEXT_FIELDS if not _blank(record.get(key))), None)
        title = " ".join(_part(record.get("title")).text.split())
        if text_field:
            body = _part(record[text_field])
        elif any(key in record for key in TEXT_FIELDS) or (title and set(record) <= _NAMING):
            body = Part(title)
        else:
            body = joined(_lines("", {key: item for key, item in record.items() if key != id_field}), "\n")
        if _blank(body.text):
            return RecordFailure(f"{place}: record '{shown}' has no text" if name else f"{place}: no text")
        first = number if name is None else self._places.setdefault(name, number)
        if first != number:
            return RecordFailure(f"{place}: duplicate _id '{shown}', first seen on {self.unit} {first}")
        empty = {key for key in TEXT_FIELDS if _blank(record.get(key))}  # of a record that is all title
        kept = {key: item for key, item in values.items() if key not in {id_field, text_field, "title", *empty}}
        metadata, notes = _metadata(kept, place)
        return Document(
            text=body.text,
            media_type=self.media_type,
            title=title,
            name=name,
            uri="" if name else f"#{self.unit}={number}",  # an id can't look like this: its "=" is escaped
            metadata={**metadata, **self.encoding},
            headings=body.headings,
            hidden=body.hidden,
            tables=body.tables,
            notes=(*notes, note) if note else notes,
        )


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and not _blank(value)


def _blank(value: object) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and (not value or value.isspace()))


def _part(value: object) -> Part:
    """A field's value as text: lists by line, objects as `key: value` lines, HTML as it is read."""
    if value is None:
        return Part("")
    if isinstance(value, str):
        return field_part(value)
    if isinstance(value, list):
        return joined((_part(item) for item in value), "\n")
    if isinstance(value, dict):
        return joined(_lines("", value), "\n")
    return Part(_scalar(value))


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return digits(value)
    return clean(str(value))


def _lines(prefix: str, value: object) -> Iterator[Part]:
    """`key: value` lines; what is nested by dotted keys, lists of plain values on one line, nothing for nulls."""
    if _blank(value):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = clean(str(key))
            yield from _lines(f"{prefix}.{name}" if prefix else name, item)
    elif isinstance(value, list):
        if any(isinstance(item, (dict, list)) or (isinstance(item, str) and is_html(item)) for item in value):
            for number, item in enumerate(value, 1):
                yield from _lines(f"{prefix}.{number}", item)
        else:
            yield Part(f"{prefix}: " + without_data_uris(", ".join(_scalar(v) for v in value if not _blank(v))))
    else:
        part = _part(value).shifted(len(prefix) + 2)
        yield Part(f"{prefix}: {part.text}", part.headings, part.hidden, part.tables)


def _metadata(fields: Mapping[str, object], place: str) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The fields as JSON, a BEIR `metadata` object among them merged flat; fields too large are named in a note."""
    nested = fields.get("metadata")
    flat = {key: item for key, item in fields.items() if key != "metadata" or not isinstance(nested, dict)}
    if isinstance(nested, dict):
        flat = {**nested, **flat}
    metadata: dict[str, Json] = {}
    notes = []
    for key, item in flat.items():
        name = clean(str(key))
        try:
            metadata[name] = plain(item)
        except NotPlainError as error:
            notes.append(f"{place}: field '{one_line(name, limit=_ID_SHOWN)}' is not in the metadata: {error}")
    return metadata, tuple(notes)
