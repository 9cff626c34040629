"""What the style of an HTML element does with its place: moves it off the page, or leaves it none to be seen in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from passagework.retrieval.types import HiddenReason

_FAR = 500.0
"""Pixels beyond the edge: far more than what peeps out."""
_LEAST = 1.0
"""Pixels of width or height up to which nothing shows of a text that is cut off there."""
_PIXELS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "em": 16.0,
    "rem": 16.0,
    "ch": 8.0,
    "cm": 38.0,
    "in": 96.0,
    "vw": 10.0,
    "%": 6.0,
}
"""Of a length, by its unit; about, for what depends on the page."""
_LENGTH = re.compile(r"([-+]?[\d.]+)\s*([a-z%]*)", re.IGNORECASE)
_NOTHING = {
    "clip": re.compile(r"rect\(\s*(?:[01](?:px)?[\s,]+){3}[01](?:px)?\s*\)", re.IGNORECASE),
    "clip-path": re.compile(r"inset\(\s*(?:50|100)%\s*\)|circle\(\s*0", re.IGNORECASE),
    "transform": re.compile(r"scale[xy]?\(\s*0*(?:\.0*)?\s*[,)]", re.IGNORECASE),
    "filter": re.compile(r"opacity\(\s*0*(?:\.0*)?%?\s*\)", re.IGNORECASE),
}


def gone(said: Mapping[str, str]) -> HiddenReason | None:
    """Why nothing is seen of an element and all in it, by its declarations; None where it is, or may be."""
    if any(pattern.search(said.get(name, "")) for name, pattern in _NOTHING.items()):
        return HiddenReason.INVISIBLE
    cut = any(said.get(name, "").startswith(("hidden", "clip")) for name in ("overflow", "overflow-x", "overflow-y"))
    sizes = (_pixels(said.get(name)) for name in ("height", "max-height", "width", "max-width"))
    if cut and any(size is not None and 0 <= size <= _LEAST for size in sizes):
        return HiddenReason.INVISIBLE
    places = ["text-indent"]
    if said.get("position", "").startswith(("absolute", "fixed")):
        places += ["left", "top", "right", "bottom"]
    moves = (_pixels(said.get(name)) for name in places)
    return HiddenReason.OUTSIDE if any(move is not None and move <= -_FAR for move in moves) else None


def _pixels(value: str | None) -> float | None:
    match = _LENGTH.match(value or "")
    if match is None:
        return None
    try:
        return float(match[1]) * _PIXELS.get(match[2].lower(), float("nan"))
    except ValueError:
        return None
