"""The names of OpenDocument's elements and attributes (OpenDocument 1.3, part 3), without their long namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_SHORT = {"drawing": "draw", "animation": "anim", "xsl-fo-compatible": "fo", "svg-compatible": "svg"}
_FULL = {short: full for full, short in _SHORT.items()}


@lru_cache(4096)
def short_name(tag: str) -> str:
    """`text:p` for the element or attribute of that name; others by their local name alone."""
    space, brace, name = tag.rpartition("}")
    parts = space.split(":")
    if not brace or len(parts) < 3 or parts[-1] != "1.0":
        return name
    return f"{_SHORT.get(parts[-2], parts[-2])}:{name}"


def name_of(element: _Element) -> str:
    """An element's short name."""
    return short_name(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(4096)
def full_name(short: str) -> str:
    """The tag as lxml has it."""
    prefix, _, name = short.partition(":")
    return f"{{{_NAMESPACE.format(_FULL.get(prefix, prefix))}}}{name}"


def attribute(element: _Element, short: str) -> str:
    """An attribute's value; "" where it is missing."""
    return str(element.get(full_name(short)) or "")


def children_named(element: _Element, *short: str) -> Iterator[_Element]:
    """The children of these names, in order."""
    return iter(element.iterchildren(*map(full_name, short)))


def count_of(element: _Element, short: str, most: int) -> int:
    """An attribute that counts, from 1 to `most`."""
    value = attribute(element, short)
    return min(max(1, int(value)), most) if value.isascii() and value.isdigit() and len(value) < 10 else 1


def length_of(value: str) -> float | None:
    """A length in points; None where it is none, or is relative."""
    for unit, points in (("pt", 1.0), ("cm", 72 / 2.54), ("mm", 72 / 25.4), ("in", 72.0), ("px", 0.75), ("pc", 12.0)):
        if value.endswith(unit):
            try:
                return float(value[: -len(unit)]) * points
            except ValueError:
                return None
    return None
