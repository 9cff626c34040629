"""Says messages, counts, numbers and dates in the language of whom they are shown to: English, unless told otherwise.

The calls go by gettext's own names, so that its tools find the messages; their values stand in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from passagework.ui.present.catalogues import ENGLISH, catalogue

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_SEPARATORS = {"de": ".,", "fr": "\u202f,"}
"""What stands between thousands, and before decimals; in English a comma and a point."""

NOUNS = {
    "change": ("{count} change", "{count} changes"),
    "character": ("{count} character", "{count} characters"),
    "citation": ("{count} citation", "{count} citations"),
    "cluster": ("{count} cluster", "{count} clusters"),
    "document": ("{count} document", "{count} documents"),
    "file": ("{count} file", "{count} files"),
    "group": ("{count} group", "{count} groups"),
    "hit": ("{count} hit", "{count} hits"),
    "judgment": ("{count} judgment", "{count} judgments"),
    "more passage": ("{count} more passage", "{count} more passages"),
    "other type": ("{count} other type", "{count} other types"),
    "page": ("{count} page", "{count} pages"),
    "passage": ("{count} passage", "{count} passages"),
    "query": ("{count} query", "{count} queries"),
    "token": ("{count} token", "{count} tokens"),
}


class _Reader:
    """Is whoever the messages are for."""

    def __init__(self) -> None:
        self.language: Callable[[], str] = lambda: ENGLISH


_reader = _Reader()


def use_language(language_of: Callable[[], str]) -> None:
    """Has every message from here on be said in the language that the function returns at that moment."""
    _reader.language = language_of


def message(text: str) -> str:
    """Marks a text that is said later, by `gettext`, and returns it as it is."""
    return text


def gettext(message: str, **values: object) -> str:
    """Returns a message in the reader's language with its values."""
    said = catalogue(_reader.language()).gettext(message) if message else ""
    return said.format(**values) if values else said


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Returns the form of a message that goes with a count, which is its value `count`."""
    said = catalogue(_reader.language()).ngettext(singular, plural, count)
    return said.format(count=formatted(count), **values)


def counted(count: int, noun: str) -> str:
    """Returns `1 page`, `2,000 queries`; raises KeyError for a noun that isn't listed above."""
    return ngettext(*NOUNS[noun], count)


def formatted(value: float, digits: int = 0, *, sign: bool = False) -> str:
    """Returns a number with so many decimals, its thousands apart, as the reader's language writes it."""
    shown = f"{value:{'+' if sign else ''},.{digits}f}"
    separators = _SEPARATORS.get(_reader.language())
    return shown if separators is None else shown.translate(str.maketrans(",.", separators))


def share(value: float) -> str:
    """Returns 0.25 as a percentage."""
    return gettext("{percent}%", percent=formatted(100 * value))


def day_of(at: datetime) -> str:
    """Returns `3 April 2025`."""
    return gettext("{day} {month} {year}", day=at.day, month=gettext(MONTHS[at.month - 1]), year=at.year)


def moment_of(at: datetime) -> str:
    """Returns `3 April 2025, 14:05`."""
    return f"{day_of(at)}, {at:%H:%M}"


def listed(parts: Sequence[str]) -> str:
    """Returns `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return gettext("{first} and {last}", first=", ".join(parts[:-1]), last=parts[-1])
