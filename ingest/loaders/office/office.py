"""Word and PowerPoint, through markitdown's converters, as Markdown without markup inside the lines."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from passagework.ingest.loaders.archive import core_properties, damaged, open_archive
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.hidden_marks import over_markup, without_marks
from passagework.ingest.loaders.office import docx_hidden, pptx_hidden
from passagework.ingest.loaders.office.converters import converters, stream_info
from passagework.ingest.loaders.text.markdown import first_title, markdown_headings
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document, Hidden, HiddenReason, Page

_IMAGE = re.compile(r"!\[(?P<alt>[^\[\]]*)\]\((?P<target>[^()]*)\)")
_INNER_LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\(#[^()\s]*\)")
_SLIDE = re.compile(r"(?:\A|\n)<!-- Slide number: (?P<number>\d+) -->(?:\n|\Z)")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_STYLES = "p[style-name='Title'] => h1:fresh\nu => "
_OPTIONS: dict[str, Any] = {
    # Escapes and emphasis marks inside words hide them from search.
    "escape_asterisks": False,
    "escape_underscores": False,
    "escape_misc": False,
    "strong_em_symbol": "",
    "table_infer_header": True,
}


def load_docx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document: paragraphs, lists and tables as Markdown. Raises IngestError where it is damaged or empty."""
    with open_archive(path) as archive:
        title, metadata = core_properties(archive)
        marked = docx_hidden.with_marks(archive)

    def convert() -> str:
        converter = converters().DocxConverter()
        with path.open("rb") as file:
            source, info = marked or file, stream_info(".docx")
            return str(converter.convert(source, info, style_map=_STYLES, **_OPTIONS).markdown)

    text, hidden = without_marks(_tidy(_converted(convert, path)))
    if not text:
        raise NoTextError("no text")
    headings = markdown_headings(text)
    yield Document(
        text=text,
        media_type=Format.DOCX.value,
        title=title or first_title(headings),
        metadata=metadata,
        headings=headings,
        hidden=hidden,
    )


def load_pptx(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, each slide a page, its title a heading. Raises IngestError where it is damaged or empty."""
    with open_archive(path) as archive:
        title, metadata = core_properties(archive)
        marked = pptx_hidden.with_marks(archive)

    def convert() -> str:
        converter = converters().PptxConverter()
        with path.open("rb") as file:
            return str(converter.convert(marked.file or file, stream_info(".pptx"), **_OPTIONS).markdown)

    # A vertical tab is PowerPoint's line break within a paragraph; in a title the heading's line goes on.
    text, pages, hidden = _slides(clean(_converted(convert, path)).replace("\v", " "), marked)
    if not text:
        raise NoTextError("no text")
    headings = markdown_headings(text)
    yield Document(
        text=text,
        media_type=Format.PPTX.value,
        title=title or (headings[0].title if headings else ""),
        metadata=metadata,
        pages=pages,
        headings=headings,
        hidden=hidden,
    )


def _converted(convert: Callable[[], str], path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the converters warn about markup; the report has our own words
            return convert()
    except (MemoryError, RecursionError):
        raise
    except ImportError as error:
        raise IngestError(f"markitdown can't read {path.suffix} here: {one_line(str(error))}") from error
    except zipfile.BadZipFile as error:
        raise IngestError(f"damaged zip archive: {one_line(str(error), limit=160)}") from error
    except Exception as error:  # the converters' parsers raise whatever malformed parts lead them to
        raise damaged(path, error) from error


def _tidy(markdown: str) -> str:
    """Pictures become what they show in words; links into the document become their text; blank lines are single."""
    text = _IMAGE.sub(_alt, markdown)
    text = _INNER_LINK.sub(r"\g<text>", text)
    lines = "\n".join(line.rstrip() for line in clean(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def _alt(match: re.Match[str]) -> str:
    """The description of a picture; "" where it is only the name that PowerPoint gave (`Picture 5`)."""
    alt = match["alt"].strip()
    automatic = re.sub(r"\W", "", alt) + ".jpg" == match["target"]
    return "" if automatic else alt


def _slides(markdown: str, marked: pptx_hidden.Marked) -> tuple[str, list[Page], tuple[Hidden, ...]]:
    """The slides' text without the comments that number them, a page for each, blank ones too, and what is hidden."""
    found = list(_SLIDE.finditer(markdown))
    # A slide's text may imitate the comment: only those that count on are markitdown's.
    marks: list[re.Match[str]] = []
    for match in found:
        if int(match["number"]) == len(marks) + 1:
            marks.append(match)
    not_shown = marked.not_shown if len(found) == marked.slides else frozenset()
    parts: list[str] = []
    pages: list[Page] = []
    hidden: list[Hidden] = []
    length = 0
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(markdown)
        body, spans = without_marks(_tidy(markdown[mark.end() : end]))
        if body and length:
            parts.append("\n\n")
            length += 2
        parts.append(body)
        pages.append(Page(number=index + 1, label=str(index + 1), start=length, end=length + len(body)))
        whole = index + 1 in not_shown and body
        spans = (Hidden(0, len(body), HiddenReason.INVISIBLE),) if whole else over_markup(spans, body)
        hidden += [Hidden(span.start + length, span.end + length, span.reason) for span in spans]
        length += len(body)
    return "".join(parts), pages, tuple(hidden)
