"""Compressed texts, names without a suffix, variants of names, and workbooks of Excel 97."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from passagework.ingest.loaders import compressed, supported
from passagework.ingest.loaders.formats import Format, named_format
from passagework.retrieval.errors import IngestError
from tests.support.every_format import OLD_WORKBOOK
from tests.support.loaded_files import documents, only, written


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compressed_texts_are_read_as_what_they_are(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    """Under the name that they have without, and by the loader of that."""
    document = written(tmp_path, f"a.md.{suffix}", pack("# Über\n\nText.\n".encode("utf-16")))
    assert (document.title, document.media_type) == ("Über", "text/markdown")
    rows = documents(tmp_path, f"b.csv.{suffix}", pack(b"bird,count\nauk,3\ntern,4\n"))
    assert [row.text for row in rows] == ["bird: auk\ncount: 3", "bird: tern\ncount: 4"]
    for data, reason in ((pack(b"x" * 5000)[:-9], "damaged or truncated"), (b"plain", "damaged or truncated")):
        with pytest.raises(IngestError, match=reason):
            written(tmp_path, f"c.txt.{suffix}", data)
    with pytest.raises(IngestError, match="empty file"):
        written(tmp_path, f"d.txt.{suffix}", pack(b""))


def test_what_inflates_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a bound that is looked at while it inflates."""
    monkeypatch.setattr(compressed, "MOST", 4 << 20)
    with pytest.raises(IngestError, match="expands to more than 4 MiB: refused"):
        written(tmp_path, "a.txt.gz", gzip.compress(b" " * (5 << 20)))


def test_names_promise_formats() -> None:
    """Suffixes in any case, behind one of a compression, and names that go without."""
    expected = {
        "a.DOCM": Format.DOCX, "a.dotx": Format.DOCX, "a.ppsx": Format.PPTX, "a.potx": Format.PPTX,
        "a.xlsm": Format.XLSX, "a.xltx": Format.XLSX, "a.Rmd": Format.MARKDOWN, "a.mkd": Format.MARKDOWN,
        "a.tab": Format.TSV, "a.psv": Format.CSV, "a.json.gz": Format.JSON, "README": Format.TEXT,
        "Makefile": Format.CODE, "CMakeLists.txt": Format.CODE, "a.tar.gz": None, "a.pdf.gz": None, "a.docx.xz": None,
        "a.txt.gz.bz2": None, "a.gz": Format.TEXT, "a.doc": None, "cur/17.M1.host:2,S": Format.EML,
        "x/17.M1.host": None,
    }  # fmt: skip
    assert {name: named_format(Path(name)) for name in expected} == expected


def test_files_without_a_suffix_are_read_where_they_are_text(tmp_path: Path) -> None:
    """Those that begin as text, a PDF or an office file; binary ones are passed over."""
    for name, data, takes in (
        ("LICENSE", b"Free.\n", True), ("wide", "Wide".encode("utf-16"), True), ("blob", b"\x7fELF\x02\x00", False),
        ("zeros", b"ab\x00\x01", False), ("none", b"", True),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        assert supported(tmp_path / name) is takes, name
    assert only(tmp_path / "LICENSE").text == "Free.\n"
    assert only(tmp_path / "wide").text == "Wide"


def test_old_workbooks(tmp_path: Path) -> None:
    """Values as Excel shows them, merged cells repeated, hidden columns, sheets and colours marked."""
    document = written(tmp_path, "a.xls", OLD_WORKBOOK)
    assert document.text == (
        "## Prices\n\n| Item | Cost | Share | Date | Secret |\n| --- | --- | --- | --- | --- |\n"
        "| Café nut | 1,234.50 | 7.5% | 2024-03-01 | s3cret |\n| white words | 7 |  |  |  |\n| merged | 1 |  |  |  |\n"
        "| merged | 2 |  |  |  |\n\n## Lost\n\nunseen sheet"
    )
    assert [(document.text[s.start : s.end], s.reason.value) for s in document.hidden] == [
        ("Secret", "invisible"), ("s3cret", "invisible"), ("white words", "background colour"),
        ("## Lost\n\nunseen sheet", "invisible"),
    ]  # fmt: skip
    assert document.tables[0].columns == "Item | Cost | Share | Date | Secret"
    assert written(tmp_path, "b.xlsx", OLD_WORKBOOK).media_type == "application/vnd.ms-excel"


def test_what_goes_by_the_name_of_an_old_workbook(tmp_path: Path) -> None:
    """HTML and tables of tabs, as web applications write them; a truncated one is damaged."""
    page = "<table><tr><th>Item</th><th>Cost</th></tr><tr><td>Nut</td><td>3</td></tr></table>"
    assert written(tmp_path, "a.xls", page).text == "| Item | Cost |\n| Nut | 3 |"
    assert documents(tmp_path, "b.xls", "Item\tCost\nNut\t3\nFig\t4\n")[0].text == "Item: Nut\nCost: 3"
    for data in (OLD_WORKBOOK[:2000], OLD_WORKBOOK[:700]):
        with pytest.raises(IngestError, match="damaged"):
            written(tmp_path, "c.xls", data)
