"""The tokens of Rich Text Format (RTF 1.9.1): groups, control words with their numbers, bytes of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from passagework.retrieval.errors import IngestError

MOST_OPEN = 10_000
"""Groups within groups."""

_TOKEN = re.compile(
    rb"(?P<text>[^\\{}\r\n]+)|\\(?P<word>[A-Za-z]{1,40})(?P<number>-?\d{1,10})?[ ]?|\\'(?P<hex>[0-9A-Fa-f]{2})"
    rb"|\\(?P<sign>[^A-Za-z])|(?P<brace>[{}])|(?P<other>[\\\r\n])",
    re.DOTALL,
)


class Kind(Enum):
    """What a token is."""

    OPEN = 1
    CLOSE = 2
    WORD = 3
    SIGN = 4
    BYTES = 5
    """Of the code page in force; `\\'e9` is one byte."""


def tokens(data: bytes) -> Iterator[tuple[Kind, bytes, int | None]]:
    """The tokens in order, binary data passed over: the kind, the name or the bytes, a control word's number.

    Raises IngestError for groups beyond MOST_OPEN.
    """
    at, depth = 0, 0
    while match := _TOKEN.match(data, at):
        at = match.end()
        kind = match.lastgroup
        if match["word"]:
            number = int(match["number"]) if match["number"] else None
            if match["word"] == b"bin":
                at += max(0, number or 0)
            else:
                yield Kind.WORD, match["word"], number
        elif kind == "text":
            yield Kind.BYTES, match["text"], None
        elif kind == "hex":
            yield Kind.BYTES, bytes([int(match["hex"], 16)]), 1
        elif kind == "sign":
            yield Kind.SIGN, match["sign"], None
        elif kind == "brace":
            depth += 1 if match["brace"] == b"{" else -1
            if depth > MOST_OPEN:
                raise IngestError("nested too deeply to be read")
            yield (Kind.OPEN if match["brace"] == b"{" else Kind.CLOSE), b"", None
