"""Raised and lowered text written on the line, where it must not run into the number or the word before it.

A superscript follows a `^`: 10^6, m^2, 1998^4, x^(n+1); but ordinals (1st, 2e) and abbreviations (Mlle) stay whole.
A subscript goes on with a word, as people type it (H2O, CO2), and follows a `_` behind a digit.
"""

from __future__ import annotations

import re

_ORDINALS = frozenset(["st", "nd", "rd", "th", "er", "re", "e", "ère", "ème", "ers", "es", "o", "a", "os", "as"])
_MARKS = {"tm": "™", "sm": "℠", "®": "®", "©": "©", "™": "™"}
_WHOLE = re.compile(r"[-+−–]?[\w.,*†‡§]+|\([^()]*\)")


def raised(before: str, text: str) -> str:
    """A superscript as it follows the text before it, of which the last character counts."""
    words = text.strip()
    last = before[-1:]
    if not words or words.lower() in _MARKS:
        return _MARKS.get(words.lower(), text)
    ordinal = last.isdigit() and words.lower() in _ORDINALS
    abbreviation = last.isalpha() and len(words) > 1 and words.isalpha()
    decimal = last in (".", ",") and before[-2:-1].isdigit() and words[:1].isdigit()
    if text[:1].isspace() or ordinal or abbreviation or not (last.isalnum() or last in (")", "]") or decimal):
        return text
    return text.replace(words, f"^{_grouped(words)}", 1)


def lowered(before: str, text: str) -> str:
    """A subscript as it follows the text before it, of which the last character counts."""
    words = text.strip()
    if not words or not (before[-1:].isdigit() and words[:1].isalnum()):
        return text
    return text.replace(words, f"_{_grouped(words)}", 1)


def parted(before: str, text: str) -> str:
    """What follows a superscript or a subscript, with a blank where both would be one number."""
    return f" {text}" if before[-1:].isdigit() and text[:1].isdigit() else text


def _grouped(words: str) -> str:
    return words if _WHOLE.fullmatch(words) else f"({words})"
