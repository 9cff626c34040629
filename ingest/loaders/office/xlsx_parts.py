"""The parts of a workbook, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import LONGEST_PROLOG, begins_with_element, make_readable
from passagework.ingest.loaders.office.package import Package
from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_SPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
"""Of a workbook's own elements, transitional and strict; Excel passes over those of others."""


class DamagedPartError(ValueError):
    """A part can't be read, or not to its end."""


@cache
def excel(name: str) -> tuple[str, ...]:
    """The full names of an element of Excel."""
    return tuple(f"{{{space}}}{name}" for space in _SPACES)


def elements(package: Package, name: str, tags: tuple[str, ...]) -> Iterator[_Element]:
    """A part's elements of some tags, as they end. Nothing is fetched, and no entity is resolved.

    Raises DamagedPartError for a part that is missing or doesn't begin as XML does, else errors of lxml and zipfile.
    """
    from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

    member = package.member(name)
    if member is None:
        raise DamagedPartError(f"the part {name} is missing")
    with package.archive.open(member) as part:
        if not begins_with_element(part.read(LONGEST_PROLOG)):
            raise DamagedPartError("it doesn't begin with an element")
    with package.archive.open(member) as part:
        found = etree.iterparse(
            part,
            tag=tags,
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
            recover=True,
        )
        for _, element in found:
            for damaged in element.iter() if len(found.error_log) else ():
                make_readable(damaged)
            yield element
        for error in found.error_log.filter_from_fatals()[:1]:
            words = one_line(f"line {error.line}: {error.message}")
            package.note(f"the part {member} is damaged and read as far as it goes: {words}")


def forget(element: _Element) -> None:
    """Frees an element that was read, and those before it."""
    element.clear()
    around = element.getparent()
    while around is not None and element.getprevious() is not None:
        del around[0]
