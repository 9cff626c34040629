"""Office files and books made to harm: each costs itself alone, in bounded time and memory, and says why."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.hostile_archives import (
    DECLARED,
    MAIN,
    PASSWD,
    SPREADSHEET,
    declaring,
    endless_book,
    lying,
    nested,
    overlapping,
    packed,
    sample,
    sheet,
)
from tests.support.hostile_run import GOOD, Outcome, run
from tests.support.stored_texts import stored_texts

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited, and read through /proc, on Linux"),
]

KINDS = ("docx", "pptx", "xlsx", "epub")
SHEET = "xl/worksheets/sheet1.xml"
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
SHARED_RELATION = (
    b'<Relationship Id="rId99" Target="sharedStrings.xml" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/>'
)
ENTITIES = "declares a document type, as attacks do: refused|begins with more than 64 KiB of remarks: refused"
SECONDS = 60.0
"""For all files together, on a busy machine; on a quiet one they take ten."""


def _archives(folder: Path) -> None:
    """Bombs, lies and odd names."""
    members = {kind: sample(kind, folder.parent / "samples") for kind in KINDS}
    zeros = bytes(70 << 20)
    for kind in KINDS:
        (folder / f"ratio.{kind}").write_bytes(packed([*members[kind].items(), ("media/zeros.bin", zeros)], level=9))
    many = [*members["docx"].items(), *((f"media/{n}", b"") for n in range(20_001))]
    (folder / "members.docx").write_bytes(packed(many, level=1))
    text = {**members["docx"], MAIN["docx"]: b"<a>" + b" " * (40 << 20) + b"</a>"}
    (folder / "understated.docx").write_bytes(lying(packed(text.items()), MAIN["docx"], size=2_000))
    (folder / "overstated.docx").write_bytes(lying(packed(members["docx"].items()), MAIN["docx"], size=60 << 20))
    (folder / "overlapping.docx").write_bytes(overlapping(members["docx"], times=15_000, size=10 << 20))
    inner = nested(levels=4, size=10 << 20)
    (folder / "nested.docx").write_bytes(packed([*members["docx"].items(), ("word/embeddings/a.zip", inner)]))
    (folder / "twice.docx").write_bytes(packed([*members["docx"].items(), (MAIN["docx"], b"<not-xml")]))
    odd: tuple[str, ...] = ("../../escaped.txt", "/tmp/escaped.txt", "C:\\escaped.txt", "media/../../../escaped.txt")
    odd += ("a\x1b[2J\n\u202eb", "x" * 60_000)
    for kind in KINDS:
        (folder / f"names.{kind}").write_bytes(packed([*members[kind].items(), *((name, b"x") for name in odd)]))
    (folder / "prefixed.docx").write_bytes(b"MZ" + bytes(500) + packed(members["docx"].items()))
    (folder / "empty.docx").write_bytes(packed([]))
    chapter = {**members["epub"], MAIN["epub"]: b"<p>" + bytes(60 << 20)}
    (folder / "understated.epub").write_bytes(lying(packed(chapter.items()), MAIN["epub"], size=3_000))


def _xml(folder: Path) -> None:
    """Entities that grow or reach out, as they are declared or hidden."""
    for kind in KINDS:
        members = sample(kind, folder.parent / "samples")
        for attack in DECLARED:
            plain = declaring(members, kind, attack)
            (folder / f"{attack}.{kind}").write_bytes(packed(plain.items()))
            hidden = declaring(members, kind, attack, behind=9_000)
            (folder / f"{attack}-hidden.{kind}").write_bytes(packed(hidden.items()))
            far = declaring(members, kind, attack, behind=90_000)
            (folder / f"{attack}-far.{kind}").write_bytes(packed(far.items()))
            wide = declaring(members, kind, attack, encoding="utf-16")
            (folder / f"{attack}-wide.{kind}").write_bytes(packed(wide.items()))
        deep = b"<a>" * 100_000 + b"x" + b"</a>" * 100_000
        (folder / f"deep.{kind}").write_bytes(packed({**members, MAIN[kind]: deep}.items()))


def _growing(folder: Path) -> None:
    """Small parts that become much: rows and columns that aren't there, and the same part read again and again."""
    members = sample("xlsx", folder.parent / "samples")
    cell = '<row r="{0}"><c r="XFD{0}" t="inlineStr"><is><t>lantern</t></is></c></row>'
    sheets = {
        "claimed": sheet(cell.format(1), dimension="A1:XFD1048576"),
        "million": sheet('<row r="1"><c r="ZZZZZ1"><v>1</v></c></row>'),
        "wide": sheet("".join(cell.format(number) for number in range(1, 300)), dimension="A1:XFD1048576"),
        "tall": sheet(cell.format(1_048_576)),
        "beyond": sheet('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'),
    }
    for name, xml in sheets.items():
        (folder / f"{name}.xlsx").write_bytes(packed({**members, SHEET: xml}.items()))
    shared = f'<sst xmlns="{SPREADSHEET}"><si><t>{"x" * 5_000_000}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 5_000))
    kinds = members["[Content_Types].xml"].replace(b"</Types>", SHARED_TYPE + b"</Types>")
    relations = members["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>", SHARED_RELATION + b"</Relationships>"
    )
    grown = {**members, "[Content_Types].xml": kinds, "xl/_rels/workbook.xml.rels": relations}
    grown |= {"xl/sharedStrings.xml": shared.encode(), SHEET: sheet(rows)}
    (folder / "shared.xlsx").write_bytes(packed(grown.items()))
    (folder / "endless.epub").write_bytes(endless_book(times=100_000, words=20_000))


FAMILIES: tuple[Callable[[Path], None], ...] = (_archives, _xml, _growing)
REFUSED = {
    "ratio.docx": "expands to more than 200 times its size: refused",
    "ratio.pptx": "expands to more than 200 times its size: refused",
    "ratio.xlsx": "expands to more than 200 times its size: refused",
    "ratio.epub": "expands to more than 200 times its size: refused",
    "members.docx": "an archive of 2.* members, more than 20000: refused",
    "understated.docx": "damaged zip archive",
    "understated.epub": "damaged zip archive",
    "overlapping.docx": "expands to more than 1024 MiB: refused|overlap",
    "twice.docx": "damaged .docx|Overlapped|twice",
    "prefixed.docx": "no zip archive",
    "empty.docx": "holds a zip archive",
    "shared.xlsx": "holds more than 200000000 characters of text: refused",
    "deep.docx": "its main part has no text",
    "deep.pptx": "no text",
}
READ = {
    "nested.docx": 1_000,
    "overstated.docx": 1_000,
    **dict.fromkeys(("names.docx", "names.pptx", "names.xlsx", "names.epub"), 1_000),
    **dict.fromkeys(("claimed.xlsx", "tall.xlsx", "wide.xlsx", "beyond.xlsx", "million.xlsx"), 10_000),
    "endless.epub": 200_000,
    "deep.epub": 1_000,
    "deep.xlsx": 1_000,
}
"""Those that are read, and how many characters they may come to at most."""


@pytest.fixture(scope="module", params=FAMILIES, ids=["archives", "xml", "growing"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A folder of such files, ingested."""
    base = tmp_path_factory.mktemp("hostile")
    (base / "docs").mkdir()
    request.param(base / "docs")
    return base, run(base)


def test_each_is_refused_or_read_for_what_it_holds(outcome: tuple[Path, Outcome]) -> None:
    """Whatever an archive claims: a reason that names it, or no more text than an ordinary file would give."""
    base, found = outcome
    assert found.seconds < SECONDS
    texts = stored_texts(base / "c")
    for name in sorted(path.name for path in (base / "docs").iterdir()):
        stem = name.partition(".")[0].partition("-")[0]
        if name in REFUSED or (stem in DECLARED and not name.endswith(".epub")):
            (reason,) = found.reasons[name]
            assert re.search(REFUSED.get(name, ENTITIES), reason), (name, reason)
            assert name not in texts
        elif name != GOOD:
            assert name not in found.reasons, found.reasons[name]
            assert 0 < len(texts[name]) <= READ.get(name, 20_000), name
            assert PASSWD not in texts[name]
