"""What people type into a search box, as it was typed and as words alone: is the right passage found?

    python -m benchmarks.typed_queries --data DIR [--keep DIR] [--stages lexical,hybrid,rerank]

DIR is the folder of benchmark data, as PASSAGEWORK_TEST_DATA names it; --keep leaves the collections there for the next
run. `typed_queries.jsonl` has the queries, written from the documents before any was searched for: quotations of words
that other documents hold in another order, exclusions, fields, identifiers, versions and addresses, numbers and names
written in another way than the document does, words with one wrong letter, and acronyms of what the document spells
out. A passage is right where it is of the document named and holds the string named. Prints success@1 and success@10,
in percent of the queries of each kind.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from passagework import Collection, ingest
from passagework.retrieval import Hit, Stage, Syntax

QUERIES = Path(__file__).with_name("typed_queries.jsonl")
DEPTHS = (1, 10)


@dataclass(frozen=True, slots=True)
class TypedQuery:
    """A query, the set that it is for, and what the right passage holds."""

    kind: str
    set: str
    query: str
    document: str
    holds: str

    def is_answered_by(self, hit: Hit) -> bool:
        """Tells whether a hit is the right passage."""
        return hit.document == self.document and _plain(self.holds) in _plain(f"{hit.title} {hit.text}")


def _plain(text: str) -> str:
    """Returns a text's words: what stands between them is told in many ways."""
    return "".join(character.lower() if character.isalnum() else " " for character in text).replace("  ", " ")


def queries() -> list[TypedQuery]:
    """The queries, in the order of the file."""
    return [TypedQuery(**json.loads(line)) for line in QUERIES.read_text(encoding="utf-8").splitlines()]


def rank(collection: Collection, query: TypedQuery, stage: Stage, syntax: Syntax) -> int | None:
    """The rank of the right passage among the first ten, None where it isn't there."""
    hits = collection.search(query.query, k=max(DEPTHS), stage=stage, syntax=syntax)
    return next((hit.rank for hit in hits if query.is_answered_by(hit)), None)


def measured(data: Path, keep: Path, stages: list[Stage]) -> Iterator[tuple[str, Syntax, Stage, int | None]]:
    """Yields the kind of each query, how it was read and searched for, and the rank of the right passage."""
    by_set: dict[str, list[TypedQuery]] = defaultdict(list)
    for query in queries():
        by_set[query.set].append(query)
    for name, asked in by_set.items():
        if not (keep / name / "CURRENT").exists():
            ingest(data / "beir" / name / "corpus.jsonl", collection=keep / name)
        with Collection.open(keep / name) as collection:
            for query in asked:
                for stage in stages:
                    for syntax in Syntax:
                        yield query.kind, syntax, stage, rank(collection, query, stage, syntax)


def main() -> int:
    """Prints a line for each kind of query and each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of benchmark data")
    parser.add_argument("--keep", type=Path, help="folder that keeps the collections")
    parser.add_argument("--stages", default="lexical,hybrid,rerank")
    arguments = parser.parse_args()
    stages = [Stage(name) for name in arguments.stages.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        found: Counter[tuple[str, Syntax, Stage, int]] = Counter()
        total: Counter[str] = Counter(query.kind for query in queries())
        for kind, syntax, stage, place in measured(arguments.data, arguments.keep or Path(temporary), stages):
            for depth in DEPTHS:
                found[kind, syntax, stage, depth] += place is not None and place <= depth
                found["all", syntax, stage, depth] += place is not None and place <= depth
    for kind, count in {**total, "all": total.total()}.items():
        for stage in stages:
            shares = {
                f"{syntax.value} success@{depth}": round(100 * found[kind, syntax, stage, depth] / count)
                for syntax in Syntax
                for depth in DEPTHS
            }
            print(json.dumps({"kind": kind, "queries": count, "stage": stage.value, **shares}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
