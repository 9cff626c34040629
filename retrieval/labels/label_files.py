"""Reads texts with their labels: JSONL, or CSV and TSV with a line of names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.json_text import parse_json

TEXT, LABELS = ("text", "query", "sentence"), ("label", "category", "intent")
"""What fields of a text and of its label may be called, the first that is there."""

DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Holds a text and its label."""

    text: str
    label: str


def read_labels(file: str | Path) -> list[LabelledText]:
    """Returns the texts of a file with their labels, in order.

    A line of JSONL is an object, one of CSV or TSV a row below the names: with a text (`text`, `query` or `sentence`)
    and a label (`label`, `category` or `intent`). Raises TrainingError naming the file and the line that can't be used.
    """
    file = Path(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            delimiter = DELIMITERS.get(file.suffix.lower())
            read = _json_lines(lines) if delimiter is None else _table_lines(lines, delimiter)
            found = [_labelled(fields, f"{file}, line {number}") for number, fields in read]
    except (OSError, UnicodeError, csv.Error) as error:
        reason = "it is no text in UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise TrainingError(f"{file} can't be read: {reason}") from error
    except ValueError as error:
        raise TrainingError(f"{file}, {error}") from error
    if not found:
        raise TrainingError(f"{file}: there is no labelled text in it")
    return found


def _json_lines(lines: Iterator[str] | Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                fields = parse_json(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {number}: not JSON: {error}") from error
            if not isinstance(fields, dict):
                raise ValueError(f"line {number}: no JSON object")
            yield number, fields


def _table_lines(lines: Iterator[str] | Any, delimiter: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(lines, delimiter=delimiter)
    for row in reader:
        yield reader.line_num, row


def _labelled(fields: Mapping[str, Any], where: str) -> LabelledText:
    text, label = _field(fields, TEXT, where), _field(fields, LABELS, where)
    if not isinstance(text, str) or not text.strip():
        raise TrainingError(f"{where}: the text is {'empty' if isinstance(text, str) else 'no text'}")
    if isinstance(label, bool) or not isinstance(label, str | int) or not str(label).strip():
        raise TrainingError(f"{where}: the label is no text or number")
    return LabelledText(text, str(label).strip())


def _field(fields: Mapping[str, Any], names: Sequence[str], where: str) -> object:
    for name in names:
        if name in fields:
            return fields[name]
    raise TrainingError(f"{where}: there is no field {' or '.join(names)}")
