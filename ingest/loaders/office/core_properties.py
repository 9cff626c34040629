"""The properties of an office file: its title, author, dates (ECMA-376-2, 11)."""

from __future__ import annotations

from passagework.ingest.loaders.archive import given_title
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.office.office_values import local
from passagework.ingest.loaders.office.package import Package
from passagework.retrieval.types import Json

_PART = "docProps/core.xml"
_FIELDS = {
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "description": "description",
    "language": "language",
    "created": "created",
    "modified": "modified",
}


def core_properties(package: Package) -> tuple[str, dict[str, Json]]:
    """The title and the other properties; titles that no one gave are "". Damaged ones are a note."""
    root = package.side(_PART, "the file's properties") if package.member(_PART) else None
    title, metadata = "", {}
    for child in root.iterchildren("{*}*") if root is not None else ():
        value = " ".join(clean("".join(str(text) for text in child.itertext())).split())
        if local(child) == "title":
            title = value
        elif local(child) in _FIELDS and value:
            metadata[_FIELDS[local(child)]] = value
    return given_title(title), dict(metadata)
