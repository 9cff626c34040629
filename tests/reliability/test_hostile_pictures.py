"""Pictures made to do harm, and pictures that were harmed: in confined parsers each is read, or refused in a line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from passagework.ingest.loaders import LoadOptions, OcrMode
from passagework.ingest.loaders.ocr.bounds import OCR_MEMORY
from passagework.ingest.workers import LoadRequest, ParserPool
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document
from tests.ingest.test_loader_pictures import bomb
from tests.support.picture_files import Words, encoded, page, scanned_pdf

pytestmark = [pytest.mark.faults, pytest.mark.slow]

BOATS: Words = ((40, 60, 32, "The second page is about boats."),)
KINDS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "")
READ = LoadOptions(ocr=OcrMode.AUTO)


def outcomes(paths: list[Path], *, memory: int = 768 << 20, model_memory: int = OCR_MEMORY) -> dict[str, str]:
    """For each file its text, or `!` and the reason; in one confined parser after another."""
    found: dict[str, str] = {}
    with ParserPool(2, timeout=60, memory_limit=memory, model_memory=model_memory) as pool:
        for loaded in pool.load_all(LoadRequest(path, READ) for path in paths):
            name = loaded.request.path.name
            try:
                found[name] = "".join(item.text for item in loaded.items if isinstance(item, Document))
            except IngestError as error:
                found[name] = f"!{error}"
    return found


def picture_pdf(width: int, height: int, data: bytes = b"x" * 100) -> bytes:
    """A PDF of one page that shows a picture of so many pixels, of which the file has only some bytes."""
    content = b"q 500 0 0 700 50 50 cm /I Do Q"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>"
        b"stream\n%s\nendstream" % (width, height, len(data), data),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def test_bombs_cost_themselves_alone(tmp_path: Path) -> None:
    """Pictures that claim billions of pixels, by themselves and in a PDF; the next file is read by the same parsers."""
    files = {
        "a.png": bomb(60_000, 60_000),
        "b.png": bomb(2_000_000_000, 2),
        "c.pdf": picture_pdf(60_000, 60_000),
        "d.bmp": b"BM" + bytes(12) + (40).to_bytes(4, "little") + (60_000).to_bytes(4, "little") * 2 + bytes(28),
        "good.png": encoded(page(BOATS, height=200), "PNG"),
        "good.pdf": scanned_pdf([page(BOATS, height=200)]),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = outcomes([tmp_path / name for name in files])
    assert found.pop("good.png") == found.pop("good.pdf") == BOATS[0][3]
    assert found["a.png"] == found["b.png"] == "!too large a picture: more than 150,000,000 pixels"
    assert found["c.pdf"].startswith("!scanned: 0 of 1 page has text")
    assert found["d.bmp"].startswith("!")


def test_damaged_pictures_are_read_or_refused_in_a_line(tmp_path: Path) -> None:
    """Bytes turned, cut out and cut off in each format: nothing hangs, and no parser dies of it."""
    chance = random.Random(18)
    paths = []
    for kind, suffix in zip(KINDS, ("png", "jpg", "tif", "webp", "bmp", "pdf"), strict=True):
        image = page(BOATS, width=600, height=200)
        whole = encoded(image, kind) if kind else scanned_pdf([image])
        for number in range(8):
            data = bytearray(whole)
            for _ in range(chance.choice((1, 3, 30))):
                data[chance.randrange(min(len(data), chance.choice((40, 400, len(data)))))] = chance.randrange(256)
            if number % 3 == 0:
                data = data[: chance.randrange(10, len(data))]
            paths.append(tmp_path / f"{number}.{suffix}")
            paths[-1].write_bytes(data)
    found = outcomes(paths)
    assert len(found) == len(paths)
    for name, text in found.items():
        assert "died" not in text, (name, text)
        assert "took longer" not in text, (name, text)
        if text.startswith("!"):
            assert "\n" not in text, name
            assert 5 < len(text) <= 301, (name, text)


def test_a_parser_with_too_little_memory_says_so(tmp_path: Path) -> None:
    """A limit that the models don't fit in costs the pictures, not the run."""
    (tmp_path / "a.png").write_bytes(encoded(page(BOATS, height=200), "PNG"))
    (tmp_path / "b.txt").write_text("The bell is rung in fog.")
    found = outcomes([tmp_path / "a.png", tmp_path / "b.txt"], model_memory=0)
    assert found["b.txt"] == "The bell is rung in fog."
    assert found["a.png"].startswith("!")
