"""What an ingest reads by OCR: as it is asked, as far as it is installed, again where it was asked otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from passagework import Collection
from passagework.ingest import OcrMode, Progress, Report, ingest
from passagework.ingest.loaders.ocr import installed
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Ocr
from tests.support.fakes import FakeEncoder
from tests.support.picture_files import LETTER, Words, encoded, page, scanned_pdf

pytestmark = pytest.mark.slow

LAMP = LETTER[1][3]
BOATS: Words = ((120, 140, 32, "The second page is about boats."),)
ENCODER = FakeEncoder()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A note, a scan, and a picture of text."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "note.txt").write_text("The bell is rung in fog.")
    (folder / "scan.pdf").write_bytes(scanned_pdf([page()]))
    (folder / "boats.png").write_bytes(encoded(page(BOATS), "PNG"))
    return folder


def run(docs: Path, ocr: OcrMode | str = OcrMode.AUTO) -> Report:
    """Brings the collection beside the folder up to date."""
    return ingest(docs, docs.parent / "c", encoder=ENCODER, ocr=ocr)


def paths(docs: Path) -> Sequence[str]:
    """The documents of the collection."""
    with Collection.open(docs.parent / "c", encoder=ENCODER) as collection:
        return [row.path for row in collection.documents()]


def read_count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that parsers are asked for from now on."""
    from passagework.ingest.workers import process

    asked: list[str] = []
    ordinary = process.ParserProcess.request

    def request(self: process.ParserProcess, path: Path, options: object) -> int:
        asked.append(path.name)
        return ordinary(self, path, options)  # type: ignore[arg-type]

    monkeypatch.setattr(process.ParserProcess, "request", request)
    return asked


def test_scans_and_pictures_are_found_and_say_so(docs: Path) -> None:
    """A hit that OCR read says how surely, in its JSON too; another says nothing of it. So do citations."""
    assert run(docs).added == 3
    with Collection.open(docs.parent / "c", encoder=ENCODER) as collection:
        hits = {hit.path: hit for hit in collection.search("lamp", k=10, stage="dense", copies="keep")}
        context = collection.context("lamp", max_tokens=500, stage="dense", min_relevance=0)
    scan, note = hits["scan.pdf"], hits["note.txt"]
    assert LAMP in scan.text
    assert scan.ocr is not None
    assert 0.9 < scan.ocr.confidence <= 1
    assert scan.to_json()["ocr"] == {"confidence": round(scan.ocr.confidence, 3)}
    assert note.ocr is None
    assert "ocr" not in note.to_json()
    assert {citation.path: citation.ocr is not None for citation in context.citations} == {
        "note.txt": False,
        "scan.pdf": True,
        "boats.png": True,
    }
    assert ["ocr" in citation.to_json() for citation in context.citations] == [
        citation.ocr is not None for citation in context.citations
    ]


def test_never_reads_no_picture_and_auto_reads_them_later(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice is part of what decides whether a file is read again; one that can't hold pictures is left alone."""
    report = run(docs, "never")
    assert (report.added, [problem.path for problem in report.failed]) == (1, ["scan.pdf"])
    assert [(unread.type, unread.way_out) for unread in report.unread] == [(".png", "left out by --ocr never")]
    asked = read_count(monkeypatch)
    report = run(docs)
    assert (report.added, report.unchanged, report.failed) == (2, 1, [])
    assert sorted(asked) == ["boats.png", "scan.pdf"]
    asked.clear()
    assert (run(docs).unchanged, asked) == (3, [])
    assert (run(docs, "always").unchanged, sorted(asked)) == (3, ["boats.png", "scan.pdf"])


def test_a_page_of_a_file_that_is_read_in_part_is_read_later(tmp_path: Path) -> None:
    """The file had text, so it was done; with OCR it has more."""
    from tests.ingest.test_loader_pdf_scans import mixed

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.pdf").write_bytes(mixed("A page of text that is long enough to be one.", page(BOATS)))
    report = run(tmp_path / "docs", "never")
    assert [note.reason for note in report.notes] == ["no text on page 2 of 2"]
    assert [note.reason for note in run(tmp_path / "docs", "never").notes] == ["no text on page 2 of 2"]
    report = run(tmp_path / "docs")
    assert (report.updated, report.notes) == (1, [])
    report = run(tmp_path / "docs", "never")
    assert (report.updated, [note.reason for note in report.notes]) == (1, ["no text on page 2 of 2"])


def test_a_picture_without_text_is_looked_at_once(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped with its reason at every run, as other files without text are, but not read again for it."""
    (docs / "sky.png").write_bytes(encoded(page([]), "PNG"))
    (docs / "moved").mkdir()
    for _ in range(2):
        report = run(docs)
        assert [(problem.path, problem.reason) for problem in report.skipped] == [
            ("sky.png", "no text in the picture, as far as OCR can tell")
        ]
        asked = read_count(monkeypatch)
    assert asked == []
    (docs / "scan.pdf").rename(docs / "moved" / "scan.pdf")
    assert (run(docs).moved, asked) == (1, [])
    (docs / "moved" / "scan.pdf").rename(docs / "scan.pdf")
    assert (run(docs, "always").moved, sorted(asked)) == (1, ["boats.png", "scan.pdf", "sky.png"])


def test_without_the_extra_auto_tells_and_keeps(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read where it was installed stays; new pictures are named with what to install; `always` refuses."""
    run(docs)
    monkeypatch.setattr(installed, "missing_modules", lambda extra: ("rapidocr",))
    (docs / "more.jpg").write_bytes(encoded(page(BOATS), "JPEG"))
    report = run(docs)
    assert (report.unchanged, report.failed) == (2, [])
    way_out = 'pip install "passagework[ocr]" has them read'
    assert {(unread.type, unread.files, unread.way_out) for unread in report.unread} == {
        (".jpg", 1, way_out),
        (".png", 1, way_out),
    }
    assert sorted(paths(docs)) == ["boats.png", "note.txt", "scan.pdf"]
    from passagework.retrieval import extras

    monkeypatch.setattr(extras, "missing_modules", lambda extra: ("rapidocr",))
    with pytest.raises(ConfigError, match=r'rapidocr, for pictures of text, isn\'t installed: pip install "passage'):
        run(docs, "always")
    with pytest.raises(ConfigError, match="ocr is 'sometimes': give one of auto, always, never"):
        run(docs, "sometimes")


def test_progress_tells_the_pages_of_a_scan(tmp_path: Path) -> None:
    """A long scan is one file of many pages, and as much of its bytes are done as of its pages."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.pdf").write_bytes(scanned_pdf([page(BOATS), page(BOATS)]))
    told: list[Progress] = []
    ingest(tmp_path / "docs", tmp_path / "c", encoder=ENCODER, progress=told.append)
    size = (tmp_path / "docs" / "a.pdf").stat().st_size
    steps = [(each.parts_read, each.parts_to_read, each.bytes_read) for each in told if each.parts_to_read]
    assert list(dict.fromkeys(steps)) == [(0, 2, 0), (1, 2, size // 2), (2, 2, size)]


def test_a_collection_s_confidence_outlives_export_and_rebuild(docs: Path) -> None:
    """Words, boxes and confidence travel with the documents, and the files are not read again for want of them."""
    from passagework.ingest import export_collection, import_collection, rebuild

    pytest.importorskip("pyarrow", reason='pip install "passagework[export]"')
    run(docs)
    base = docs.parent
    export_collection(base / "c", base / "out")
    import_collection(base / "out", base / "again")
    rebuild(base / "c", encoder=ENCODER, whole=True)
    for name in ("c", "again"):
        with Collection.open(base / name, encoder=ENCODER) as collection:
            assert {source.path: source.read_by for source in collection.sources()} == {
                "note.txt": "never",
                "boats.png": "auto",
                "scan.pdf": "auto",
            }
            hits = collection.search("lamp", k=10, stage="dense", copies="keep")
            read = {hit.path: isinstance(hit.ocr, Ocr) for hit in hits}
            assert read == {"note.txt": False, "boats.png": True, "scan.pdf": True}
            (row,) = collection.documents_named(["scan.pdf"])["scan.pdf"]
            document = collection.document(row.id)
            assert [document.text[span.start : span.end] for span in document.ocr] == document.text.split()
            assert all(span.box is not None for span in document.ocr)


def test_an_export_of_before_there_was_ocr_is_imported(tmp_path: Path) -> None:
    """Its files lack the columns; nothing of them was read by OCR."""
    from passagework.ingest import export_collection, import_collection

    parquet = pytest.importorskip("pyarrow.parquet", reason='pip install "passagework[export]"')
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.txt").write_text("The bell is rung in fog.")
    run(tmp_path / "docs")
    export_collection(tmp_path / "c", tmp_path / "out")
    for path in (tmp_path / "out").glob("*.parquet"):
        table = parquet.read_table(path)
        facts = {**json.loads(table.schema.metadata[b"passagework"]), "format": 4}
        kept = table.drop_columns(
            [name for name in ("surroundings", "injection", "masked", "ocr") if name in table.column_names]
        )
        parquet.write_table(
            kept.replace_schema_metadata({b"passagework": json.dumps(facts, ensure_ascii=False).encode()}),
            path,
            write_page_checksum=True,
        )

    import_collection(tmp_path / "out", tmp_path / "again")
    with Collection.open(tmp_path / "again", encoder=ENCODER) as collection:
        assert [(source.path, source.read_by) for source in collection.sources()] == [("note.txt", "never")]
        assert collection.search("bell", k=1, stage="dense")[0].ocr is None
