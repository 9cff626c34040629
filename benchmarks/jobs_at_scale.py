"""Measures duplicates, labels and a scan on a collection of 100,000 passages, each in a process of its own.

    python -m benchmarks.jobs_at_scale COLLECTION... --keep DIR [--passages 100000]

The passages are made of those of some collections of the default encoder, whose stored vectors are mixed: nothing is
encoded (`benchmarks.scale_data`). Each collection is named in the field `source` of what was made of it, and that a
classifier learns. Memory is the most that a process held.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measured_process import run_measured
from benchmarks.scale_collections import PASSAGES_A_DOCUMENT, key
from benchmarks.scale_data import NEAR, SENTENCE, Base, Texts, made_texts, made_vectors
from passagework import BiEncoder
from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.refresh import refresh_index
from passagework.retrieval.dense.index import ExactIndex
from passagework.retrieval.folder import current_version
from passagework.retrieval.store import NewPassage, SourceState, Store, VersionState, Writer
from passagework.retrieval.types import Document

LIMIT_S = 3600.0

LABELLED = (
    "from passagework import TextClassifier, label_documents; "
    "print(label_documents({collection!r}, TextClassifier.read({model!r})).to_json())"
)


def real_part(folder: Path) -> tuple[Texts, Base]:
    """The passages of a collection, cut into sentences, and their vectors with their nearest neighbours."""
    with Store.open(current_version(folder) / "store.db") as store, store.read() as snapshot:
        ids, vectors = snapshot.passage_vectors()
        passages = snapshot.passages(ids.tolist())
    near = ExactIndex(np.arange(len(vectors)), vectors).search(vectors, NEAR + 1).ids
    rows: dict[str, list[int]] = defaultdict(list)
    for row, passage in enumerate(passages):
        rows[passage.title].append(row)
    sentences = [tuple(SENTENCE.split(passage.text)) for passage in passages]
    return Texts([passage.title for passage in passages], sentences, rows, []), Base(vectors, near)


def put(writer: Writer, group: Sequence[tuple[str, str]], *, source: str, first: int) -> None:
    """Stores made passages, ten a document."""
    for start in range(0, len(group), PASSAGES_A_DOCUMENT):
        texts = [text for _, text in group[start : start + PASSAGES_A_DOCUMENT]]
        passages, offset = [], 0
        for place, text in enumerate(texts):
            passages.append(NewPassage(offset, offset + len(text), (), key(first + start + place), False))
            offset += len(text) + 1
        path = f"{source}/{first + start:08d}.txt"
        document = Document(
            text="\n".join(texts),
            media_type="text/plain",
            title=group[start][0],
            uri=f"file:///made/{path}",
            path=path,
            metadata={"source": source},
        )
        digest = hashlib.sha256(document.text.encode()).hexdigest()
        number = writer.put_source(
            uri=document.uri, path=path, sha256=digest, media_type="text/plain", state=SourceState.DONE
        )
        writer.put_document(number, document, passages, sha256=digest, position=0)


def build(folder: Path, collections: Sequence[Path], count: int) -> None:
    """A collection of so many made passages, each collection's share as large as its own."""
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    version = create_version(unfinished, BiEncoder.load(), ChunkSettings(), state=VersionState.READY)
    parts = [(one.name, *real_part(one)) for one in collections]
    whole = sum(len(base.vectors) for _, _, base in parts)
    first = 0
    with Store.open(version / "store.db") as store:
        for name, texts, base in parts:
            share = count * len(base.vectors) // whole // PASSAGES_A_DOCUMENT * PASSAGES_A_DOCUMENT
            for group, rows in zip(made_texts(texts, share), made_vectors(base, share), strict=True):
                with store.write() as writer:
                    writer.put_vectors([key(first + place) for place in range(len(rows))], rows)
                    put(writer, group, source=name, first=first)
                first += len(rows)
        refresh_index(store, version)
        store.checkpoint()
    unfinished.rename(folder)


def jobs(collection: Path, model: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and how it is called."""
    command = [sys.executable, "-m", "passagework.ui.cli"]
    of = ["--collection", str(collection), "--json"]
    yield "duplicates among passages", [*command, "duplicates", *of]
    yield "duplicates among documents", [*command, "duplicates", "--of", "documents", *of]
    learn = ["train", "classifier", "--labels", "source", "--output", str(model)]
    yield "classifier learned from all documents", [*command, *learn, *of]
    labelled = LABELLED.format(collection=str(collection), model=str(model))
    yield "all documents labelled", [sys.executable, "-c", labelled]
    yield "scan for personal data", [*command, "scan", *of]


def main() -> None:
    """Builds the collection where it isn't there, and prints a line of a table for each job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the collection, reused by the next run")
    parser.add_argument("--passages", type=int, default=100_000)
    chosen = parser.parse_args()
    folder = chosen.keep / f"made-{chosen.passages}"
    if not folder.exists():
        build(folder, chosen.collections, chosen.passages)
    model = chosen.keep / "classifier"
    shutil.rmtree(model, ignore_errors=True)
    print("| job | seconds | GB | load |\n| --- | --- | --- | --- |")
    for name, command in jobs(folder, model):
        log = chosen.keep / f"{name.replace(' ', '-')}.log"
        ran = run_measured(command, environment=os.environ, folder=Path.cwd(), log=log, limit=LIMIT_S)
        if ran.code:
            sys.exit(f"{name}: {ran.said}")
        print(f"| {name} | {ran.seconds:.0f} | {ran.peak_bytes / 1e9:.1f} | {os.getloadavg()[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
