"""Rich text: paragraphs, headings, lists, tables and notes; code pages and Unicode; hidden text marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.errors import IngestError
from tests.support.loaded_files import written

HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Times;}{\f2\fcharset128 MS;}}"
    r"{\colortbl;\red0\green0\blue0;\red255\green255\blue255;}"
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s7 heading 2;}}"
    r"{\info{\title The Report}{\author Ada}}{\*\generator Word;}"
)


def test_text_and_its_structure(tmp_path: Path) -> None:
    """Headings by style or outline level, list numbers as shown, links by their text, notes and headers behind."""
    body = (
        r"{\header Acme\par}\pard\s1 First\par\pard\s7 Second\par\pard Text{\super 2} here{\footnote A note.}. "
        r"{\field{\*\fldinst HYPERLINK x}{\fldrslt a link}}\par"
        r"\pard{\listtext\tab 1.\tab}one\par{\listtext\tab 2.\tab}two\line more\par"
        r"{\pict\pngblip 89504e470d0a}{\*\unknown stuff}\pard\outlinelevel2 Third\par}"
    )
    document = written(tmp_path, "a.rtf", HEAD + body)
    assert document.text == (
        "# First\n\n## Second\n\nText^2 here. a link\n\nNote: A note.\n\n1.\tone\n\n2.\ttwo\nmore\n\n### Third\n\nAcme"
    )
    assert [(h.level, h.title) for h in document.headings] == [(1, "First"), (2, "Second"), (3, "Third")]
    assert (document.title, document.metadata, document.notes) == ("The Report", {"author": "Ada"}, ())


def test_characters_of_all_kinds(tmp_path: Path) -> None:
    """Code pages of fonts, several bytes a character, Unicode with its fallback, surrogates, and signs."""
    body = (
        r"Caf\'e9 5\u8364? \u-10179\'3f\u-8704\'3f \f1\'cf\'f0\'e8\f0  \f2\'93\'fa\'96\'7b\f0  a\~b\_c\emdash d"
        r"\rquote s {\uc2 \u233xxz}\{\}\\\par}"
    )
    assert written(tmp_path, "a.rtf", HEAD + body).text == "Café 5€ 😀 При 日本 a\u00a0b\u2011c—d’s éz{}\\"


def test_text_that_nobody_sees(tmp_path: Path) -> None:
    r"""`\v`, white, tiny; white on black is seen; what tracked changes deleted is gone."""
    body = r"A {\v secret }{\cf2 white }{\cf2\cb1 seen }{\fs1 tiny }{\deleted gone}end\par}"
    document = written(tmp_path, "a.rtf", HEAD + body)
    assert document.text == "A secret white seen tiny end"
    assert [(document.text[s.start : s.end], s.reason.value) for s in document.hidden] == [
        ("secret", "invisible"), ("white", "background colour"), ("tiny", "tiny"),
    ]  # fmt: skip


def test_tables_keep_their_columns(tmp_path: Path) -> None:
    """Cells by their edges, so that a wide one stands under its first column; cells that go on downwards repeat."""
    body = (
        r"Before\par\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Item\cell Price\cell Note\cell\row"
        r"\trowd\clvmgf\cellx1000\cellx3000\pard\intbl Nut\cell wide\par cell\cell\row"
        r"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\pard\intbl\cell 4\cell x\cell\row\pard After\par}"
    )
    document = written(tmp_path, "a.rtf", HEAD + body)
    assert document.text == (
        "Before\n\n| Item | Price | Note |\n| --- | --- | --- |\n| Nut | wide cell |  |\n| Nut | 4 | x |\n\nAfter"
    )
    assert document.tables[0].columns == "Item | Price | Note"


def test_a_file_without_its_end_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """With a note; under any name, for its content decides."""
    document = written(tmp_path, "a.txt", HEAD + r"Some text\par more")
    assert document.text == "Some text\n\nmore"
    assert document.media_type == "application/rtf"
    assert document.notes == ("it ends before it is complete",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"plain words", r"named \.rtf but isn't one"),
        (b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}}", "no text"),
        (b"{\\rtf1 " + b"{" * 20_000, "nested too deeply"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes, reason: str) -> None:
    """Each with its reason in a line."""
    path = tmp_path / "a.rtf"
    path.write_bytes(data)
    with pytest.raises(IngestError, match=reason):
        list(load(path, LoadOptions()))


def test_names_of_groups_and_text_off_the_line(tmp_path: Path) -> None:
    """A cell that reaches over others names them all; `\\up` raises as `\\super` does; blanks indent code."""
    first = r"\trowd\cellx1000\cellx3000 Site\cell 2030\cell\row"
    narrow = r"\trowd\cellx1000\cellx2000\cellx3000"
    others = rf"{narrow} \cell Plan\cell Done\cell\row{narrow} Alta\cell 5\cell 6\cell\row"
    text = r"\pard 10{\up6 6} cells\par if x:\par \~\~  y\par}"
    document = written(tmp_path, "a.rtf", rf"{HEAD}\pard\intbl {first}{others}{text}")
    assert document.tables[0].columns == "Site | 2030 Plan | 2030 Done"
    assert document.text.endswith("\n\n10^6 cells\n\nif x:\n    y")


def field(instruction: str, result: str = "") -> str:
    """A field as Word writes it."""
    return rf"{{\field{{\*\fldinst {instruction}}}{{\fldrslt {result}}}}}"


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (r"FORMTEXT {\*\formfield{\fftype0{\*\ffname N}{\*\ffdeftext Nobody}}}", "Ada"),
        (r"{\b FORMCHECKBOX }{\*\formfield{\fftype1\ffres1\ffdefres0}}", "☒"),
        (r"FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres0}}", "☐"),
        (r"FORMDROPDOWN {\*\formfield{\fftype2\ffres1{\*\ffl Spain}{\*\ffl France}}}", "France"),
    ],
)
def test_forms_show_what_was_chosen(tmp_path: Path, form: str, shown: str) -> None:
    """As in Word: what was typed, whether a box is checked, and which of a list was taken."""
    document = written(tmp_path, "a.rtf", HEAD + rf"\pard It is {field(form, 'Ada')}.\par {field('REF x', 'So')}.\par")
    assert document.text == f"It is {shown}.\n\nSo."


def test_numbers_of_pages_are_no_text(tmp_path: Path) -> None:
    """Nor is a line that says nothing else; where more is said, that is kept."""
    page, pages = field("PAGE", "3"), field("{NUMPAGES}", "12")
    margins = rf"{{\header Manual \chpgn\par}}{{\footer Page {page} of {pages}\par}}{{\footerf \chpgn\par}}"
    assert written(tmp_path, "a.rtf", rf"{HEAD}{margins}\pard Text\par").text == "Text\n\nManual"
