"""Jupyter notebooks (nbformat 3 and 4): texts with their headings, code as code, outputs as text; no pictures' data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import clean, read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.parts import Part, joined
from passagework.ingest.loaders.text.markdown import first_title, markdown_headings
from passagework.ingest.loaders.text.text_tables import barred_tables
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Heading, Json

LONGEST_OUTPUT = 20_000
"""Characters of one output; a note tells what is left out of longer ones."""

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FENCE = re.compile(r"`{3,}")


def load_notebook(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled by its first heading. Raises IngestError where it is no notebook, or says nothing."""
    decoded = read_text(path)
    try:
        notebook = json.loads(decoded.text)
    except json.JSONDecodeError as error:
        raise IngestError(f"not valid JSON ({error.msg} at line {error.lineno}, column {error.colno})") from error
    found = _cells(notebook)
    if found is None:
        raise IngestError("named .ipynb but isn't a notebook: it has no cells")
    language = _language(notebook)
    notes: list[str] = []
    body = joined(part for cell in found if isinstance(cell, dict) for part in _cell_parts(cell, language, notes))
    if not body.text:
        raise NoTextError("no text: its cells are empty")
    metadata: dict[str, Json] = {"language": language} if language else {}
    yield Document(
        text=body.text,
        media_type=Format.IPYNB.value,
        title=first_title(body.headings),
        metadata={**metadata, **decoded.metadata},
        headings=body.headings,
        notes=(*decoded.notes, *dict.fromkeys(notes)),
        hidden=body.hidden,
        tables=body.tables,
    )


def _cells(notebook: object) -> list[object] | None:
    if not isinstance(notebook, dict):
        return None
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list):
        inner = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        return [cell for cells in inner if isinstance(cells, list) for cell in cells]
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else None


def _language(notebook: Mapping[str, object]) -> str:
    metadata = notebook.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        described = metadata.get(key) if isinstance(metadata, dict) else None
        named = described.get(name) if isinstance(described, dict) else None
        if isinstance(named, str) and named:
            return clean(named).lower()[:60]
    return ""


def _cell_parts(cell: Mapping[str, object], language: str, notes: list[str]) -> Iterator[Part]:
    """A cell's source, and behind that of code what it put out."""
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))
    if kind == "code":
        # A fence longer than any within, so that nothing in the code is taken for markup.
        fence = "`" * max(3, *(len(run) + 1 for run in _FENCE.findall(source)), 3)
        if source.strip():
            yield Part(f"{fence}{language}\n{source.strip(chr(10))}\n{fence}")
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                yield _shortened(_output(output), notes)
    elif kind == "heading":  # of nbformat 3
        level = cell.get("level")
        title = " ".join(source.split())
        if title:
            yield Part(title, (Heading(level if isinstance(level, int) and level > 0 else 1, title, 0, len(title)),))
    elif kind == "markdown":
        text = without_data_uris(source).strip("\n")
        yield Part(text, tuple(markdown_headings(text)), (), tuple(barred_tables(text)))
    else:
        yield Part(without_data_uris(source))


def _output(output: Mapping[str, object]) -> Part:
    """What a reader sees of an output: its text, or the table that stands for it; of an error what went wrong."""
    if output.get("output_type") in ("error", "pyerr"):
        return Part(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
    if "text" in output and not isinstance(output.get("data"), dict):
        return Part(_plain(output["text"]))
    data = output.get("data")
    values: Mapping[str, object] = data if isinstance(data, dict) else output  # nbformat 3 has them beside the type
    html = _text(values.get("text/html", values.get("html")))
    plain = _plain(values.get("text/plain", values.get("text")))
    if html and ("<table" in html or not plain):
        page = render_html(html).body
        if page.text:
            return page
    return Part(_plain(values.get("text/markdown")) or plain or _plain(values.get("text/latex")))


def _shortened(part: Part, notes: list[str]) -> Part:
    if len(part.text) <= LONGEST_OUTPUT:
        return part
    notes.append(f"of outputs of more than {LONGEST_OUTPUT:,} characters the rest is not searched")
    return Part(part.text[:LONGEST_OUTPUT])


def _plain(value: object) -> str:
    return without_data_uris(_TERMINAL.sub("", _text(value))).strip("\n")


def _text(value: object) -> str:
    """A string, or the lines of a list put together."""
    if isinstance(value, list):
        value = "".join(item for item in value if isinstance(item, str))
    return clean(value) if isinstance(value, str) else ""
