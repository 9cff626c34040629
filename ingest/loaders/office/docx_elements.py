"""Word's own elements and attributes: those of its namespaces, for it passes over all others (ECMA-376-3, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_values import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

SPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
"""Transitional and strict."""


_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"


@cache
def word(name: str) -> tuple[str, ...]:
    """The full names of an element of Word."""
    return tuple(f"{{{space}}}{name}" for space in SPACES)


@lru_cache(maxsize=4096)
def word_name(tag: str) -> str:
    """The name of an element of Word's own; "" of others."""
    space, _, name = tag.rpartition("}")
    return name if space[1:] in SPACES else ""


def opened(parent: _Element, wrappers: frozenset[str]) -> Iterator[_Element]:
    """An element's children in order; in place of Word's own wrappers, and of alternatives, what they hold.

    However deep those are nested, it takes no recursion.
    """
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if element.tag == _ALTERNATIVES:
            waiting += reversed(chosen(element))
        elif word_name(element.tag) in wrappers:
            waiting += reversed(element)
        else:
            yield element


def chosen(alternatives: _Element) -> _Element:
    """The alternative that is shown (ECMA-376-3, 10): the first, but for those without text, where another has any."""
    branches = list(alternatives.iterchildren("{*}Choice", "{*}Fallback"))
    with_text = (branch for branch in branches if next(branch.iter("{*}t"), None) is not None)
    return next(with_text, branches[0] if branches else alternatives)


def children(element: _Element) -> dict[str, _Element]:
    """Word's own among an element's children, the first of each name."""
    found: dict[str, _Element] = {}
    for child in element.iterchildren("{*}*"):
        space, _, name = child.tag.rpartition("}")
        if space[1:] in SPACES:
            found.setdefault(name, child)
    return found


def at_most(element: _Element, name: str, most: int, *, rule: str | None = None) -> bool:
    """Whether a number is that small, and holds exactly where a rule says how it holds."""
    number = whole_number(value(element, name))
    exact = rule is None or value(element, rule) == "exact"
    return exact and number is not None and number <= most


def named(element: _Element, name: str) -> str | None:
    """The value of the first child of a name."""
    child = next(element.iterchildren(*word(name)), None)
    return value(child, "val") if child is not None else None


def value(element: _Element, name: str) -> str | None:
    """An attribute of Word's."""
    return next((str(said) for key in word(name) if (said := element.get(key)) is not None), None)
