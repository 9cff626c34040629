"""What a search in the pages goes through: one collection, or several as one, each hit by its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval import Citation, Collections
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.store import DocumentRow
from passagework.ui.web.collection_cache import documents_of, status_of
from passagework.ui.web.facets import Facets, facets_of
from passagework.ui.web.links import document_names

HitDocument = tuple[str, str]
"""A document among those of several collections: the collection's name, "" where only one is searched, and its URI."""


def document_key(hit: Hit | Citation) -> HitDocument:
    """Returns which document a hit is of: the same file may be in two collections."""
    return hit.collection, hit.uri


@dataclass(frozen=True, slots=True)
class Searched:
    """Holds the collections that are searched, by name, and what searches them."""

    by_name: Mapping[str, Collection]
    engine: Collection | Collections

    @classmethod
    def one(cls, collection: Collection) -> Searched:
        """Returns a collection that is searched by itself."""
        return cls({"": collection}, collection)

    @classmethod
    def several(cls, collections: Collections) -> Searched:
        """Returns collections whose hits are merged."""
        return cls({name: collections[name] for name in collections.names}, collections)

    @property
    def first(self) -> Collection:
        """Returns the collection whose encoder tells which sentence of a hit is the best."""
        return next(iter(self.by_name.values()))

    @property
    def folders(self) -> dict[str, Path]:
        """Returns the folder of each collection by its name."""
        return {name: one.path for name, one in self.by_name.items()}

    @property
    def key(self) -> tuple[str, ...]:
        """Returns what stays the same as long as none of them changes."""
        return tuple(f"{one.path.resolve()} {one.moment()}" for one in self.by_name.values())

    @property
    def documents(self) -> int:
        """Returns how many documents there are in all."""
        return sum(status_of(one).documents for one in self.by_name.values())

    def of(self, hit: Hit | Citation) -> Collection:
        """Returns the collection of a hit."""
        return self.by_name[hit.collection]

    def names(self, hits: Iterable[Hit | Citation]) -> dict[HitDocument, str]:
        """Returns what each hit's document goes by in links and judgments."""
        return {
            (name, uri): named
            for name, own in _by_collection(hits).items()
            for uri, named in document_names(self.by_name[name], own).items()
        }

    def rows(self, hits: Iterable[Hit | Citation]) -> dict[HitDocument, DocumentRow]:
        """Returns each hit's document as it is stored, as far as it is there."""
        return {
            (name, uri): rows[0]
            for name, own in _by_collection(hits).items()
            for uri, rows in self.by_name[name].documents_named({hit.uri for hit in own}).items()
        }

    def facets(self) -> Facets:
        """Returns what the documents of all of them can be narrowed down by."""
        return facets_of(row for one in self.by_name.values() for row in documents_of(one))

    def facets_of_hits(self, hits: Hits) -> Facets:
        """Returns the facets of the documents that were found."""
        return facets_of(self.rows(hits).values())


def _by_collection(hits: Iterable[Hit | Citation]) -> dict[str, Sequence[Hit | Citation]]:
    found: dict[str, list[Hit | Citation]] = {}
    for hit in hits:
        found.setdefault(hit.collection, []).append(hit)
    return dict(found)
