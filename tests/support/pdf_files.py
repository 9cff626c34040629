"""PDFs made for a test: whole documents by fpdf2, or single pages drawn by hand where every glyph matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, NumberObject, PdfObject, StreamObject

from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.loaders.pdf.pdf import load_pdf
from passagework.retrieval.types import Document


def load(path: Path, *, password: str | None = None) -> Document:
    """The one document of a PDF."""
    [document] = load_pdf(path, LoadOptions(pdf_password=password))
    assert isinstance(document, Document)
    return document


def slices(document: Document) -> list[str]:
    """The text of each page, cut from the document's."""
    return [document.text[page.start : page.end] for page in document.pages]


def written(path: Path, data: bytes) -> Path:
    """The path, with the bytes in it."""
    path.write_bytes(data)
    return path


def typed(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of pages of lines, where an empty line leaves a gap; uncompressed, so that tests can damage it."""
    pdf = FPDF()
    pdf.set_compression(False)
    for lines in pages:
        pdf.add_page()
        pdf.set_font("Helvetica", size=12)
        for line in lines:
            pdf.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def drawn(content: str, *, meaning: Mapping[str, str] | None = None, rotate: int = 0, font: str = "Helvetica") -> bytes:
    """One page that executes `content`, in which /F1 is a font that PDF readers have.

    `meaning` gives characters another Unicode value than their own, as hexadecimal UTF-16.
    """
    writer = PdfWriter()
    page = writer.add_blank_page(612, 792)
    shown = _dictionary(Type="/Font", Subtype="/Type1", BaseFont=f"/{font}", Encoding="/WinAnsiEncoding")
    if meaning:
        shown[NameObject("/ToUnicode")] = writer._add_object(_stream(_cmap(meaning)))
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(shown)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    page[NameObject("/Contents")] = writer._add_object(_stream(content))
    page[NameObject("/Rotate")] = NumberObject(rotate)
    return saved(writer)


def lines(*texts: str, leading: float = 14) -> str:
    """Content that shows the texts one a line, `leading` points apart; they may hold no parentheses."""
    shown = f" 0 -{leading} Td ".join(f"({text}) Tj" for text in texts)
    return f"BT /F1 12 Tf 72 700 Td {shown} ET"


def placed(x: float, y: float, text: str, size: float = 11) -> str:
    """Content that shows a text at a place of the page."""
    return f"BT /F1 {size:g} Tf {x} {y} Td ({text}) Tj ET "


def copied(data: bytes) -> PdfWriter:
    """A writer that holds the PDF, to be changed and saved."""
    return PdfWriter(clone_from=PdfReader(BytesIO(data)))


def saved(writer: PdfWriter) -> bytes:
    """The writer's PDF."""
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _dictionary(**names: str) -> DictionaryObject:
    entries: dict[PdfObject, PdfObject] = {NameObject(f"/{key}"): NameObject(name) for key, name in names.items()}
    return DictionaryObject(entries)


def _stream(content: str) -> StreamObject:
    stream = StreamObject()
    stream.set_data(content.encode("latin-1"))
    return stream


def _cmap(meaning: Mapping[str, str]) -> str:
    pairs = "\n".join(f"<{ord(character):02X}> <{units}>" for character, units in meaning.items())
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{len(meaning)} beginbfchar\n{pairs}\nendbfchar\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    )
