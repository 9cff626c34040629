"""Make the PDF and DOCX files of the sample collection from their text in data/sources.

    python data/make_sample.py [--out FOLDER]

The other files of data/sample are text and are edited where they are. A source is a small part of Markdown: front
matter, headings, paragraphs, lists of one level, tables with a header row. Same sources and libraries, same bytes.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path

import docx
import yaml
from fpdf import FPDF
from fpdf.enums import PageLabelStyle, XPos, YPos

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
OUTPUTS = {
    "brandt-operating-manual.md": "telescope/brandt-operating-manual.pdf",
    "detector-calibration-2025.md": "telescope/detector-calibration-2025.pdf",
    "energy-system.md": "facilities/energy-system.pdf",
    "operations-meeting-2025-04-02.md": "minutes/operations-meeting-2025-04-02.docx",
}
FONT = "helvetica"  # a core font: nothing to embed, and Latin-1 is all the sources need
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP entry can carry


@dataclass(frozen=True)
class Block:
    """One block of a source. `kind` is heading, paragraph, list or table; `level` is a heading's, from 1."""

    kind: str
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Source:
    """A parsed source: its front matter and its blocks in order."""

    meta: Mapping[str, str]
    blocks: tuple[Block, ...]

    @property
    def date(self) -> datetime:
        """Midnight UTC of the front matter's `date`: the only date that enters a file."""
        return datetime.strptime(self.meta["date"], "%Y-%m-%d").replace(tzinfo=timezone.utc)


def parse(text: str) -> Source:
    """Split a source into front matter and blocks; blank lines part the blocks."""
    _, front, body = text.split("---\n", 2)
    meta = {key: str(value) for key, value in yaml.safe_load(front).items()}
    return Source(meta, tuple(_block(chunk.strip()) for chunk in body.split("\n\n") if chunk.strip()))


def _block(chunk: str) -> Block:
    lines = chunk.splitlines()
    if chunk.startswith("#"):
        marks, title = chunk.split(" ", 1)
        return Block("heading", title, level=len(marks))
    if chunk.startswith("- "):
        return Block("list", items=tuple(line.removeprefix("- ") for line in lines))
    if chunk.startswith("|"):
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        return Block("table", rows=tuple(rows[:1] + rows[2:]))  # the second line is the rule under the header
    return Block("paragraph", " ".join(lines))


class _Pdf(FPDF):  # type: ignore[misc]  # to mypy fpdf is untyped, see pyproject.toml
    """A4 with the page's label at its foot, from the second page on."""

    def footer(self) -> None:
        if self.page_no() > 1:
            self.set_y(-15)
            self.set_font(FONT, size=9)
            self.cell(0, 8, self.get_page_label(), align="C")


def render_pdf(source: Source) -> bytes:
    """A PDF with outline and metadata: a cover (labelled i), the contents (ii), then the text from 1 on."""
    pdf = _Pdf(format="A4")
    pdf.set_margins(25, 22, 25)
    pdf.set_auto_page_break(auto=True, margin=24)
    pdf.set_title(source.meta["title"])
    pdf.set_author(source.meta["author"])
    pdf.set_subject(source.meta["subject"])
    pdf.set_keywords(source.meta["keywords"])
    pdf.set_creation_date(source.date)
    _cover(pdf, source)
    _contents(pdf, source)
    pdf.add_page(label_style=PageLabelStyle.NUMBER, label_start=1)
    for block in source.blocks:
        _draw(pdf, block)
    return bytes(pdf.output())


def _line(pdf: FPDF, height: float, text: str, *, size: float, style: str = "", align: str = "L") -> None:
    pdf.set_font(FONT, style=style, size=size)
    pdf.multi_cell(0, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _cover(pdf: FPDF, source: Source) -> None:
    pdf.add_page(label_style=PageLabelStyle.LOWER_ROMAN, label_start=1)
    pdf.set_y(90)
    _line(pdf, 12, source.meta["title"], size=24, style="B")
    pdf.ln(4)
    _line(pdf, 8, source.meta["subtitle"], size=14)
    pdf.ln(20)
    _line(pdf, 6, source.meta["author"], size=11)
    _line(pdf, 6, f"Kestrel Ridge Observatory, {source.date.day} {source.date:%B %Y}", size=11)


def _contents(pdf: FPDF, source: Source) -> None:
    pdf.add_page()
    _line(pdf, 10, "Contents", size=16, style="B")
    pdf.ln(3)
    for block in source.blocks:
        if block.kind == "heading":
            indent = "      " * (block.level - 1)
            _line(pdf, 5.5, indent + block.text, size=10, style="B" if block.level == 1 else "")


def _draw(pdf: FPDF, block: Block) -> None:
    if block.kind == "heading":
        room_needed = pdf.h / 2 if block.level == 1 else 60  # a heading is never the last thing on a page
        if pdf.get_y() > pdf.h - room_needed:
            pdf.add_page()
        pdf.ln(4 if block.level == 1 else 2)
        pdf.set_font(FONT, style="B", size=16 if block.level == 1 else 12)
        pdf.start_section(block.text, level=block.level - 1)
        _line(pdf, 8, block.text, size=16 if block.level == 1 else 12, style="B")
    elif block.kind == "list":
        for item in block.items:
            _line(pdf, 5.5, f"- {item}", size=10.5)
    elif block.kind == "table":
        pdf.set_font(FONT, size=9)
        pdf.ln(1)
        widths = tuple(min(max(8, *map(len, column)), 60) for column in zip(*block.rows, strict=True))
        with pdf.table(block.rows, col_widths=widths, text_align="LEFT", line_height=5):
            pass
    else:
        _line(pdf, 5.5, block.text, size=10.5)
    pdf.ln(2)


def render_docx(source: Source) -> bytes:
    """A DOCX with heading styles, lists, tables and core properties; every date in it is the source's."""
    document = docx.Document()
    properties = document.core_properties
    properties.title = source.meta["title"]
    properties.author = properties.last_modified_by = source.meta["author"]
    properties.subject = source.meta["subject"]
    properties.keywords = source.meta["keywords"]
    properties.comments = ""
    properties.created = properties.modified = source.date.replace(tzinfo=None)
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level)
        elif block.kind == "list":
            for item in block.items:
                document.add_paragraph(item, style="List Bullet")
        elif block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(block.text)
    buffer = BytesIO()
    document.save(buffer)
    return _undated(buffer.getvalue())


def _undated(archive: bytes) -> bytes:
    """The same ZIP with every entry dated alike."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return buffer.getvalue()


def main() -> None:
    """Write every output below `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "sample", help="folder to write into (data/sample)")
    out: Path = parser.parse_args().out
    for name, target in OUTPUTS.items():
        source = parse((SOURCES / name).read_text(encoding="utf-8"))
        render = render_docx if target.endswith(".docx") else render_pdf
        path = out / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(source))
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
