"""Tells lines that say nothing but the number of a page."""

from __future__ import annotations

import re

from passagework.ingest.loaders.office.office_writer import Line

_WORDS = frozenset(["page", "pages", "p", "pg", "of", "seite", "von", "página", "pagina", "de", "sur", "di", "s"])
_WORD = re.compile(r"[^\W\d_]+")


def only_page_words(line: Line) -> bool:
    """Whether a line, whose page number is left out, says no more than what it is."""
    return all(found.lower() in _WORDS for text, _ in line for found in _WORD.findall(text))
