"""How exactly a passage is marked on the pages of its PDF: what the boxes hold, read back by pdfium.

Draws passages from every PDF that can be read, marks each as the reading page does, reads back the text of the
characters whose middle lies in a box, and compares it with the passage, white space aside.

    python -m benchmarks.highlights --data ../shared/data
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfTextPage

from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.loaders.pdf.highlights import Box, glyphs_of, highlight
from passagework.ingest.loaders.pdf.pdf import load_pdf
from passagework.ingest.loaders.pdf.pdf_annotations import with_forms
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document
from passagework.retrieval.words.sentences import sentence_spans

BAR = 0.97
CHARACTERS = 800
"""Of a passage: about the 200 tokens that the chunker gives."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A passage of a PDF."""

    path: Path
    document: Document
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the boxes hold against what the passage says, both without white space."""

    drawn: Drawn
    wanted: str
    found: str

    @property
    def equal(self) -> bool:
        """Whether they are the same."""
        return self.wanted == self.found


def draw(paths: Sequence[Path], count: int, seed: int) -> list[Drawn]:
    """Passages of files drawn at random; some begin on one page and end on another."""
    chance = random.Random(seed)
    documents: dict[Path, Document | None] = {}
    drawn: list[Drawn] = []
    while len(drawn) < count:
        path = chance.choice(paths)
        if path not in documents:
            documents[path] = _loaded(path)
        document = documents[path]
        if document is not None:
            drawn.append(_passage(path, document, chance))
    return drawn


def read_back(drawn: Drawn) -> Reading:
    """Marks a passage page by page, and reads what lies in the boxes."""
    with closing(with_forms(PdfDocument(drawn.path))) as pdf:
        wanted: list[str] = []
        parts: list[str] = []
        for page in drawn.document.pages:
            if page.start < drawn.end and drawn.start < page.end:
                with closing(pdf[page.number - 1]) as sheet, closing(sheet.get_textpage()) as text:
                    stored = drawn.document.text[page.start : page.end]
                    span = max(0, drawn.start - page.start), min(drawn.end - page.start, len(stored))
                    wanted.append(_shown(stored, *span, glyphs_of(text, stored)[0].tolist()))
                    parts.append("".join(_characters_in(text, highlight(text, stored, *span).boxes)))
    return Reading(drawn, _compared("".join(wanted)), _compared("".join(parts)))


def _shown(text: str, start: int, end: int, glyphs: Sequence[int]) -> str:
    """What a page shows of a passage, once where the passage repeats it: no bars of tables, no values of fields."""
    first = {glyphs[at]: at for at in reversed(range(start, end)) if glyphs[at] != NO_GLYPH}
    return "".join(text[at] for at in sorted(first.values()))


def _characters_in(page: PdfTextPage, boxes: Sequence[Box]) -> Iterator[str]:
    """The characters whose middle lies in a box, box by box, in pdfium's order; each once."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    middles: dict[int, tuple[float, float]] = {}
    for index in range(pdfium.FPDFText_CountChars(page)):
        if pdfium.FPDFText_IsGenerated(page, index) != 1:
            pdfium.FPDFText_GetCharBox(page, index, left, right, bottom, top)
            middles[index] = (left.value + right.value) / 2, (bottom.value + top.value) / 2
    for box in boxes:
        inside = [i for i, (x, y) in middles.items() if box.left <= x <= box.right and box.bottom <= y <= box.top]
        for index in inside:
            del middles[index]
            yield chr(pdfium.FPDFText_GetUnicode(page, index))


def _compared(text: str) -> str:
    """Without white space, controls and unknown glyphs; a hyphen is a hyphen, however pdfium writes it."""
    text = text.translate(dict.fromkeys((0xAD, 0xFFFE, 0x02), "-"))
    return "".join(one for one in text if not one.isspace() and one != "\ufffd" and unicodedata.category(one) != "Cc")


def _passage(path: Path, document: Document, chance: random.Random) -> Drawn:
    """A run of whole sentences, about as long as a passage."""
    spans = sentence_spans(document.text)
    first = last = chance.randrange(len(spans))
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= CHARACTERS:
        last += 1
    return Drawn(path, document, spans[first][0], spans[last][1])


def _loaded(path: Path) -> Document | None:
    try:
        (document,) = load_pdf(path, LoadOptions())
        with closing(PdfDocument(path)):
            return document if isinstance(document, Document) else None
    except (IngestError, PdfiumError):
        return None


def main() -> None:
    """Prints the figure and the misses; exits 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("PASSAGEWORK_TEST_DATA") or "../shared/data"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    drawn = draw(sorted((options.data / "files").rglob("*.pdf")), options.count, options.seed)
    readings = [read_back(one) for one in drawn]
    files = len({one.path for one in drawn})
    equal = sum(one.equal for one in readings)
    print(f"{equal} of {len(readings)} passages of {files} files read back as they are")
    for one in readings:
        if not one.equal:
            print(f"- {one.drawn.path.name}, {one.drawn.start}-{one.drawn.end}:")
            at = next((at for at, (a, b) in enumerate(zip(one.wanted, one.found, strict=False)) if a != b), 0)
            print(f"    passage ... {one.wanted[max(0, at - 20) : at + 40]!r}")
            print(f"    boxes   ... {one.found[max(0, at - 20) : at + 40]!r}")
    sys.exit(equal < BAR * len(readings))


if __name__ == "__main__":
    main()
