"""A passage that OCR read, as a person sees it: found with its badge, marked on the scan; a real Chromium and OCR."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from PIL import Image

from passagework.ingest import ingest
from tests.support.browser_sessions import Page, served
from tests.support.picture_files import LETTER, Words, encoded, page as drawn_page, scanned_pdf

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=1)]  # a browser draws in its own time

COLUMN: Words = tuple(
    (left, top + 50 * row, 30, text)
    for left, top, lines in (
        (90, 160, ("The harbour was built in the", "years after the great storm,", "when the pier was gone.")),
        (680, 160, ("Ships from the north brought", "timber, and the carpenters of", "the village used it.")),
    )
    for row, text in enumerate(lines)
)
MARKS = """
const frame = document.querySelector('[data-testid="page-picture"] img').getBoundingClientRect()
return [...document.querySelectorAll('[data-testid="box"]')].map(one => one.getBoundingClientRect()).map(box => [
    (box.left - frame.left) / frame.width, (box.top - frame.top) / frame.height,
    (box.right - frame.left) / frame.width, (box.bottom - frame.top) / frame.height])
"""


@pytest.fixture(scope="module")
def scans(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a collection of a scan of two pages and a photograph of a page, one askew, one turned."""
    base = tmp_path_factory.mktemp("scans")
    (base / "docs").mkdir()
    askew = drawn_page(ground=235).rotate(1.2, fillcolor=235, resample=Image.Resampling.BICUBIC)
    (base / "docs" / "manual.pdf").write_bytes(scanned_pdf([askew, drawn_page(COLUMN)]))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = drawn_page(COLUMN).rotate(90, expand=True)
    (base / "docs" / "photo.jpg").write_bytes(encoded(turned, "JPEG", exif=exif, quality=90))
    assert ingest([base / "docs"], base / "c", passage_tokens=30, overlap=0).added == 2
    with served(base / "c", base / "log") as address:
        yield address


def _dark_shares(page: Page, image: Image.Image) -> tuple[float, float]:
    """Which share of a picture's dark dots lies in the marks, and which share of the marks' area is dark."""
    page.until(lambda: page.find('[data-testid="box"]'), "the marks")
    grey = image.convert("L").point(lambda value: 255 * (value < 128))
    inside = Image.new("L", grey.size, 0)
    area = 0
    for left, top, right, bottom in page.browser.execute_script(MARKS):
        box = tuple(round(share * side) for share, side in zip((left, top, right, bottom), grey.size * 2, strict=True))
        inside.paste(grey.crop(box), box[:2])
        area += (box[2] - box[0]) * (box[3] - box[1])
    dark = inside.histogram()[255]
    return dark / grey.histogram()[255], dark / area


def _kept(page: Page, name: str) -> None:
    """Writes a picture of the window where somebody wants to look at it."""
    if folder := os.environ.get("PASSAGEWORK_SCREENSHOTS"):
        page.browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def test_a_passage_of_a_scan_is_found_and_marked(scans: str, browser: object) -> None:
    """The hit says that it was read by OCR, and how surely; on the page its own words are marked, askew as they are."""
    page = Page(browser, scans)
    page.resize(1280, "light")
    page.open("?query=what+does+the+lens+turn+on&stage=hybrid")
    page.until(lambda: page.texts("ocr"), "the badge")
    assert page.first("ocr").startswith("read by OCR, 9")
    _kept(page, "ocr-search")
    start = sum(len(text) + 1 for *_, text in LETTER[:2])
    page.open(f"read?document=manual.pdf&start={start}&end={start + len(LETTER[2][3])}", '[data-testid="page-picture"]')
    askew = drawn_page(ground=235).rotate(1.2, fillcolor=235, resample=Image.Resampling.BICUBIC)
    share, density = _dark_shares(page, askew)
    letters = sum(size * len(text) for *_, size, text in LETTER)
    assert share == pytest.approx(LETTER[2][2] * len(LETTER[2][3]) / letters, abs=0.1)
    assert density > 0.08
    assert "read by OCR" in page.shown()
    _kept(page, "ocr-read")


@pytest.mark.parametrize(("name", "number"), [("manual.pdf", 2), ("photo.jpg", 1)])
def test_a_column_is_marked_without_the_one_beside_it(scans: str, browser: object, name: str, number: int) -> None:
    """Also on a photograph that lies on its side in its file."""
    page = Page(browser, scans)
    page.resize(1280, "light")
    before = len("\n".join(text for *_, text in LETTER)) + 2 if number == 2 else 0
    column = "\n".join(text for *_, text in COLUMN[:3])
    page.open(f"read?document={name}&start={before}&end={before + len(column)}", '[data-testid="page-picture"]')
    share, _ = _dark_shares(page, drawn_page(COLUMN))
    assert share == pytest.approx(0.5, abs=0.08)
    assert all(right < 0.55 for _, _, right, _ in page.browser.execute_script(MARKS))
    assert len(page.find('[data-testid="box"]')) == 3
    _kept(page, f"ocr-{name}")
