"""Tells what a framework's document or node says of a passage beside its text."""

from __future__ import annotations

from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Json


def passage_id(hit: Hit) -> str:
    """Returns a passage's name in its collection, the same in every search: `policies/travel.md#120-480`.

    It names the document as lists do, with the record, and with the folder where several hold files of the same path.
    """
    return f"{hit.address}#{hit.start}-{hit.end}"


def passage_metadata(hit: Hit) -> dict[str, Json]:
    """Returns what the search JSON says of a hit, as far as an application cites by it; all of it is JSON.

    `metadata` is that of the document. `hidden` is there where a reader of the document doesn't see all of the passage.
    """
    return {
        "relevance": hit.relevance,
        "score": hit.score,
        "title": hit.title,
        "path": hit.path,
        "document": hit.document,
        "pages": list(hit.pages),
        "headings": list(hit.headings),
        "start": hit.start,
        "end": hit.end,
        "metadata": dict(hit.metadata),
        **({"hidden": [span.to_json() for span in hit.hidden]} if hit.hidden else {}),
        **({"injection": [span.to_json() for span in hit.injection]} if hit.injection else {}),
    }
