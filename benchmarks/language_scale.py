"""How long a search by words takes in a large collection of one language, with its stems or runs, and without.

    python -m benchmarks.language_scale [--passages 100000] [--languages en de zh th] [--queries 100]

Passages are made of sentences of XQuAD's paragraphs, drawn anew; nothing is encoded. "Before" is the same collection
with its words indexed as they are written, between blanks, and asked for so. Prints a line for each language:
milliseconds of the lexical retriever's 200 best, the median and the 95th percentile, of the clock and of the process.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.datasets import beir, documents_of
from benchmarks.scale import rounded, spread
from benchmarks.scale_collections import key
from passagework.retrieval.lexical.bm25 import Bm25, QueryReader, content_words
from passagework.retrieval.lexical.saved_postings import LEAST_PASSAGES, open_postings, rebuild_postings
from passagework.retrieval.lexical.typed_words import TypedWords
from passagework.retrieval.lexical.word_forms import WeightedWord
from passagework.retrieval.store import NewPassage, Snapshot, SourceState, Store
from passagework.retrieval.types import Document

SENTENCE = re.compile(r"(?<=[.!?؟])\s+|(?<=。)|(?<=\s)(?=[\u0e00-\u0e7f])")
A_DOCUMENT, A_COMMIT = 50, 40
"""Passages of a document, and documents of a transaction."""


class AsWritten:
    """Reads a query as words between blanks, each in one form."""

    def words(self, snapshot: Snapshot, query: str) -> list[WeightedWord]:  # noqa: ARG002 - a QueryReader
        """Returns its words as they are typed."""
        return [WeightedWord((word,)) for word in dict.fromkeys(match[0] for match in content_words(query))]


def made(language: str, count: int) -> Iterator[str]:
    """Yields passages as long as XQuAD's, of sentences drawn from all of them: always the same ones."""
    lines = documents_of(f"xquad-{language}").read_text(encoding="utf-8").splitlines()
    runs = [SENTENCE.split(json.loads(line)["text"]) for line in lines]
    sentences = [sentence for run in runs for sentence in run if sentence.strip()]
    draw = random.Random(5)
    for number in range(count):
        yield " ".join(draw.choices(sentences, k=len(runs[number % len(runs)])))


def fill(store: Store, language: str, count: int) -> None:
    """Stores the passages, a few hundred documents at a time."""
    texts = made(language, count)
    for first in range(0, count, A_DOCUMENT * A_COMMIT):
        with store.write() as writer:
            for start in range(first, min(count, first + A_DOCUMENT * A_COMMIT), A_DOCUMENT):
                group = [next(texts) for _ in range(min(A_DOCUMENT, count - start))]
                passages, end = [], 0
                for place, text in enumerate(group):
                    passages.append(NewPassage(end, end + len(text), (), key(start + place), cut=False))
                    end += len(text) + 1
                name = f"{start:09}.txt"
                document = Document("\n".join(group), "text/plain", uri=f"file:///made/{name}", path=name)
                source = writer.put_source(
                    uri=document.uri, path=name, sha256="", media_type="text/plain", state=SourceState.DONE
                )
                writer.put_document(source, document, passages, sha256="", position=0, language=language)


def measured(store: Store, folder: Path, queries: list[str], reader: QueryReader) -> dict[str, Any]:
    """Returns milliseconds of the retriever that a collection of this size has."""
    with store.read() as snapshot:
        count = snapshot.passage_count()
    if count >= LEAST_PASSAGES:
        rebuild_postings(store, folder)
    store.checkpoint()
    with store.read() as snapshot:
        opened = open_postings(snapshot, folder) if count >= LEAST_PASSAGES else None
        retriever = Bm25() if opened is None else opened.derived
        retriever.search(snapshot, queries[0], 200, None, reader)
        times = spread(lambda query: retriever.search(snapshot, query, 200, None, reader), queries)
        words = [len(reader.words(snapshot, query)) for query in queries]
    return {**times, "words": sum(words) / len(words)}


def main() -> None:
    """Prints a line for each language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--languages", nargs="+", default=["en", "de", "zh", "th"])
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    for language in arguments.languages:
        asked = list(beir(f"xquad-{language}").queries.values())
        queries = asked[:: max(1, len(asked) // arguments.queries)][: arguments.queries]
        with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
            folder = Path(temporary) / "index"
            folder.mkdir()
            store = Store.create(Path(temporary) / "store.db")
            fill(store, language, arguments.passages)
            result = {"language": language, "now": measured(store, folder, queries, TypedWords())}
            with store.write() as writer:
                writer.connection.exec_driver_sql(
                    "UPDATE passages SET indexed_text = NULL WHERE indexed_text IS NOT NULL"
                )
                writer.connection.exec_driver_sql("UPDATE documents SET language = ''")
            result["before"] = measured(store, folder, queries, AsWritten())
            store.close()
        print(json.dumps(rounded(result)), flush=True)


if __name__ == "__main__":
    main()
