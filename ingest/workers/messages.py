"""Defines what parent and parser say to each other: one JSON object a line, both ways, UTF-8.

To the parser: first `{"loader", "memory_limit", "model_memory", "readable", "parent", "confine", "files"}`, then for
each file `{"path", "options", "given", "seconds"}`; where `given`, its open descriptor comes over the Unix socket whose
number was `files`.
From the parser: first `{"kind": "ready", "confined"}` or `{"kind": "unable", "reason"}`, then for each file any number
of

    {"kind": "text", "text"}       the next SEGMENT characters of a long text
    {"kind": "items", "items"}     documents and record failures; a document without text takes the segments before it

    {"kind": "part", "done", "total", "part"}    so many pages or minutes have been read: it takes long, and goes on

and at its end `{"kind": "done"}` or `{"kind": "error", "reason", "spent", "no_text"}`; a spent parser wants to be
replaced.
JSON, because a parser that a hostile document has taken over must not run code in the parent: nothing here is
believed before it was checked.
"""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from passagework.ingest.loaders.base import LoadOptions, OcrMode, RecordFailure
from passagework.retrieval.text import one_line
from passagework.retrieval.types import (
    LONGEST_OCR_SPAN,
    Document,
    Heading,
    Hidden,
    HiddenReason,
    Json,
    Masked,
    OcrSpan,
    Page,
    PlaceUnit,
    SourcePlace,
    Table,
)

SEGMENT = 1 << 20
"""Characters of text in one message: neither side holds a second whole copy of a 200 MB text as JSON."""
MESSAGE_LIMIT = 32 << 20
"""The longest message in bytes. Only metadata, pages and headings can come near it, for texts go in segments."""

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

T = TypeVar("T")


def to_json(value: object) -> bytes:
    r"""Returns `value` as JSON.

    Lone surrogates survive, and two of them in a row stay two (as `\u` escapes they'd fuse).
    """
    return _JSON.encode(value).encode("utf-8", "surrogatepass")


def from_json(line: bytes) -> dict[str, Any]:
    """Returns the object in one line; raises ValueError where it is none, RecursionError where it nests too deep."""
    return _checked(json.loads(line.decode("utf-8", "surrogatepass")), dict)


def request_to_json(path: Path, options: LoadOptions) -> dict[str, Json]:
    """Returns a request; its path is absolute, for either side may change folders, and its bytes travel as Latin-1."""
    return {"path": os.fsencode(path.absolute()).decode("latin-1"), "options": asdict(options)}


def request_from_json(message: Mapping[str, Any]) -> tuple[Path, LoadOptions]:
    """Returns the path, byte for byte, and the options of a request."""
    options = message["options"]
    path = Path(os.fsdecode(message["path"].encode("latin-1")))
    return path, LoadOptions(**{**options, "ocr": OcrMode(options["ocr"])})


def item_to_json(item: Document | RecordFailure, *, with_text: bool = True) -> dict[str, object]:
    """Returns a document or a failure, without the fields at their defaults, for most records have few."""
    if isinstance(item, RecordFailure):
        return {"failure": item.reason}
    if not isinstance(item, Document):
        raise TypeError(f"a loader yielded {type(item).__name__}, not a Document or a RecordFailure")
    fields: dict[str, object] = {
        "text": item.text if with_text else None,
        "media_type": item.media_type,
        "title": item.title,
        "uri": item.uri,
        "path": item.path,
        "metadata": dict(item.metadata),
        "pages": [(page.number, page.label, page.start, page.end) for page in item.pages],
        "headings": [(heading.level, heading.title, heading.start, heading.end) for heading in item.headings],
        "notes": list(item.notes),
        "hidden": [(span.reason.value, span.start, span.end) for span in item.hidden],
        "tables": [(table.columns, table.start, table.end) for table in item.tables],
        "places": [(place.unit.value, place.first, place.last, place.start, place.end) for place in item.places],
        "ocr": [(span.start, span.end, span.confidence, *(span.box or ())) for span in item.ocr],
        "masked": [(m.kind, m.start, m.end, m.original_start, m.original_end) for m in item.masked],
        "surroundings": item.surroundings,
    }
    fields = {key: value for key, value in fields.items() if value}
    return fields if item.name is None else {**fields, "name": item.name}


def items_from_json(values: Sequence[object], long_text: str) -> deque[Document | RecordFailure]:
    """Returns the documents and failures, every field checked; `long_text` is the text of a document that carries none.

    Raises ValueError for anything that `item_to_json` can't have made, such as a page beyond the text's end.
    """
    return deque(_item(_checked(value, dict), long_text) for value in values)


def _item(fields: dict[str, Any], long_text: str) -> Document | RecordFailure:
    if "failure" in fields:
        return RecordFailure(one_line(_checked(fields["failure"], str)))
    text = _checked(fields.get("text", long_text), str)
    name = fields.get("name")
    return Document(
        text=text,
        media_type=_checked(fields.get("media_type", ""), str),
        title=_checked(fields.get("title", ""), str),
        name=None if name is None else _checked(name, str),
        uri=_checked(fields.get("uri", ""), str),
        path=_checked(fields.get("path", ""), str),
        metadata=_checked(fields.get("metadata", {}), dict),
        pages=tuple(Page(*_place(place, len(text))) for place in _checked(fields.get("pages", []), list)),
        headings=tuple(Heading(*_place(place, len(text))) for place in _checked(fields.get("headings", []), list)),
        notes=tuple(_checked(note, str) for note in _checked(fields.get("notes", []), list)),
        hidden=tuple(_hidden(span, len(text)) for span in _checked(fields.get("hidden", []), list)),
        tables=tuple(_table(table, len(text)) for table in _checked(fields.get("tables", []), list)),
        places=tuple(_source_place(place, len(text)) for place in _checked(fields.get("places", []), list)),
        ocr=tuple(_ocr_span(span, len(text)) for span in _checked(fields.get("ocr", []), list)),
        masked=tuple(_masked(span, len(text)) for span in _checked(fields.get("masked", []), list)),
        surroundings=_checked(fields.get("surroundings", ""), str),
    )


def _hidden(value: object, length: int) -> Hidden:
    match value:
        case [str(reason), int(start), int(end)] if 0 <= start < end <= length:
            return Hidden(start, end, HiddenReason(reason))  # ValueError for another reason
    raise ValueError(f"hidden text that is none, of a text of {length} characters")


def _table(value: object, length: int) -> Table:
    match value:
        case [str(columns), int(start), int(end)] if 0 <= start <= end <= length:
            return Table(start, end, columns)
    raise ValueError(f"a table that is none, of a text of {length} characters")


def _source_place(value: object, length: int) -> SourcePlace:
    match value:
        case [str(unit), int() | float() as first, int() | float() as last, int(start), int(end)] if (
            0 <= first <= last < math.inf and 0 <= start <= end <= length
        ):
            return SourcePlace(PlaceUnit(unit), first, last, start, end)
    raise ValueError(f"a place in the source that is none, of a text of {length} characters")


def _ocr_span(value: object, length: int) -> OcrSpan:
    match value:
        case [int(start), int(end), int() | float() as confidence, *rest] if (
            0 <= start < end <= min(length, start + LONGEST_OCR_SPAN) and 0 <= confidence <= 1
        ):
            box = [float(share) for share in rest if isinstance(share, int | float) and 0 <= share <= 1]
            if len(box) == len(rest) in (0, 4):
                return OcrSpan(start, end, confidence, (box[0], box[1], box[2], box[3]) if box else None)
    raise ValueError(f"a span of OCR that is none, of a text of {length} characters")


def _masked(value: object, length: int) -> Masked:
    match value:
        case [str(kind), int(start), int(end), int(first), int(last)] if (
            0 <= start < end <= length and 0 <= first < last
        ):
            return Masked(start, end, kind, first, last)
    raise ValueError(f"a placeholder that is none, of a text of {length} characters")


def _place(value: object, length: int) -> tuple[int, str, int, int]:
    """Returns the number or level of a page or heading, its label or title, and its offsets in a text of `length`."""
    match value:
        case [int(number), str(label), int(start), int(end)] if 0 <= start <= end <= length:
            return number, label, start, end
    raise ValueError(f"a page or heading at {_shown(value)} of a text of {length} characters")


def _shown(value: object) -> str:
    places: Sequence[object] = value[2:4] if isinstance(value, list) else [value]
    return one_line("-".join(map(str, places)), limit=60)


def _checked(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise ValueError(f"{type(value).__name__} in place of {kind.__name__}")
    return value
