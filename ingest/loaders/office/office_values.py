"""Values as the XML of office files writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_ON = frozenset({"1", "true", "on"})
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:e[-+]?[0-9]{1,2})?", re.IGNORECASE)


def local(element: _Element) -> str:
    """A tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def flag(value: str | None) -> bool:
    """A truth."""
    return (value or "").strip().lower() in _ON


def whole_number(value: str | None) -> int | None:
    """A whole number; None for what is none, or beyond any use."""
    return int(value) if value is not None and _WHOLE.fullmatch(value) else None


def decimal(value: str | None) -> float | None:
    """A number; None for what is none, or beyond any use."""
    return float(value) if value is not None and _DECIMAL.fullmatch(value) else None


def share(value: str | None) -> float | None:
    """A percentage, 100000 or 100%, as a fraction; None for what is none."""
    number = decimal((value or "").removesuffix("%"))
    return None if number is None else number / (100 if (value or "").endswith("%") else 100_000)
