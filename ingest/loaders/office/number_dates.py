"""Dates and times as a section of a format's code shows a day's number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_LAST_DAY = 2_958_465
"""31 December 9999."""
_NO_DAY = 60
"""29 February 1900, which Lotus 1-2-3 had, and Excel therefore counts."""
_DATE, _TIME = frozenset("ymdeb"), frozenset("hs")
Token = tuple[str, str]


def date_shown(number: float, tokens: Sequence[Token], *, from_1904: bool = False) -> str:
    """The day and the time of a number by a section's tokens; "" where it is none.

    A midnight behind a date is left out: it is what a date without a time is.
    """
    if number < 0 or number > _LAST_DAY:
        return ""
    moment = moment_of(number, from_1904=from_1904)
    kinds = _kinds(tokens)
    if number == int(number) and {"date", "time"} <= set(kinds):
        ends = [at for at, kind in enumerate(kinds) if kind == "date"]
        tokens, kinds = tokens[ends[0] : ends[-1] + 1], kinds[ends[0] : ends[-1] + 1]
    if not any(text == "0" for _, text in tokens):
        moment += timedelta(microseconds=500_000)  # seconds are rounded where no part of them is shown
    halves = any(kind == "half" for kind, _ in tokens)
    total = number * 86_400
    parts = iter(f"{moment.microsecond:06}")
    return "".join(
        next(parts, "0") if token == ("mark", "0") else _shown(token, kind, moment, total, halves=halves)
        for token, kind in zip(tokens, kinds, strict=True)
    )


def moment_of(number: float, *, from_1904: bool = False) -> datetime:
    """The moment that a day's number stands for."""
    first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if number >= _NO_DAY else 31)
    return first + timedelta(milliseconds=round(number * 86_400_000))


def day_number(moment: datetime, *, from_1904: bool = False) -> float:
    """The number that stands for a moment after February 1900."""
    return (moment - (datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30))) / timedelta(days=1)


def _kinds(tokens: Sequence[Token]) -> list[str]:
    """What each token shows: a part of a date, a part of a time, minutes, the point of seconds, or itself.

    An `m` is minutes behind hours or before seconds, else a month.
    """
    kinds = []
    hours = False
    for at, (kind, text) in enumerate(tokens):
        if kind == "elapsed" or kind == "half":
            kinds.append("time")
            hours = hours or kind == "elapsed"
        elif kind == "letters" and text[0] == "m":
            following = next((later for sort, later in tokens[at + 1 :] if sort in ("letters", "elapsed")), "")
            minutes = (hours or following[:1] == "s") and len(text) < 3
            kinds.append("minutes" if minutes else "date")
            hours = False
        elif kind == "letters":
            kinds.append("time" if text[0] in _TIME else "date" if text[0] in _DATE else "none")
            hours = text[0] == "h"
        else:
            kinds.append("itself")
    return kinds


def _shown(token: Token, kind: str, moment: datetime, total: float, *, halves: bool) -> str:
    sort, text = token
    if sort == "elapsed":
        unit = {"h": 3600, "m": 60, "s": 1}[text[0]]
        return str(int((total + 1e-6) // unit)).rjust(len(text), "0")
    if kind == "minutes":
        return str(moment.minute).rjust(len(text), "0")
    if sort == "half":
        return ("AM", "PM")[moment.hour >= 12] if len(text) > 3 else "AP"[moment.hour >= 12]
    if kind == "date":
        return _date_part(text, moment)
    if kind == "time":
        hour = (moment.hour % 12 or 12) if halves else moment.hour
        return str(hour if text[0] == "h" else moment.second).rjust(min(len(text), 2), "0")
    return "" if kind == "none" or sort == "general" else text


def _date_part(text: str, moment: datetime) -> str:
    letter, width = text[0], len(text)
    if letter in "ye":
        return f"{moment.year % 100:02}" if letter == "y" and width < 3 else str(moment.year)
    if letter == "b":
        return str(moment.year + 543)
    if width < 3:
        return str(moment.month if letter == "m" else moment.day).rjust(width, "0")
    name = _MONTHS[moment.month - 1] if letter == "m" else _DAYS[moment.weekday()]
    return name[0] if width == 5 else name if width == 4 else name[:3]
