"""How documents read against what their readers see: headings, cells under their names, running lines, words cut.

`document_marks/*.json` hold by hand what some documents show: headings, of PDFs those of the pages named, cells of
tables beneath their names, and lines that every page repeats. A file's path is below the folder of the data.

    python -m benchmarks.document_structure --data ../shared/data [--misses]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.types import Document, Table

MARKS = Path(__file__).with_name("document_marks")
_CUT = re.compile(r"[^\W\d_]-\n[^\W\d_]")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(slots=True)
class Found:
    """What was counted of one document, or of all: right ones, those that there are, and those that were found."""

    headings: int = 0
    headings_marked: int = 0
    headings_found: int = 0
    tables: int = 0
    tables_marked: int = 0
    cells: int = 0
    cells_marked: int = 0
    said_again: int = 0
    cut: int = 0
    pages: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Adds another document's counts."""
        for name in Found.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def measured(path: Path, marks: Mapping[str, Any]) -> Found:
    """What a document has of its marks."""
    begun = time.perf_counter()
    documents = [item for item in load(path, LoadOptions()) if isinstance(item, Document)]
    found = Found(seconds=time.perf_counter() - begun, pages=sum(len(one.pages) for one in documents))
    found.cut = sum(len(_CUT.findall(one.text)) for one in documents)
    for line in marks.get("furniture", ()):
        found.said_again += max(0, sum(_lines(one.text).count(_plain(line)) for one in documents) - 1)
    if "headings" in marks:
        _count_headings(found, documents, marks)
    for table in marks.get("tables", ()):
        _count_cells(found, documents, table)
    return found


def _lines(text: str) -> list[str]:
    """The lines of a text, without page numbers at their ends."""
    return [_plain(line).strip("0123456789 ") for line in text.splitlines()]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _count_headings(found: Found, documents: Sequence[Document], marks: Mapping[str, Any]) -> None:
    marked = Counter(map(_plain, marks["headings"]))
    shown = Counter(_plain(title) for one in documents for title in _titles(one, marks.get("pages")))
    found.headings = sum((marked & shown).values())
    found.headings_marked, found.headings_found = sum(marked.values()), sum(shown.values())
    found.misses += [f"no heading: {title}" for title in (marked - shown).elements()]
    found.misses += [f"a heading: {title}" for title in (shown - marked).elements()]


def _titles(document: Document, pages: Sequence[int] | None) -> Iterator[str]:
    first, last = 0, len(document.text)
    if pages:
        first, last = document.pages[pages[0] - 1].start, document.pages[pages[1] - 1].end
    yield from (head.title for head in document.headings if first <= head.start <= last)


def _count_cells(found: Found, documents: Sequence[Document], marks: Mapping[str, Any]) -> None:
    """Counts the cells of the table that has most of them under their names."""
    marked = sum(len(row) - 1 for row in marks["rows"])
    named = [(row[0], zip(marks["columns"], row[1:], strict=True)) for row in marks["rows"]]
    right = [(label, name, value) for label, cells in named for name, value in cells]
    best: set[tuple[str, str, str]] = set()
    for one in documents:
        for table in one.tables:
            cells = set(_cells(one.text, table, right))
            best = max(best, cells, key=len)
    found.tables_marked, found.cells_marked = found.tables_marked + 1, found.cells_marked + marked
    found.cells += len(best)
    found.tables += len(best) == marked
    found.misses += [
        f"no cell: {row} / {name}: {value}" for row, name, value in right if (row, name, value) not in best
    ]


def _cells(text: str, table: Table, wanted: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Those of the cells wanted, each with its row and its name, that a table has; a name is told by its words."""
    rows = [_row(line) for line in text[table.start : table.end].splitlines()]
    columns = _CELL.split(table.columns) if "|" in table.columns else table.columns.split()
    names = [set(_plain(name.replace("\\|", "|")).split()) for name in columns]
    for label, name, value in wanted:
        column = [at for at, words in enumerate(names) if set(_plain(name).split()) <= words]
        for row in rows:
            if row[:1] == [_plain(label)] and any(row[at : at + 1] == [_plain(value)] for at in column):
                yield label, name, value
                break


def _row(line: str) -> list[str]:
    if "|" not in line:
        return _plain(line).split()
    line = line.strip().removeprefix("|").removesuffix("|")
    return [_plain(cell.replace("\\|", "|")) for cell in _CELL.split(line)]


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({part / whole:.0%})" if whole else "-"


def _line(name: str, found: Found) -> str:
    return (
        f"| {name[:44]} | {_share(found.headings, found.headings_marked)} "
        f"| {_share(found.headings, found.headings_found)} "
        f"| {_share(found.tables, found.tables_marked)} | {_share(found.cells, found.cells_marked)} "
        f"| {found.said_again} | {found.cut} | {1000 * found.seconds / max(1, found.pages):.0f} |"
    )


def main() -> None:
    """Prints a table of all marked documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("PASSAGEWORK_TEST_DATA") or "../shared/data"))
    parser.add_argument("--misses", action="store_true", help="list what is missing, and headings that are none")
    options = parser.parse_args()
    print("| document | headings: recall | precision | tables whole | cells under names | said again | cut | ms/page |")
    print("|---|---|---|---|---|---|---|---|")
    total = Found()
    for file in sorted(MARKS.glob("*.json")):
        for name, marks in json.loads(file.read_text(encoding="utf-8")).items():
            found = measured(options.data / name, marks)
            total.add(found)
            print(_line(Path(name).name, found))
            if options.misses:
                print("".join(f"    {miss}\n" for miss in found.misses), end="")
    print(_line("all", total))


if __name__ == "__main__":
    main()
