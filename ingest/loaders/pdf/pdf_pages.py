"""The pages of a PDF as one text: what stands between them, and where each lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.retrieval.types import Page

_BETWEEN_PAGES = "\n\n"
_OPEN_END = re.compile(r"[\w,;\u2013\u2014-]\Z")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff0c\u3001"
_ENDS_UNSPACED, _BEGINS_UNSPACED = re.compile(f"[{_UNSPACED}]\\Z"), re.compile(f"[{_UNSPACED}]")
"""A sentence that goes on; in Chinese and Japanese without a space."""


def between_pages(pages: Sequence[PageText]) -> Iterator[str]:
    """What stands behind each page: a blank line, or less where a sentence or a word goes on upon the next."""
    for page, after in pairwise(pages):
        if page.runs_on or (_ENDS_UNSPACED.search(page.text) and _BEGINS_UNSPACED.match(after.text)):
            yield ""
        elif after.text[:1].islower() and _OPEN_END.search(page.text):
            yield "\n"
        else:
            yield _BETWEEN_PAGES
    yield ""


def page_places(texts: Sequence[PageText], between: Sequence[str], labels: Sequence[str]) -> list[Page]:
    """Where each page lies in the text; one without a printed label is called by its number."""
    pages: list[Page] = []
    start = 0
    for index, (page, after) in enumerate(zip(texts, between, strict=True)):
        label = labels[index] if index < len(labels) else ""
        pages.append(Page(index + 1, label or str(index + 1), start, start + len(page.text)))
        start += len(page.text) + len(after)
    return pages
