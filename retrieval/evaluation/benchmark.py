"""Reads judged queries line by line, from BEIR folders and TREC files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.json_text import RepeatedKeyError, parse_json
from passagework.retrieval.text import storable

Qrels: TypeAlias = Mapping[str, Mapping[str, int]]
"""Query -> document -> grade; 0 and less is not relevant."""

Parsed = TypeVar("Parsed")

MOST_GRADE = 1000
"""trec_eval makes a table as long as the highest grade."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Holds judged queries by id, in order of their file, and grades by query and document.

    Every query of `queries` has a row in `qrels`. `notes` are lines about what was left out.
    """

    name: str
    queries: Mapping[str, str]
    qrels: Qrels
    notes: tuple[str, ...] = ()

    def limited(self, queries: int | None) -> Benchmark:
        """Returns at most so many of the queries, evenly spaced: neighbours in a file are often about one document."""
        return self.only(evenly_spaced(list(self.queries), queries))

    def only(self, names: Sequence[str]) -> Benchmark:
        """Returns the queries named, in that order; raises KeyError for one that is not there."""
        return replace(
            self,
            queries={name: self.queries[name] for name in names},
            qrels={name: self.qrels[name] for name in names},
        )


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of records, and its digest."""

    path: Path
    sha256: str


def evenly_spaced(names: Sequence[str], limit: int | None) -> Sequence[str]:
    """Returns at most `limit` of them, evenly spaced from the first."""
    if limit is None or limit >= len(names):
        return names
    return [names[position * len(names) // limit] for position in range(limit)]


def load_beir(folder: str | Path, *, split: str = "test") -> Benchmark:
    """Reads a folder in BEIR layout: `queries.jsonl` and `qrels/<split>.tsv`; leaves out queries without judgments.

    Source: Thakur et al. 2021, BEIR. Raises EvaluationError naming the file and line that can't be read.
    """
    folder = Path(folder)
    path = folder / "qrels" / f"{split}.tsv"
    if not path.is_file():
        splits = sorted(file.stem for file in (folder / "qrels").glob("*.tsv"))
        available = f"its splits are {', '.join(splits)}" if splits else "it has no qrels/*.tsv"
        raise EvaluationError(f"{folder} has no judgments for split {split!r}: {available}")
    return benchmark(folder.resolve().name, _beir_queries(folder / "queries.jsonl"), read_qrels(path))


def load_trec(topics: str | Path, qrels: str | Path) -> Benchmark:
    """Reads TREC judgments with topics as `id<TAB>text` lines or as `<top>` blocks, whose title is the query.

    Raises EvaluationError naming the file and line that can't be read.
    """
    return benchmark(Path(topics).stem, read_topics(topics), read_qrels(qrels))


def benchmark(name: str, queries: Iterator[tuple[str, str]], qrels: Qrels) -> Benchmark:
    """Returns the queries that have judgments; raises EvaluationError where there are none."""
    judged = {query: text for query, text in queries if query in qrels}
    if not judged:
        raise EvaluationError(f"{name}: no query has judgments")
    absent = len(qrels) - len(judged)
    notes = (f"{absent} judged queries have no text and were left out",) if absent else ()
    return Benchmark(name, judged, {query: qrels[query] for query in judged}, notes)


def scan_corpus(path: str | Path) -> Corpus:
    """Reads a corpus once, a line at a time; raises EvaluationError where it can't be read, or holds nothing."""
    digest = hashlib.sha256()
    blank = True
    for _, line in _raw_lines(Path(path)):
        digest.update(line)
        blank = blank and not line.strip()
    if blank:
        raise EvaluationError(f"{path} holds no documents")
    return Corpus(Path(path), digest.hexdigest())


def corpus_texts(path: str | Path, names: set[str]) -> dict[str, tuple[str, str]]:
    """Returns the title and text of the records named, by `_id`."""
    texts = {}
    for number, line in _raw_lines(Path(path)):
        if line.strip():
            record = _record(Path(path), number, line, "_id")
            if record["_id"] in names:
                texts[record["_id"]] = (str(record.get("title") or ""), str(record.get("text") or ""))
    return texts


def read_qrels(path: str | Path) -> dict[str, dict[str, int]]:
    """Reads judgments as BEIR's `query<TAB>document<TAB>grade`, with or without a header, or TREC's four columns.

    Raises EvaluationError naming the file and line that can't be read.
    """
    qrels: dict[str, dict[str, int]] = {}

    def judgment(line: str) -> tuple[str, str, int]:
        fields = line.split("\t") if line.count("\t") >= 2 else line.split()
        query, document, grade = (fields[0], fields[-2], fields[-1]) if len(fields) in (3, 4) else ("", "", "")
        if float(grade) != round(float(grade)) or abs(float(grade)) > MOST_GRADE:
            raise ValueError(grade)
        return query, document, round(float(grade))

    for place, (number, line) in enumerate(_lines(Path(path))):
        if place == 0 and not _is_number(line.split()[-1]):
            continue  # a header
        query, document, grade = _parsed(Path(path), number, lambda text=line: judgment(text))  # type: ignore[misc]
        qrels.setdefault(query, {})[document] = grade
    return qrels


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_topics(path: str | Path) -> Iterator[tuple[str, str]]:
    """Yields queries with their ids, from `id<TAB>text` lines or TREC's `<top>` blocks."""
    path = Path(path)
    first = next(_lines(path), (0, ""))[1]
    if "\t" in first or not first.lstrip().startswith("<"):
        for number, line in _lines(path):
            query, tab, text = line.partition("\t")
            if not tab:
                raise EvaluationError(f"{path}, line {number}: id<TAB>query expected")
            yield query.strip(), text.strip()
        return
    for block in "\n".join(line for _, line in _lines(path)).split("<top>")[1:]:
        number_field = re.search(r"<num>\s*(?:Number:)?\s*([^\s<]+)", block)
        title = re.search(r"<title>\s*(?:Topic:)?\s*(.*?)\s*(?=</?[a-zA-Z]|\Z)", block, re.DOTALL)
        if not number_field or not title:
            raise EvaluationError(f"{path}: a <top> without <num> or <title>")
        yield number_field[1], " ".join(title[1].split())


def _beir_queries(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in _raw_lines(path):
        if line.strip():
            record = _record(path, number, line, "_id", "text")
            yield record["_id"], record["text"]


def _record(path: Path, number: int, line: bytes, *fields: str) -> dict[str, str]:
    def parse() -> dict[str, str]:
        record = parse_json(line)
        for field in fields:
            if record[field] is None:
                raise KeyError(field)
        return {**record, **{field: storable(str(record[field])) for field in fields}}

    return _parsed(path, number, parse)


def _parsed(path: Path, number: int, parse: Callable[[], Parsed]) -> Parsed:
    try:
        return parse()
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        problem = f"no field {error}" if isinstance(error, KeyError) else "unreadable"
        problem = str(error) if isinstance(error, RepeatedKeyError) else problem
        raise EvaluationError(f"{path}, line {number}: {problem}") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, raw in _raw_lines(path):
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").rstrip("\r\n")
        if line.strip():
            yield number, storable(line)


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, start=1)
    except OSError as error:
        raise EvaluationError(f"{path} can't be read: {error.strerror or error}") from error
