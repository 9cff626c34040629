"""How fast and how rightly scans are read: pages of text PDFs made into scans, read by OCR, held against their text.

python -m benchmarks.ocr [--pages 36] [--seed 1]

Each page is drawn at 200 dots an inch, put askew by up to 1.5 degrees, greyed and strewn with noise, saved as a JPEG
in a PDF; all that is chosen by the seed. Words are compared without the marks around them. The word error rate counts
words that are wrong, missing and too many in the order of reading (Levenshtein distance over the words of the text
layer); what is found counts words in whatever order.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from pypdfium2 import PdfDocument, PdfiumError

from benchmarks.datasets import data_folder
from passagework.ingest.loaders import LoadOptions, OcrMode, load
from passagework.ingest.loaders.ocr.recogniser import threads
from passagework.ingest.loaders.pdf.pdf import extract_pages
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document

DOTS = 200
LEAST_WORDS = 120
"""Words of a page that is taken: covers and blank pages say little."""
MOST_ASKEW = 1.5
_WORD = re.compile(r"\w(?:\S*\w)?")
_ALIKE = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})


@dataclass(frozen=True, slots=True)
class PageFigures:
    """What was measured on a page: its words, how many edits lead to those that were read, and how many were found."""

    name: str
    words: int
    edits: int
    found: int
    seconds: float
    confidence: float


def chosen(folder: Path, count: int, seed: int) -> Iterator[tuple[Path, int, str]]:
    """Pages of text PDFs, from as many files as there are, with their text; the same for a seed."""
    chance = random.Random(seed)
    files = sorted(folder.rglob("*.pdf"))
    chance.shuffle(files)
    left = count
    while left:
        before = left
        for path in files:
            try:
                pages = extract_pages(path)
            except IngestError:
                continue
            full = [number for number, page in enumerate(pages) if len(page.text.split()) >= LEAST_WORDS]
            if full and left:
                number = chance.choice(full)
                left -= 1
                yield path, number, pages[number].text
        if left == before:
            return


def scan(path: Path, number: int, chance: np.random.Generator) -> bytes:
    """A page as an office's scanner leaves it, in a PDF of its own."""
    with closing(PdfDocument(path)) as pdf, closing(pdf[number]) as page:
        drawn = page.render(scale=DOTS / 72).to_pil().convert("L")
    ground = int(chance.integers(205, 246))
    askew = drawn.rotate(
        float(chance.uniform(-MOST_ASKEW, MOST_ASKEW)), resample=Image.Resampling.BICUBIC, fillcolor=255
    )
    grey = np.asarray(askew, dtype=np.float64) * (ground / 255) + chance.normal(0, 9, askew.size[::-1])
    out = io.BytesIO()
    picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    picture.save(out, "PDF", resolution=DOTS, quality=80)
    return out.getvalue()


def words_of(text: str) -> list[str]:
    """The words of a text without the marks around them."""
    return _WORD.findall(text.translate(_ALIKE))


def distance(wanted: Sequence[str], read: Sequence[str]) -> int:
    """The least number of words put in, taken out or changed that leads from one to the other."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys([*wanted, *read]))}
    target = np.array([numbers[word] for word in read], dtype=np.int64)
    row = np.arange(len(read) + 1)
    for at, word in enumerate(wanted, 1):
        changed = np.minimum(row[1:] + 1, row[:-1] + (target != numbers[word]))
        row = np.concatenate([[at], changed])
        row = np.minimum.accumulate(row - np.arange(len(row))) + np.arange(len(row))
    return int(row[-1])


def measured(name: str, path: Path, text: str) -> PageFigures:
    """What OCR makes of a scan whose text is known."""
    started = time.perf_counter()
    documents = [item for item in load(path, LoadOptions(ocr=OcrMode.AUTO)) if isinstance(item, Document)]
    seconds = time.perf_counter() - started
    read = words_of("\n".join(document.text for document in documents))
    wanted = words_of(text)
    confidence = [span.confidence for document in documents for span in document.ocr]
    found = sum((Counter(wanted) & Counter(read)).values())
    return PageFigures(name, len(wanted), distance(wanted, read), found, seconds, fmean(confidence or [0.0]))


def main() -> None:
    """Prints a line a page, and the figures of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = np.random.default_rng(options.seed)
    figures: list[PageFigures] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scan.pdf"
        for source, number, text in chosen(data_folder(), options.pages, options.seed):
            try:
                path.write_bytes(scan(source, number, chance))
                page = measured(f"{source.name} p. {number + 1}", path, text)
            except (PdfiumError, IngestError) as error:
                print(f"{source.name} p. {number + 1}: {error}")
                continue
            figures.append(page)
            rate = page.edits / page.words
            print(f"{page.seconds:5.1f} s  {rate:6.1%} wrong  {page.found / page.words:6.1%} found  {page.name}")
    words = sum(page.words for page in figures)
    warm = figures[1:] or figures  # the models are loaded with the first
    print(f"\n{len(figures)} pages, {words:,} words, {threads()} thread")
    print(f"pages a minute: {60 / fmean(page.seconds for page in warm):.1f}")
    print(f"word error rate: {sum(page.edits for page in figures) / words:.1%} of all words,", end=" ")
    print(f"{median(page.edits / page.words for page in figures):.1%} on the median page")
    print(f"words found in any order: {sum(page.found for page in figures) / words:.1%}")
    print(f"mean confidence: {fmean(page.confidence for page in figures):.3f}")


if __name__ == "__main__":
    main()
