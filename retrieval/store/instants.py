"""Reads texts that are dates as instants, so that filters compare them whatever zone and form they are written in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)

LONGEST = 64
"""Characters of the longest text that is looked at."""

# ISO 8601 as YAML, databases and RFC 3339 have it: parts without leading zeros, a space for the T, short zones.
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"
    r"(?:(?:[Tt]|[ \t]+)(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"[ \t]*(?:[Zz]|UTC|GMT|(?P<sign>[+-])(?P<zone_hour>\d\d?)(?::?(?P<zone_minute>\d\d))?)?)?",
    re.ASCII,
)

# RFC 5322, sections 3.3 and 4.3: the names of zones that it defines; others, such as IST, stand for several.
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2},\s*)?\d{1,2}\s+[A-Z][a-z]{2}\s+[1-9]\d{3}\s+\d{1,2}:\d\d(?::\d\d)?"
    r"\s+(?:[+-]\d{4}|GMT|UTC?|[ECMP][SD]T|Z)(?:\s+\([^()]*\))?",
    re.ASCII,
)


def instant(text: str) -> int | None:
    """Returns the microseconds from 1970, in UTC, to the instant that a text names; None where it is no date.

    A date without a time is its first instant, and without a zone it is UTC; what is finer than a microsecond is cut.
    """
    if len(text) > LONGEST:
        return None
    match = _ISO.fullmatch(text)
    try:
        if match is not None:
            return _iso(match)
        return _mail(text) if _MAIL.fullmatch(text) else None
    except (ValueError, OverflowError):  # the 31st of February
        return None


def add_instants(driver: Any) -> None:
    """Stores the instants of a layout that has none, on a connection of SQLite's driver, as new documents have them."""
    _view_instants(driver)
    driver.execute("INSERT INTO main.fields (document_id, key, type, value) SELECT * FROM temp.instants")
    driver.execute("DROP VIEW temp.instants")


def show_instants(driver: Any) -> None:
    """Has a connection that can't write see the instants of a layout that has none: its fields become a view."""
    _view_instants(driver)
    driver.execute(
        """CREATE TEMP VIEW fields AS SELECT id, document_id, "key", type, value FROM main.fields
        UNION ALL SELECT NULL, * FROM temp.instants"""
    )


def _view_instants(driver: Any) -> None:
    driver.create_function("instant", 1, instant, deterministic=True)
    driver.execute(
        """CREATE TEMP VIEW instants AS SELECT document_id, "key", 'instant' AS type, instant(value) AS value
        FROM main.fields WHERE type = 'text' AND instant(value) IS NOT NULL"""
    )


def _iso(match: re.Match[str]) -> int:
    part = match.groupdict("0")
    year, month, day, hour, minute, second, zone_hour, zone_minute = (
        int(part[name]) for name in ("year", "month", "day", "hour", "minute", "second", "zone_hour", "zone_minute")
    )
    if zone_hour > 23 or zone_minute > 59:
        raise ValueError("no zone is so far from UTC")
    moment = datetime(year, month, day, hour, minute, second, int(f"{part['fraction']:0<6.6}"))
    offset = timedelta(hours=zone_hour, minutes=zone_minute)
    # Of plain numbers: the first hours of year 1 may lie before anything that a datetime holds.
    return (moment - _EPOCH) // _MICROSECOND - (-1 if part["sign"] == "-" else 1) * (offset // _MICROSECOND)


def _mail(text: str) -> int:
    moment = parsedate_to_datetime(text)
    offset = moment.utcoffset() or timedelta()  # none for -0000: UTC, from a place that isn't told
    return (moment.replace(tzinfo=None) - _EPOCH) // _MICROSECOND - offset // _MICROSECOND
