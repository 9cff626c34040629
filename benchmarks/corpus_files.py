"""The texts that every measured system gets: records, the same records cut into passages, and judged queries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.retrieval import BiEncoder
from passagework.retrieval.evaluation import Benchmark, load_beir
from passagework.retrieval.types import Document

CUT = ChunkSettings(passage_tokens=200, overlap_tokens=0)
"""Of the passages that all systems get ready-made. Without overlap, so that no token is counted twice."""

META = "texts.json"


@dataclass(frozen=True, slots=True)
class Texts:
    """What lies in a folder. `tokens` are those of each passage as the encoder reads it, special ones included."""

    documents: int
    passages: int
    queries: int
    tokens: list[int]
    qrels: dict[str, dict[str, int]]


def write_texts(folder: Path, benchmark: Path, *, documents: int | None) -> Texts:
    """`records.jsonl`, `passages.jsonl` and `queries.jsonl` of a folder in BEIR layout, made once.

    With `documents`, only so many: first those that are judged, for as many queries as have all of theirs among half
    of them, then others in the corpus's order.
    """
    if (folder / META).exists():
        return Texts(**json.loads((folder / META).read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    judged = load_beir(benchmark)
    records = [json.loads(line) for line in (benchmark / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    if documents is not None:
        judged, records = _fewer(judged, records, documents)
    _write(folder / "records.jsonl", ({"_id": r["_id"], "title": r["title"], "text": r["text"]} for r in records))
    _write(folder / "queries.jsonl", ({"_id": name, "text": text} for name, text in judged.queries.items()))
    tokens = _write_passages(folder / "passages.jsonl", records)
    qrels = {query: dict(judged.qrels[query]) for query in judged.queries}
    made = Texts(len(records), len(tokens), len(qrels), tokens, qrels)
    (folder / META).write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def _fewer(judged: Benchmark, records: list[dict[str, str]], most: int) -> tuple[Benchmark, list[dict[str, str]]]:
    kept: set[str] = set()
    queries = []
    for query in judged.queries:
        relevant = {document for document, grade in judged.qrels[query].items() if grade > 0}
        if len(kept | relevant) <= most // 2:
            kept |= relevant
            queries.append(query)
    for record in records:
        if len(kept) >= most:
            break
        kept.add(record["_id"])
    return judged.only(queries), [record for record in records if record["_id"] in kept]


def _write_passages(path: Path, records: Iterable[Mapping[str, str]]) -> list[int]:
    encoder = BiEncoder.load()
    chunker = Chunker(encoder, CUT)
    special = encoder.window - encoder.passage_budget
    tokens: list[int] = []
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            document = Document(record["text"] or record["title"], "text/plain", title=record["title"])
            for passage, seen in chunker.chunk(document):
                line = {"_id": f"{record['_id']}#{passage.ordinal}", "title": "", "text": seen.text}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                tokens.append(len(seen.token_ids) + special)
    return tokens


def _write(path: Path, lines: Iterable[Mapping[str, str]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
