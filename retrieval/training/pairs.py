"""Pairs of questions and the texts that answer them: read from JSONL, checked line by line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from passagework.retrieval.errors import TrainingError
from passagework.retrieval.json_text import RepeatedKeyError, parse_json
from passagework.retrieval.text import counted, storable

HELD_OUT_SHARE = 20
"""One source of so many is held out for evaluation during training."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Holds a query and a text that answers it: one line of a pairs file.

    `title` stands above the text, as titles and headings stand above a passage. `answers` are strings that only a
    passage which answers can hold. `negatives` are texts that don't answer, with their titles above them; where there
    are none, they are mined. `kind` names how the query was made, for reports; `hidden` are words of the positive that
    the query was made of, and which are taken out of it before training. Pairs of one `group` (default: of one title,
    else of one text) are all held out, or none is.
    """

    query: str
    positive: str
    title: str = ""
    answers: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    kind: str = "given"
    hidden: str = ""
    group: str = ""

    @property
    def text(self) -> str:
        """Returns the positive as a reranker reads it, below its title."""
        return f"{self.title}\n{self.positive}" if self.title else self.positive

    @property
    def document(self) -> str:
        """Returns an id of the positive, the same wherever the same text comes up under the same title."""
        return hashlib.sha1(f"{self.title}\0{self.positive}".encode(), usedforsecurity=False).hexdigest()[:20]

    @property
    def held_out(self) -> bool:
        """Tells whether it is for evaluation during training: all pairs of a group are, or none is."""
        source = hashlib.sha1((self.group or self.title or self.positive).encode(), usedforsecurity=False).digest()
        return int.from_bytes(source[:4], "big") % HELD_OUT_SHARE == 0

    def to_json(self) -> dict[str, object]:
        """Returns a line of a pairs file."""
        out: dict[str, object] = {"query": self.query, "positive": self.positive}
        out |= {"title": self.title} if self.title else {}
        out |= {name: list(texts) for name in ("answers", "negatives") if (texts := getattr(self, name))}
        return (
            out
            | ({"kind": self.kind} if self.kind != "given" else {})
            | ({"hidden": self.hidden} if self.hidden else {})
            | ({"group": self.group} if self.group else {})
        )


def read_pairs(paths: Sequence[str | Path]) -> list[Pair]:
    """Reads all pairs of some files, in order; the same pair twice is taken once.

    A line is `{"query": ..., "positive": ..., "title"?: ..., "answers"?: [...], "negatives"?: [...], "kind"?: ...,
    "hidden"?: ..., "group"?: ...}`; other fields are left alone. Raises TrainingError naming file and line of the first
    that can't be used.
    """
    pairs = list(dict.fromkeys(pair for path in paths for pair in _read(Path(path))))
    if not pairs:
        raise TrainingError(f"no pairs in {', '.join(str(path) for path in paths)}")
    return pairs


def write_pairs(pairs: Iterable[Pair], path: Path) -> None:
    """Writes a pairs file, whole or not at all; raises OSError where it can't be written."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(pair.to_json(), ensure_ascii=False) + "\n" for pair in pairs)
    partial.replace(path)


def digest_pairs(pairs: Sequence[Pair]) -> str:
    """Returns sha256 of the pairs in their order."""
    whole = hashlib.sha256()
    for pair in pairs:
        whole.update(json.dumps(pair.to_json(), sort_keys=True).encode())
    return whole.hexdigest()


def with_negatives(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns those that have negatives, without their hidden words; raises TrainingError where none has."""
    usable = [
        replace(pair, positive=without_words(pair.hidden, pair.positive), hidden="") for pair in pairs if pair.negatives
    ]
    if not usable:
        raise TrainingError(
            f"none of {counted(len(pairs), 'pair')} has negatives, and none could be mined: "
            "give more pairs, or a collection to mine in"
        )
    return usable


def without_words(hidden: str, text: str) -> str:
    """Returns the text without these words, unless nothing else is in it."""
    return (hidden and text.replace(hidden, " ").strip()) or text


def _read(path: Path) -> Iterator[Pair]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parsed(line, f"{path}:{number}")
    except OSError as error:
        raise TrainingError(f"pairs can't be read from {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _parsed(line: str, place: str) -> Pair:
    try:
        record = parse_json(line)
    except RepeatedKeyError as error:
        raise TrainingError(f"{place}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{place} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise TrainingError(f'{place} is no object such as {{"query": "...", "positive": "..."}}')
    query, positive = (_text(record, name, place) for name in ("query", "positive"))
    if not query or not positive:
        raise TrainingError(f"{place} has an empty {'query' if not query else 'positive'}")
    pair = Pair(query, positive, title=_text(record, "title", place, needed=False))
    answers, negatives = (_texts(record, name, place) for name in ("answers", "negatives"))
    if positive in negatives or pair.text in negatives:
        raise TrainingError(f"{place} has its positive among its negatives")
    kind, hidden, group = (_text(record, name, place, needed=False) for name in ("kind", "hidden", "group"))
    return replace(pair, answers=answers, negatives=negatives, kind=kind or "given", hidden=hidden, group=group)


def _text(record: dict[str, object], name: str, place: str, *, needed: bool = True) -> str:
    value = record.get(name, None if needed else "")
    if not isinstance(value, str):
        raise TrainingError(f"{place} has no {name}" if value is None else f"{place}: {name} is no text")
    return storable(value).strip()


def _texts(record: dict[str, object], name: str, place: str) -> tuple[str, ...]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TrainingError(f"{place}: {name} is no list of texts")
    texts = [storable(text).strip() for text in value]
    if "" in texts:
        raise TrainingError(f"{place} has an empty text among its {name}")
    return tuple(dict.fromkeys(texts))
