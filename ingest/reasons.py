"""Reasons: why a document is missing, as one line that a person can read and a terminal can show."""

from __future__ import annotations

import errno
import unicodedata

REASON_CHARACTERS = 300
"""The longest reason, in characters: a report stays readable whatever a parser wrote into its exception."""


def one_line(text: str, *, limit: int = REASON_CHARACTERS) -> str:
    """`text` as one line of at most `limit` characters without control characters; what is cut ends in "…".

    Line ends and control characters become spaces, invisible format characters (direction marks, which could make
    a terminal lie) disappear, lone surrogates become U+FFFD, and runs of white space become one space.
    """
    # Reading the beginning is enough, and keeps an exception that quotes a whole file cheap.
    shown = "".join(_shown(character) for character in text[: limit * 20])
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":
            return ""
        case "Cs":
            return "\ufffd"
        case _:
            return character


def os_reason(error: OSError) -> str:
    """What the operating system said, in a person's words, without the path: the report names it already."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return "permission denied"
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return "vanished while reading"
        case errno.ELOOP:
            return "symlink loop"
        case _:
            return one_line(f"can't be read: {error.strerror or error}")
