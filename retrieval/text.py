"""Text and numbers as people read them, whoever shows them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners: Persian, Hindi and emoji need them, and they can't turn text round."""

REASON_CHARACTERS = 300
"""The longest reason for a person, in characters: a report stays readable whatever a parser puts into an exception."""

BEGINNING = 100
"""Characters of a text that are enough to know it by."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Makes NUL and lone surrogates U+FFFD: neither SQLite nor other tools take them."""
    return _UNSTORABLE.sub("\ufffd", text)


def composed(name: str) -> str:
    """Returns a name in Unicode's composed form (NFC), in which names and patterns are compared.

    macOS, zip archives and Samba bring "ä" as a letter and a mark; people type it as one character.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def text_hash(text: str) -> bytes:
    """Returns 16 bytes that stand for the exact string encoded."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()


def visible(text: str) -> str:
    """Takes out what drives a terminal, shows nothing, or turns the words around it; lines and tabs stay."""
    return "".join(_shown(character) for character in text)


def one_line(text: str, *, limit: int = REASON_CHARACTERS) -> str:
    """Returns the text as one line of at most `limit` characters, without what `visible` leaves out.

    Line ends and runs of white space become one space, and what is cut ends in "…".
    """
    # Reading the beginning is enough, and keeps an exception that quotes a whole file cheap.
    line = collapsed(visible(text[: limit * 20]))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def collapsed(text: str) -> str:
    """Returns the text with each run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def counted(number: int, noun: str) -> str:
    """Returns `1 page`, `2,000 queries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def shortened(text: str, characters: int = 60) -> str:
    """Returns text in one line of at most so many characters and ` ...`, for a line that names it."""
    line = " ".join(visible(text).split())
    return line if len(line) <= characters else f"{line[:characters]} ..."


def page_ranges(pages: Sequence[int]) -> str:
    """Returns `3-5, 7`, of ascending numbers."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def page_list(pages: Sequence[int]) -> str:
    """Returns `p. 3`, `pp. 3-5, 7`, or nothing."""
    return f"{'p.' if len(pages) == 1 else 'pp.'} {page_ranges(pages)}" if pages else ""


def place_list(pages: Sequence[int], lines: Sequence[int] = (), seconds: Sequence[float] = ()) -> str:
    """Returns `p. 3`, `lines 12-40`, `0:01:23-0:02:05`, or nothing; of lines and seconds the first and the last."""
    distinct = list(dict.fromkeys(lines))
    numbered = f"{'lines' if distinct[1:] else 'line'} {'-'.join(map(str, distinct))}" if distinct else ""
    timed = "-".join(dict.fromkeys(clock_time(second) for second in seconds))
    return ", ".join(filter(None, (page_list(pages), numbered, timed)))


def clock_time(seconds: float) -> str:
    """Returns `1:02:03`, for the whole second that has begun."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def address(path: str, uri: str, root: str = "", collection: str = "") -> str:
    """Names a document by its path, and one record of a file as `path#_id` or `path#line=3`.

    With `root`, which tells apart folders that hold files of the same path, as `path (in root)`; with the name of a
    collection, where several were searched, as `collection: path`.
    """
    _, mark, record = uri.partition("#")
    named = f"{collection}: " if collection else ""
    return f"{named}{path}{mark}{unquote(record)}" + (f" (in {root})" if root else "")


def in_two_lines(number: str, place: Sequence[str], text: str) -> str:
    """Returns the number and the place in one line, and below them how the text begins."""
    begins = collapsed(text)
    begins = begins if len(begins) <= BEGINNING else f"{begins[:BEGINNING]} ..."
    where = "  ".join(collapsed(part) for part in place if part)
    return visible(f"{number}  {where}\n{' ' * len(number)}  {begins}")


def _shown(character: str) -> str:
    if character in "\n\t" or character in JOINERS:
        return character
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":  # direction marks among them
            return ""
        case "Cs":  # a lone surrogate, which no file can hold
            return "\ufffd"
        case _:
            return character
