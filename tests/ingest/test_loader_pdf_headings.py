"""Headings of PDFs that have no outline: by the file's own tags, else by the size and the weight of letters."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, NameObject, NumberObject

from passagework.retrieval.types import Heading
from tests.support.pdf_files import copied, drawn, load, placed, saved, written

TEXT = ["The pump stands in the hall beside the gate, and is", "cleaned each month by whoever is on duty that day."]


def tagged(kinds: list[str], shown: list[str], roles: dict[str, str] | None = None) -> bytes:
    """A page of lines of one size, each an element of the file's structure."""
    content = "".join(
        f"/{kind} <</MCID {mark}>> BDC {placed(60, 700 - 20 * mark, text)}EMC "
        for mark, (kind, text) in enumerate(zip(kinds, shown, strict=True))
    )
    writer = copied(drawn(content))
    root = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
    root_reference, page = writer._add_object(root), writer.pages[0]
    elements = ArrayObject()
    for mark, kind in enumerate(kinds):
        element = {"/Type": NameObject("/StructElem"), "/S": NameObject(f"/{kind}"), "/K": NumberObject(mark)}
        made = DictionaryObject({NameObject(key): given for key, given in element.items()})
        made[NameObject("/P")] = root_reference
        assert page.indirect_reference is not None
        made[NameObject("/Pg")] = page.indirect_reference
        elements.append(writer._add_object(made))
    root[NameObject("/K")] = elements
    numbers = ArrayObject([NumberObject(0), elements])
    root[NameObject("/ParentTree")] = DictionaryObject({NameObject("/Nums"): numbers})
    names = {NameObject(f"/{own}"): NameObject(f"/{standard}") for own, standard in (roles or {}).items()}
    root[NameObject("/RoleMap")] = DictionaryObject(names)
    page[NameObject("/StructParents")] = NumberObject(0)
    writer.root_object[NameObject("/StructTreeRoot")] = root_reference
    writer.root_object[NameObject("/MarkInfo")] = DictionaryObject({NameObject("/Marked"): BooleanObject(True)})
    return saved(writer)


def test_tags_name_headings(tmp_path: Path) -> None:
    """Levels are the tags', whatever the letters look like."""
    data = tagged(["H1", "P", "H2", "P"], ["Pump manual", "Read this first.", "Bearings", "Use the puller."])
    assert list(load(written(tmp_path / "a.pdf", data)).headings) == [
        Heading(1, "Pump manual", 0, 11),
        Heading(2, "Bearings", 29, 37),
    ]


def test_tags_of_the_files_own_names(tmp_path: Path) -> None:
    """A role map says which of the standard's tags another stands for."""
    data = tagged(["Chapter", "Body"], ["Pumps", "They pump."], {"Chapter": "H3", "Body": "P"})
    assert list(load(written(tmp_path / "a.pdf", data)).headings) == [Heading(3, "Pumps", 0, 5)]


def typeset(*lines: tuple[str, float, str]) -> bytes:
    """A page of lines, each with its size and style."""
    pdf = FPDF()
    pdf.add_page()
    y = 20.0
    for text, size, style in lines:
        pdf.set_font("Helvetica", style=style, size=size)
        y += size * 0.5 + (1 if style or size > 11 else 0)
        pdf.text(20, y, text)
    return bytes(pdf.output())


def body(times: int = 3) -> list[tuple[str, float, str]]:
    """Lines of text."""
    return [(line, 11, "") for _ in range(times) for line in TEXT]


def test_size_tells_headings_and_their_levels(tmp_path: Path) -> None:
    """The larger, the higher; a heading of two lines is one."""
    data = typeset(
        ("Pumps and", 20, ""),
        ("their gates", 20, ""),
        *body(),
        ("Bearings", 14, ""),
        *body(),
        ("Seals", 14, ""),
        *body(),
    )
    found = [(head.level, head.title) for head in load(written(tmp_path / "a.pdf", data)).headings]
    assert found == [(1, "Pumps and their gates"), (2, "Bearings"), (2, "Seals")]


def test_weight_tells_headings_where_size_does_not(tmp_path: Path) -> None:
    """A bold line above text is a heading; bold sentences, dates and amounts are none."""
    data = typeset(
        ("Bearings", 11, "B"),
        *body(),
        ("They are sealed for good.", 11, "B"),
        *body(),
        ("December 31, 2030", 11, "B"),
        *body(),
    )
    assert [head.title for head in load(written(tmp_path / "a.pdf", data)).headings] == ["Bearings"]


@pytest.mark.parametrize("lines", [body(), [(line, 20, "B") for line in TEXT], [("12", 30, ""), *body()]])
def test_what_does_not_stand_out_is_no_heading(tmp_path: Path, lines: list[tuple[str, float, str]]) -> None:
    """Plain text, a page all of whose text is large, and a large number."""
    assert list(load(written(tmp_path / "a.pdf", typeset(*lines))).headings) == []
