"""How documents read against what their readers see: headings, cells under their names, running lines, words cut.

`document_marks/*.json` hold by hand what some documents show: all their headings, or those of the pages or the chapter
named; cells of tables beneath their names; lines that every page repeats (`furniture`, said once) and lines around the
content (`around`, never said). A file's path is below the folder of the data, or that of a manual which a package of
Debian 12 installs; where it isn't installed, it is left out and the package named. `pdf_accounts.json` and
`pdf_held_out.json` have pages that were marked after the rules were made; some rules came of those of the former.

    python -m benchmarks.document_structure --data ../shared/data [--misses] [--of html office] [--rounds 3]

To measure other code, run this file with that code's folder as PYTHONPATH.
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
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document, Table

MARKS = Path(__file__).with_name("document_marks")
_CUT = re.compile(r"[^\W\d_]-\n[^\W\d_]")
_SHOWS_NOTHING = re.compile("[\u00ad\u200b]")
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
    furniture: int = 0
    cut: int = 0
    documents: int = 0
    pages: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Adds another document's counts."""
        for name in Found.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def measured(path: Path, marks: Mapping[str, Any], rounds: int = 1) -> Found:
    """What a document has of its marks; its time is what it takes of a core, the least of some rounds."""
    seconds: list[float] = []
    documents: list[Document] = []
    misses: list[str] = []
    for _ in range(rounds):
        begun = time.process_time()
        try:
            documents = [item for item in load(path, LoadOptions()) if isinstance(item, Document)]
        except IngestError as error:
            misses = [f"not read: {error}"]
        seconds.append(time.process_time() - begun)
    pages = sum(len(one.pages) for one in documents)
    found = Found(documents=1, seconds=min(seconds), pages=pages, misses=misses)
    found.cut = sum(len(_CUT.findall(one.text)) for one in documents)
    for line in marks.get("furniture", ()):
        found.furniture += max(0, sum(_lines(one.text).count(_plain(line)) for one in documents) - 1)
    for line in marks.get("around", ()):
        left = [piece for one in documents for piece in _pieces(one.text) if _says(piece, _plain(line))]
        found.furniture += len(left)
        found.misses += [f"around: {piece[:80]}" for piece in left]
    if "headings" in marks:
        _count_headings(found, documents, marks)
    for table in marks.get("tables", ()):
        _count_cells(found, documents, table)
    return found


def _lines(text: str) -> list[str]:
    """The lines of a text, without page numbers at their ends."""
    return [_plain(line).strip("0123456789 ") for line in text.splitlines()]


def _pieces(text: str) -> Iterator[str]:
    """The lines and the cells of a text, without what marks an item of a list."""
    for line in text.splitlines():
        yield from (_plain(cell).removeprefix("- ") for cell in _CELL.split(line))


def _says(piece: str, line: str) -> bool:
    """Whether a piece is a line around the content, begins with its several words, or ends with its only sign."""
    if len(line) == 1:
        return piece.endswith(line)
    return piece == line or (not line.isalpha() and piece.startswith(line))


def _plain(text: str) -> str:
    return " ".join(_SHOWS_NOTHING.sub("", text).split()).casefold()


def _count_headings(found: Found, documents: Sequence[Document], marks: Mapping[str, Any]) -> None:
    marked = Counter(map(_plain, marks["headings"]))
    shown = Counter(_plain(title) for one in documents for title in _titles(one, marks))
    found.headings = sum((marked & shown).values())
    found.headings_marked, found.headings_found = sum(marked.values()), sum(shown.values())
    found.misses += [f"no heading: {title}" for title in (marked - shown).elements()]
    found.misses += [f"a heading: {title}" for title in (shown - marked).elements()]


def _titles(document: Document, marks: Mapping[str, Any]) -> Iterator[str]:
    """The titles of the pages that are marked, or of the chapter: all below its heading."""
    if "pages" in marks:
        first, last = (document.pages[number - 1] for number in marks["pages"])
        yield from (head.title for head in document.headings if first.start <= head.start <= last.end)
        return
    level = -1
    for head in document.headings:
        if head.title == marks.get("chapter"):
            level = head.level
        elif head.level <= level:
            return
        if level >= 0 or "chapter" not in marks:
            yield head.title


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
        f"| {found.furniture} | {found.cut} | {1000 * found.seconds / max(1, found.documents):.0f} "
        f"| {f'{1000 * found.seconds / found.pages:.0f}' if found.pages else '-'} |"
    )


def _marked(data: Path, names: Sequence[str]) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """What is counted together, each file of it, and its marks; says which files are not there."""
    for file in sorted(MARKS.glob("*.json")):
        for name, marks in json.loads(file.read_text(encoding="utf-8")).items():
            path = data / name
            if names and file.stem not in names:
                continue
            if path.is_file():
                yield file.stem if file.stem.startswith("pdf") else path.suffix[1:], path, marks
            else:
                package = marks.get("package")
                print(f"left out {path}: " + (f"apt-get install {package}" if package else "no such file"), flush=True)


def main() -> None:
    """Prints a table of all marked documents, and of each format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("PASSAGEWORK_TEST_DATA") or "../shared/data"))
    parser.add_argument("--of", nargs="*", default=(), help="files of marks, by their names (default: all)")
    parser.add_argument("--rounds", type=int, default=1, help="times to read each; the fastest counts")
    parser.add_argument("--misses", action="store_true", help="list what is missing, and what should not be there")
    options = parser.parse_args()
    print("| document | headings: recall | precision | tables whole | cells | furniture | cut | ms | ms/page |")
    print("|---|---|---|---|---|---|---|---|---|")
    totals: dict[str, Found] = {}
    slowest: dict[str, tuple[float, str]] = {}
    for kind, path, marks in _marked(options.data, options.of):
        found = measured(path, marks, options.rounds)
        totals.setdefault(kind, Found()).add(found)
        slowest[kind] = max(slowest.get(kind, (0.0, "")), (found.seconds, path.name))
        print(_line(path.name, found))
        if options.misses:
            print("".join(f"    {miss}\n" for miss in found.misses), end="")
    for kind, found in totals.items():
        seconds, name = slowest[kind]
        print(_line(f"all {found.documents} {kind}", found), f"slowest {name}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
