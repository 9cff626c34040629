"""Makes addresses of places in documents: what a link to the reading page carries, and what a judgment names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from passagework.retrieval import Citation
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import Hit
from passagework.retrieval.text import address


def document_names(collection: Collection, hits: Iterable[Hit | Citation]) -> dict[str, str]:
    """Returns, by each document's URI, its `_id` and its path where only it bears that name, else the URI."""
    hits = list(hits)

    def names(hit: Hit | Citation) -> tuple[str, ...]:
        return hit.document, hit.path, address(hit.path, hit.uri)

    rows = collection.documents_named({name for hit in hits for name in names(hit)})

    def shortest(hit: Hit | Citation) -> str:
        return next((name for name in names(hit) if name != hit.uri and len(rows.get(name, [])) == 1), hit.uri)

    return {hit.uri: shortest(hit) for hit in hits}


def place_parameters(
    name: str, hit: Hit | Citation, query: str, search: str, collection: str = ""
) -> Mapping[str, str]:
    """Returns the parameters that open the reading page at a hit; `search` is the query string that leads back.

    `collection` is the one that was searched, where there are several and the hit doesn't name its own.
    """
    place = {"document": name, "start": str(hit.start), "end": str(hit.end), "for": query, "search": search}
    named = hit.collection or collection
    return place | ({"collection": named} if named else {})
