"""Judgments of one's own collection: a query and the document, page or characters that answer it.

They name places in documents, not passages, so they outlive another chunking. One JSON object a line:

    {"query": "who approves travel?", "path": "policies/travel.pdf", "page": 3, "grade": 1}
    {"query": "who approves travel?", "document": "r17", "start": 120, "end": 180, "quote": "The director approves"}

`query_id` may name the query, `grade` is 1 if absent, and `quote` lets a span be found again when its text has moved.
"""

from __future__ import annotations

import codecs
import errno
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from passagework.retrieval.errors import ConfigError, EvaluationError
from passagework.retrieval.evaluation.benchmark import MOST_GRADE
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import JUDGMENTS, JUDGMENTS_LOCK
from passagework.retrieval.json_text import parse_json
from passagework.retrieval.text import storable
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class Judgment:
    """Says how well a place answers a query: grade 0 is not at all, higher is better; None takes an earlier one back.

    `document` is an `_id`, a URI, a path, or `path#record`. The place is a page (from 1), or `[start, end)` in code
    points of the document's text with `quote` being that text, or else the whole document. Raises ConfigError for
    anything else.
    """

    query: str
    document: str
    grade: int | None = 1
    page: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    query_id: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.query, str) and self.query.strip()):
            raise ConfigError("a judgment needs a query")
        if not (isinstance(self.document, str) and self.document):
            raise ConfigError("a judgment needs a document or a path")
        for name in ("grade", "page", "start", "end"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
                raise ConfigError(f"{name} is {value!r}: give a whole number")
        if self.page is not None and (self.page < 1 or self.start is not None):
            raise ConfigError("a judgment is of a page from 1, or of characters, not of both")
        if self.quote is not None and not (isinstance(self.quote, str) and self.quote and self.start is not None):
            raise ConfigError("a quote is text, and goes with start and end")
        if self.grade is not None and abs(self.grade) > MOST_GRADE:
            raise ConfigError(f"grade is {self.grade}: give at most {MOST_GRADE}")
        if (self.start is None) != (self.end is None):
            raise ConfigError("characters need both start and end")
        if self.start is not None and self.end is not None and not 0 <= self.start < self.end:
            raise ConfigError(f"characters {self.start} to {self.end} are none")

    @property
    def key(self) -> tuple[object, ...]:
        """Returns what is judged: a later judgment of the same takes its place."""
        return (self.query_id, self.query, self.document, self.page, self.start, self.end)

    def to_json(self) -> dict[str, Json]:
        """Returns one line of a file of judgments."""
        return {name: value for name, value in asdict(self).items() if value is not None or name == "grade"}


def read_judgments(path: str | Path) -> list[Judgment]:
    """Reads what holds of a file, in order of first appearance: the last word on every place, nothing taken back.

    Raises EvaluationError naming the line that is no judgment.
    """
    path = Path(path)
    latest: dict[object, Judgment] = {}
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        judgment = _judgment(parse_json(line))
                    except (ValueError, TypeError, ConfigError, RecursionError) as error:
                        raise EvaluationError(f"{path}, line {number}: no judgment: {error}") from error
                    latest[judgment.key] = judgment
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} can't be read: {error}") from error
    return [judgment for judgment in latest.values() if judgment.grade is not None]


def bad_lines(path: Path) -> dict[int, str]:
    """Returns the lines, from 1, that are no judgments, and why; raises EvaluationError for an unreadable file."""
    try:
        lines = _raw_lines(path)
    except OSError as error:
        raise EvaluationError(f"{path} can't be read: {error.strerror or error}") from error
    problems = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                _judgment(parse_json(line.decode("utf-8")))
            except (ValueError, TypeError, ConfigError, RecursionError) as error:
                problems[number] = str(error)
    return problems


def set_lines_aside(path: Path) -> int:
    """Moves lines that are no judgments behind those of `<path>.damaged`; returns how many. Raises EvaluationError."""
    try:
        with FileLock(path.with_name(JUDGMENTS_LOCK)):
            lines = _raw_lines(path)
            bad = bad_lines(path)
            out = b"".join(line + b"\n" for number, line in enumerate(lines, start=1) if number in bad)
            with path.with_name(f"{path.name}.damaged").open("ab") as aside:
                aside.write(out)
                aside.flush()
                os.fsync(aside.fileno())
            good = [line for number, line in enumerate(lines, start=1) if number not in bad and line.strip()]
            write_atomically(path, b"".join(line + b"\n" for line in good))
    except OSError as error:
        raise EvaluationError(f"{path} can't be written: {error.strerror or error}") from error
    return len(bad)


def _raw_lines(path: Path) -> list[bytes]:
    return path.read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")


def add_judgments(collection: str | Path, judgments: Sequence[Judgment]) -> None:
    """Writes judgments to a collection's own file, behind what is there; several processes may.

    Raises EvaluationError where it can't be written.
    """
    path = Path(collection) / JUDGMENTS
    lines = "".join(json.dumps(judgment.to_json(), ensure_ascii=False) + "\n" for judgment in judgments)
    try:
        append_lines(path, lines, lock=path.with_name(JUDGMENTS_LOCK))
    except OSError as error:
        raise EvaluationError(f"judgments can't be written to {path}: {error.strerror or error}") from error


def append_lines(path: Path, lines: str, *, lock: Path) -> None:
    """Writes lines behind what is there, all or none, whatever another process left half; raises OSError."""
    if not path.parent.is_dir():  # the lock would make it
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    with FileLock(lock), path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            lines = lines if file.read(1) == b"\n" else f"\n{lines}"
        try:
            data = lines.encode()
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise


def with_query_ids(judgments: Sequence[Judgment]) -> list[tuple[str, Judgment]]:
    """Returns each judgment with the id of its query: its own, else q1, q2 and on by text, never one that is taken."""
    used = {judgment.query_id for judgment in judgments}
    free = (name for number in itertools.count(1) if (name := f"q{number}") not in used)
    by_text: dict[str, str] = {}
    pairs = []
    for judgment in judgments:
        if judgment.query_id is None and judgment.query not in by_text:
            by_text[judgment.query] = next(free)
        pairs.append((by_text[judgment.query] if judgment.query_id is None else judgment.query_id, judgment))
    return pairs


def query_texts(judgments: Sequence[Judgment]) -> Mapping[str, str]:
    """Returns the ids of the queries with their texts, in order of first appearance."""
    names: dict[str, str] = {}
    for name, judgment in with_query_ids(judgments):
        names.setdefault(name, judgment.query)
    return names


def _judgment(record: object) -> Judgment:
    if not isinstance(record, dict):
        raise ConfigError("an object is expected")
    field_names = {"query", "document", "path", "grade", "page", "start", "end", "quote", "query_id"}
    if record.keys() - field_names:
        raise ConfigError(f"unknown field {min(record.keys() - field_names)!r}")
    fields: dict[str, Any] = {
        key: storable(value) if isinstance(value, str) else value for key, value in record.items()
    }
    query_id = fields.get("query_id")
    return Judgment(
        query=fields.get("query", ""),
        document=fields.get("document") or fields.get("path") or "",
        grade=fields.get("grade", 1),
        page=fields.get("page"),
        start=fields.get("start"),
        end=fields.get("end"),
        quote=fields.get("quote"),
        query_id=None if query_id is None else str(query_id),
    )
