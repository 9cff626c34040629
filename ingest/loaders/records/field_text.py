"""The text of a record's field: HTML as its readers see it, anything else as it stands, without data in addresses."""

from __future__ import annotations

import re

from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.parts import Part

_ELEMENTS = (
    "a|abbr|article|b|blockquote|br|button|center|cite|code|del|details|div|dl|dt|dd|em|figure|figcaption|font|footer|form|"
    "h[1-6]|header|hr|i|iframe|img|ins|kbd|li|main|mark|nav|ol|p|pre|s|samp|script|section|small|span|strike|strong|style|"
    "sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|video"
)
_OPENED = re.compile(rf"<(?P<name>{_ELEMENTS})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_CLOSED = re.compile(rf"</(?P<name>{_ELEMENTS})\s*>", re.IGNORECASE)
_ALONE = frozenset({"br", "hr", "img", "p", "li"})
"""Elements that are not closed, or need not be."""
_QUOTED = re.compile(r"`[^`\n]*<[^`\n]*`|^(?:```|~~~)", re.MULTILINE)
"""Code of Markdown: there, tags are what is told of."""


def field_part(value: str) -> Part:
    """A string's text with its structure."""
    text = clean(value)
    if not is_html(text):
        return Part(without_data_uris(text))
    from passagework.ingest.loaders.html.html_text import render_html  # only where there is any

    return render_html(text).body


def is_html(text: str) -> bool:
    """Whether a string is HTML: it closes an element that it opens, or begins with a tag and ends with one."""
    if "<" not in text or _QUOTED.search(text):
        return False
    opened = {match["name"].lower() for match in _OPENED.finditer(text)}
    if not opened:
        return False
    stripped = text.strip()
    if stripped[0] == "<" and stripped[-1] == ">" and not opened.isdisjoint(_ALONE):
        return True
    return "br" in opened or any(match["name"].lower() in opened for match in _CLOSED.finditer(text))
