"""Questions over real HTML documentation: is the right section among the passages found, per stage?

    python -m benchmarks.html_sections [--keep DIR] [--postgresql DIR] [--python DIR] [--debian-policy DIR]

62 questions on the manuals of PostgreSQL, Python and Debian, each written with its right section before anything was
searched. The manuals are Debian 12's packages postgresql-doc-15, python3.11-doc and debian-policy, which are looked for
where these are installed. A passage lies in a section where most of its words in a row are the section's, so that it
does not matter how headings were read.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import Hit
from passagework.retrieval.types import Stage

MANUALS = {
    "postgresql": Path("/usr/share/doc/postgresql-doc-15/html"),
    "python": Path("/usr/share/doc/python3.11/html"),
    "debian-policy": Path("/usr/share/doc/debian-policy/policy.html"),
}
QUESTIONS = Path(__file__).with_name("html_questions.jsonl")
ROW = 4
"""Words in a row that two texts have in common."""


def main() -> int:
    """Prints nDCG@10 and the share of right first places, a stage a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collection, reused by the next run")
    for name, folder in MANUALS.items():
        parser.add_argument(f"--{name}", type=Path, default=folder, dest=name)
    arguments = parser.parse_args()
    manuals: dict[str, Path] = {name: getattr(arguments, name) for name in MANUALS}
    if missing := [str(folder) for folder in manuals.values() if not folder.is_dir()]:
        sys.exit(f"not there: {', '.join(missing)}")
    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        docs = Path(temporary) / "docs"
        docs.mkdir()
        for name, folder in manuals.items():
            (docs / name).symlink_to(folder)
        keep = arguments.keep or Path(temporary) / "collection"
        if not keep.exists():
            report = ingest(docs, keep, exclude=["genindex*", "search.html"])
            print(f"{report.added} added, {report.passages} passages in {report.seconds:.0f} s")
        with Collection.open(keep) as collection:
            ranks = {stage: _ranks(collection, stage, questions, manuals) for stage in Stage}
    for stage, found in ranks.items():
        gain = sum(1 / math.log2(rank + 1) for rank in found if rank) / len(found)
        first = found.count(1) / len(found)
        print(json.dumps({"stage": stage.value, "nDCG@10": round(gain, 4), "first": round(first, 4)}))
    missed = [one["section"] for one, rank in zip(questions, ranks[Stage.RERANK], strict=True) if not rank]
    print(json.dumps({"questions": len(questions), "missed": missed}))
    return 0


def _ranks(
    collection: Collection, stage: Stage, questions: Sequence[Mapping[str, str]], manuals: Mapping[str, Path]
) -> list[int]:
    return [_rank(collection.search(one["question"], k=10, stage=stage), one["section"], manuals) for one in questions]


def _rank(hits: Sequence[Hit], section: str, manuals: Mapping[str, Path]) -> int:
    """The place of the first hit in the section, from 1; 0 where none is."""
    page = section.partition("#")[0]
    places = (
        place
        for place, hit in enumerate(hits, start=1)
        if hit.path == page and _in_common(hit.text, _section(section, *manuals.values())) > 0.5
    )
    return next(places, 0)


def _in_common(text: str, section: frozenset[tuple[str, ...]]) -> float:
    """The share of the rows of words of a text that a section has, too."""
    rows = _rows(text)
    return len(rows & section) / max(1, len(rows))


@cache
def _section(section: str, *folders: Path) -> frozenset[tuple[str, ...]]:
    page, _, name = section.partition("#")
    manual, _, rest = page.partition("/")
    tree = etree.parse(dict(zip(MANUALS, folders, strict=True))[manual] / rest, etree.HTMLParser(encoding="utf-8"))
    [start] = tree.xpath("//*[@id=$name]", name=name)
    whole = start if start.tag in ("div", "section") else start.getparent()
    return _rows(" ".join(whole.itertext()))


def _rows(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(zip(*(words[place:] for place in range(ROW)), strict=False))


if __name__ == "__main__":
    sys.exit(main())
