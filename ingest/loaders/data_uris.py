"""Data that stands in a text as an address (RFC 2397): pictures and fonts, which no one reads."""

from __future__ import annotations

import re

LEAST = 64
"""Characters of data that are left out; fewer may be a text that is meant to be read."""

_DATA_URI = re.compile(
    r"(?P<kind>\bdata:[\w.+-]{1,60}/[\w.+-]{1,80}(?:;[\w.+-]{1,60}=[\w.+\"-]{1,80}){0,4}(?:;[\w-]{1,20})?,)"
    rf"(?:[A-Za-z0-9+/=_%-]{{{LEAST},}}(?:\s{{1,80}}[A-Za-z0-9+/=]{{40,}})*(?:\s{{1,80}}[A-Za-z0-9+/]{{0,39}}=+)?"
    rf"|%[^\s\"'()<>]{{{LEAST},}})",
    re.IGNORECASE,
)
_DRAWING = re.compile(r"(?P<kind>\bdata:image/svg\+xml[\w;=-]{0,60},)\s*<svg", re.IGNORECASE)


def without_data_uris(text: str) -> str:
    """The text with an ellipsis for the data of each such address; what kind of data it was stays."""
    if "data:" not in text and "DATA:" not in text:
        return text
    return _without_drawings(_DATA_URI.sub("\\g<kind>\u2026", text))


def _without_drawings(text: str) -> str:
    """Without drawings that are written out, up to their closing tags; one that isn't closed stays."""
    parts: list[str] = []
    at = 0
    while match := _DRAWING.search(text, at):
        end = text.find("</svg>", match.end())
        if end < 0:
            break
        parts += (text[at : match.start()], match["kind"], "\u2026")
        at = end + len("</svg>")
    return "".join([*parts, text[at:]])
