"""Rich Text Format to a document: Markdown without markup inside the lines, as of the other office files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.archive import damaged, given_title
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.parts import Part
from passagework.ingest.loaders.rtf.rtf_state import Destination
from passagework.ingest.loaders.rtf.rtf_text import RtfReader
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Json


def load_rtf(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document: paragraphs, lists, tables and notes. Raises IngestError where it is damaged or empty."""
    data = path.read_bytes()
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf"):
        raise IngestError("named .rtf but isn't one: it doesn't begin with {\\rtf")
    try:
        reader = RtfReader()
        reader.read(data)
    except (IngestError, MemoryError, RecursionError):
        raise
    except Exception as error:  # malformed groups lead to whatever they lead to
        raise damaged(path, error) from error
    part = _part(reader)
    if not part.text:
        raise NoTextError("no text")
    metadata: dict[str, Json] = {
        kind.value: value for kind, value in reader.info.items() if kind is not Destination.TITLE and value
    }
    yield Document(
        text=part.text,
        media_type=Format.RTF.value,
        title=given_title(reader.info.get(Destination.TITLE, "")) or first_title(part.headings),
        metadata=metadata,
        headings=part.headings,
        notes=() if reader.closed else ("it ends before it is complete",),
        hidden=part.hidden,
        tables=part.tables,
    )


def rtf_part(data: bytes) -> Part:
    """The text of a source with its structure."""
    reader = RtfReader()
    reader.read(data)
    return _part(reader)


def _part(reader: RtfReader) -> Part:
    writer = reader.writer
    text = writer.text()
    return Part(text, tuple(writer.headings), writer.hidden(text, whole_lines=False), tuple(writer.tables))
