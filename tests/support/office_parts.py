"""Office files for the tests, written part by part as XML, for what the libraries that make them can't say."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

NAMES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "cx": "http://schemas.microsoft.com/office/drawing/2014/chartex",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
    "x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "t": "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments",
}
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2017/10/relationships"


def part(name: str, inner: str, attributes: str = "") -> str:
    """A part whose root is `name`, with every namespace that the tests use."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMES.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} {spaces} {attributes}>{inner}</{name}>'


def led(*targets: tuple[str, str, str]) -> str:
    """A part's relations: the id, the kind and the target of each."""
    listed = "".join(
        f'<Relationship Id="{name}" Type="{kind if "/" in kind else f"{OFFICE}/{kind}"}" Target="{target}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if '://' in target else ''}/>"
        for name, kind, target in targets
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def package(path: Path, main: str, parts: Mapping[str, str | bytes]) -> Path:
    """An archive of parts whose root leads to `main`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", led(("rId1", "officeDocument", main)))
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def word_file(
    folder: Path, body: str, *targets: tuple[str, str, str], parts: Mapping[str, str | bytes] | None = None
) -> Path:
    """A Word file of a body; `targets` are what it leads to, beside the parts of the usual names."""
    usual = {"styles", "numbering", "footnotes", "endnotes", "comments", "settings"}
    own = parts or {}
    leads = [(f"u{name}", name, f"{name}.xml") for name in sorted(usual) if f"word/{name}.xml" in own]
    return package(
        folder / "a.docx",
        "word/document.xml",
        {
            "word/document.xml": part("w:document", f"<w:body>{body}</w:body>"),
            "word/_rels/document.xml.rels": led(*leads, *targets),
            **own,
        },
    )


def said(text: str, properties: str = "", run: str = "") -> str:
    """A Word paragraph of one run."""
    before = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    look = f"<w:rPr>{run}</w:rPr>" if run else ""
    return f'<w:p>{before}<w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def deck_file(folder: Path, shapes: str, *targets: tuple[str, str, str], parts: Mapping[str, str | bytes]) -> Path:
    """A presentation of one slide without a layout, which leads to `targets`."""
    tree = f"<p:cSld><p:spTree><p:nvGrpSpPr/><p:grpSpPr/>{shapes}</p:spTree></p:cSld>"
    return package(
        folder / "a.pptx",
        "ppt/presentation.xml",
        {
            "ppt/presentation.xml": part("p:presentation", '<p:sldIdLst><p:sldId id="256" r:id="s1"/></p:sldIdLst>'),
            "ppt/_rels/presentation.xml.rels": led(("s1", "slide", "slides/slide1.xml")),
            "ppt/slides/slide1.xml": part("p:sld", tree),
            "ppt/slides/_rels/slide1.xml.rels": led(*targets),
            **parts,
        },
    )


def shape(text: str, *, place: tuple[int, int, int, int] | None = None, held: str = "", paragraphs: str = "") -> str:
    """A shape of a slide: its text, its place in EMU, the placeholder that it is."""
    box = ""
    if place is not None:
        left, top, wide, high = place
        box = f'<a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
    kind = f'<p:ph type="{held}"/>' if held else ""
    inner = paragraphs or f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="S"/><p:cNvSpPr/><p:nvPr>{kind}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{box}</p:spPr><p:txBody><a:bodyPr/>{inner}</p:txBody></p:sp>"
    )


def book_file(
    folder: Path,
    sheets: Mapping[str, str],
    *,
    leads: Mapping[str, str] | None = None,
    parts: Mapping[str, str | bytes] | None = None,
    workbook: str = "",
) -> Path:
    """A workbook of sheets by their names, each the XML within its root; `leads` are the relations of some."""
    own: dict[str, str | bytes] = dict(parts or {})
    listed, led_to = "", []
    for number, (name, inner) in enumerate(sheets.items(), 1):
        listed += f'<x:sheet name="{name}" sheetId="{number}" r:id="s{number}"/>'
        led_to.append((f"s{number}", "worksheet", f"worksheets/sheet{number}.xml"))
        own[f"xl/worksheets/sheet{number}.xml"] = part("x:worksheet", inner)
        if leads and name in leads:
            own[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = leads[name]
    for kind in ("styles", "sharedStrings"):
        if any(name.lower() == f"xl/{kind}.xml".lower() for name in own):
            led_to.append((kind, kind, f"{kind}.xml"))
    if "xl/persons/person.xml" in own:
        led_to.append(("people", f"{MICROSOFT}/person", "persons/person.xml"))
    own["xl/workbook.xml"] = part("x:workbook", f"{workbook}<x:sheets>{listed}</x:sheets>")
    own["xl/_rels/workbook.xml.rels"] = led(*led_to)
    return package(folder / "a.xlsx", "xl/workbook.xml", own)


def rows(*listed: list[str | float | None]) -> str:
    """The rows of a sheet, texts inline."""
    written = ""
    for number, values in enumerate(listed, 1):
        cells = ""
        for column, value in enumerate(values):
            place = f"{chr(65 + column)}{number}"
            if isinstance(value, str):
                cells += f'<x:c r="{place}" t="inlineStr"><x:is><x:t>{value}</x:t></x:is></x:c>'
            elif value is not None:
                cells += f'<x:c r="{place}"><x:v>{value}</x:v></x:c>'
        written += f'<x:row r="{number}">{cells}</x:row>'
    return f"<x:sheetData>{written}</x:sheetData>"
