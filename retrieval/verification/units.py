"""Units of measure, and what makes two of them comparable."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """Names what is measured, and how many of its base units it is."""

    measure: str
    factor: float


_UNITS = {
    "length": {"mm": 1e-3, "millimetre millimeter": 1e-3, "cm": 1e-2, "centimetre centimeter": 1e-2, "m": 1.0,
               "metre meter": 1.0, "km": 1e3, "kilometre kilometer": 1e3, "mile": 1609.344, "foot feet ft": 0.3048,
               "inch inche": 0.0254, "yard": 0.9144},
    "mass": {"mg": 1e-6, "milligram": 1e-6, "g": 1e-3, "gram gramme": 1e-3, "kg": 1.0, "kilogram": 1.0,
             "tonne ton": 1e3, "lb pound": 0.45359237, "oz ounce": 0.028349523},
    "time": {"ms millisecond": 1e-3, "second sec": 1.0, "minute min": 60.0, "hour hr": 3600.0, "day": 86400.0,
             "week": 604800.0, "month": 2629746.0, "year": 31556952.0, "decade": 315569520.0,
             "century centurie": 3155695200.0},
    "share": {"% percent": 1.0, "per cent": 1.0},
    "dollars": {"$ dollar usd": 1.0},
    "euros": {"€ euro eur": 1.0},
    "pounds sterling": {"£ gbp": 1.0},
    "yen": {"¥ yen jpy": 1.0},
    "volume": {"ml millilitre milliliter": 1e-3, "l litre liter": 1.0},
    "Celsius": {"°c": 1.0, "degrees celsius": 1.0},
    "Fahrenheit": {"°f": 1.0, "degrees fahrenheit": 1.0},
}  # fmt: skip
"""Factors by definition (SI; the international yard and pound of 1959; mean Gregorian month and year)."""

_BY_NAME = {
    name: Unit(measure, factor)
    for measure, units in _UNITS.items()
    for names, factor in units.items()
    for name in ([names] if names in ("per cent", "degrees celsius", "degrees fahrenheit") else names.split())
}

_NAMES = "|".join(re.escape(name) for name in sorted(_BY_NAME, key=len, reverse=True))
UNIT = re.compile(rf"[\s-]?({_NAMES})s?(?!\w)", re.IGNORECASE)
"""A unit behind a number."""


def unit_behind(text: str, at: int) -> tuple[Unit | None, int]:
    """Returns the unit that stands behind a number, and where it ends; a short one counts in small letters alone."""
    match = UNIT.match(text, at)
    if match is None:
        return None, at
    written = match[0].strip(" -\n\t")
    if written.isalpha() and len(match[1]) <= 2 and written != match[1].lower():
        return None, at  # "Ms" is no millisecond, nor "5 Ms" five metres
    return unit_of(match[1]), match.end()


def unit_of(name: str) -> Unit | None:
    """Returns the unit of a name or a sign, in the singular; None where it is not known."""
    return _BY_NAME.get(name.lower())
