"""JSON and JSON Lines: one document a record. JSON Lines stream; no more than a line is held."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import Decoded, Encoding, detect_file, encoding_metadata, open_text, read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.records.envelope import enveloped
from passagework.ingest.loaders.records.record import Records
from passagework.ingest.loaders.records.wrapped import unwrapped
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document

PATIENCE = 1000
"""Lines without one valid record among them, after which a file is no JSON Lines."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"\w")
_ESCAPED = re.compile("[\udc80-\udcff]")


def _float(source: str) -> float | None:
    value = float(source)
    return value if math.isfinite(value) else None


def _int(source: str) -> int | str:
    # Python refuses to convert thousands of digits; as text they are exact, and quick.
    return int(source) if len(source) <= 20 else source


def _nothing(source: str) -> None:  # noqa: ARG001 - NaN and the infinities, which no database compares
    return None


class _Decoder(json.JSONDecoder):
    """Decodes the records of one file. Of a key that comes twice the last value counts, as it does for most parsers."""

    def __init__(self) -> None:
        # strict=False: raw line ends and tabs inside strings are a common fault, and harmless.
        super().__init__(
            parse_float=_float,
            parse_int=_int,
            parse_constant=_nothing,
            object_pairs_hook=self._object,
            strict=False,
        )
        self._repeated: list[str] = []

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        mapping = dict(pairs)
        if len(mapping) < len(pairs):
            names = Counter(name for name, _ in pairs)
            self._repeated += [name for name, count in names.items() if count > 1]
        return mapping

    def repeats(self, place: str) -> str:
        """A note on the keys that came twice since this was last asked for; "" where none did."""
        names, self._repeated = self._repeated, []
        shown = one_line(", ".join(map(repr, names)), limit=120)
        return f"{place}: of {shown}, there more than once, the last value counts" if names else ""


def load_jsonl(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document a line; a bad line is a RecordFailure that names it.

    Raises IngestError where no line is a valid record, naming the first.
    """
    encoding = detect_file(path)
    records = Records(media_type=Format.JSONL.value, unit="line", encoding=encoding_metadata(encoding.name))
    waiting: list[RecordFailure] = []
    found = False
    decoder = _Decoder()
    for number, line in _numbered(path, encoding):
        record, note = _parse(number, line, decoder)
        if isinstance(record, RecordFailure):
            waiting.append(record)
        else:
            found = True
        if found:
            yield from waiting
            waiting = []
        if not isinstance(record, RecordFailure):
            yield records.read(unwrapped(record), number, note=note)
        if len(waiting) >= PATIENCE:
            break
    if waiting:
        more = f" (and {len(waiting) - 1} more lines like it)" if len(waiting) > 1 else ""
        raise IngestError(f"no valid record: {waiting[0].reason}{more}")
    if not found:
        raise NoTextError("no text")


def _numbered(path: Path, encoding: Encoding) -> Generator[tuple[int, str], None, None]:
    """The lines that aren't blank, with their numbers from 1. Split at LF alone: strings may hold U+2028."""
    errors = "surrogateescape" if encoding.name == "utf-8" else "replace"
    with open_text(path, encoding, newline="\n", errors=errors) as lines:
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                yield number, line.rstrip("\r\n")


def _parse(number: int, line: str, decoder: _Decoder) -> tuple[dict[str, object] | RecordFailure, str]:
    """The line's object, or why there is none; and a note about bytes that had to be replaced, or keys there twice."""
    note = ""
    if _ESCAPED.search(line):
        note = f"line {number}: bytes that are not valid UTF-8 became U+FFFD"
        line = _ESCAPED.sub("\ufffd", line)
    try:
        record = decoder.decode(line)
    except json.JSONDecodeError as error:
        return RecordFailure(f"line {number}: not valid JSON ({error.msg} at column {error.colno})"), note
    except RecursionError:
        return RecordFailure(f"line {number}: nested too deeply"), note
    if not isinstance(record, dict):
        return RecordFailure(f"line {number}: a record is an object, and this is {_kind(record)}"), note
    return record, _joined(note, decoder.repeats(f"line {number}"))


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def load_json(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """A list of objects, or one object around it: one document each. One object: one document. Other JSON: its source.

    A file of JSON Lines is read as such. Raises IngestError for what isn't JSON, saying where it stops being so.
    """
    if _is_lines(path):
        yield from load_jsonl(path, options)
        return
    decoded = read_text(path)
    start = _skip(decoded.text, 0)
    if decoded.text[start] == "[":
        yield from _read_list(decoded, start)
        return
    decoder = _Decoder()
    value, end = _raw(decoded.text, start, decoder)
    _nothing_more(decoded.text, end)
    if isinstance(value, dict) and (found := enveloped(value)) is not None:
        yield from _read_enveloped(decoded, *found, decoder.repeats("the file"))
    elif isinstance(value, dict) and value:
        records = Records(media_type=Format.JSON.value, unit="record", encoding=decoded.metadata)
        outcome = records.read(value, 1, note=decoder.repeats("record 1"))
        if isinstance(outcome, RecordFailure):
            raise IngestError(outcome.reason)
        named = outcome.name if "_id" in value or "id" in value else None
        yield replace(outcome, name=named, notes=(*outcome.notes, *decoded.notes))
    else:
        yield _source(decoded)


def _read_list(decoded: Decoded, start: int) -> Iterator[Document | RecordFailure]:
    # Once through for its shape and its faults, then again for the records: no list of all of them is ever held.
    shapes = {type(value) for value in _elements(decoded.text, start, _Decoder())}
    if shapes != {dict}:
        yield _source(decoded)
        return
    records = Records(media_type=Format.JSON.value, unit="record", encoding=decoded.metadata)
    note = "; ".join(decoded.notes)
    decoder = _Decoder()
    for number, record in enumerate(_elements(decoded.text, start, decoder), 1):
        if isinstance(record, dict):
            yield records.read(unwrapped(record), number, note=_joined(note, decoder.repeats(f"record {number}")))
            note = ""


def _read_enveloped(
    decoded: Decoded, found: list[dict[str, object]], *notes: str
) -> Iterator[Document | RecordFailure]:
    records = Records(media_type=Format.JSON.value, unit="record", encoding=decoded.metadata)
    note = _joined(*decoded.notes, *notes)
    for number, record in enumerate(found, 1):
        yield records.read(unwrapped(record), number, note=note)
        note = ""


def _elements(text: str, start: int, decoder: _Decoder) -> Iterator[object]:
    """The elements of the list that begins at `start`, one at a time."""
    position = _skip(text, start + 1)
    if text.startswith("]", position):
        _nothing_more(text, position + 1)
        return
    while True:
        value, position = _raw(text, position, decoder)
        yield value
        position = _skip(text, position)
        if text.startswith("]", position):
            _nothing_more(text, position + 1)
            return
        if not text.startswith(",", position):
            raise _invalid("Expecting ',' delimiter", text, position)
        position = _skip(text, position + 1)


def _raw(text: str, position: int, decoder: _Decoder) -> tuple[object, int]:
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _invalid(error.msg, text, error.pos) from error
    except RecursionError as error:
        raise IngestError("JSON nested too deeply to be read") from error


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _nothing_more(text: str, position: int) -> None:
    end = _skip(text, position)
    if end != len(text):
        raise _invalid("Extra data", text, end)


def _invalid(message: str, text: str, position: int) -> IngestError:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return IngestError(f"not valid JSON ({message} at line {line}, column {column})")


def _source(decoded: Decoded) -> Document:
    if not _WORD.search(decoded.text):
        raise NoTextError("no text")
    return Document(
        text=decoded.text,
        media_type=Format.JSON.value,
        metadata=decoded.metadata,
        notes=decoded.notes,
    )


def _is_lines(path: Path) -> bool:
    """Whether two of the first lines are objects of their own: JSON Lines under the name of JSON."""
    with closing(_numbered(path, detect_file(path))) as lines:
        return sum(_is_object(line) for _, line in islice(lines, 20)) > 1


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(_Decoder().decode(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False
