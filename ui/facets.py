"""What a collection's documents can be narrowed down by, with counts, and the filter that a choice of them makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from retrieval.store import DocumentRow
from retrieval.types import Json

MOST_VALUES = 200
"""Different values of a field that are offered; one with more is searched with a filter in JSON."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class Facets:
    """Numbers of documents by top folder, media type, and value of each metadata field; `dates` are fields too."""

    folders: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    dates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of the facets; `values` are as shown."""

    path: str = ""
    folders: Sequence[str] = ()
    types: Sequence[str] = ()
    date_field: str | None = None
    since: date | None = None
    until: date | None = None
    field: str | None = None
    values: Sequence[str] = ()
    where: Mapping[str, Any] | None = None


def facets_of(documents: Iterable[DocumentRow]) -> Facets:
    """Counts over documents, the most frequent first."""
    folders: Counter[str] = Counter()
    types: Counter[str] = Counter()
    fields: dict[str, Counter[str]] = {}
    values: dict[str, dict[str, Json]] = {}
    for document in documents:
        types[document.media_type] += 1
        if "/" in document.path:
            folders[document.path.partition("/")[0]] += 1
        for key, value in document.metadata.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str | int | float):
                    fields.setdefault(key, Counter())[str(one)] += 1
                    values.setdefault(key, {})[str(one)] = one
    dates = [key for key, counts in fields.items() if all(_DATE.fullmatch(value) for value in counts)]
    listed = {key: dict(counts.most_common()) for key, counts in sorted(fields.items()) if len(counts) <= MOST_VALUES}
    return Facets(
        folders=dict(folders.most_common()),
        types=dict(types.most_common()),
        fields={key: counts for key, counts in listed.items() if key not in dates},
        values=values,
        dates=tuple(sorted(dates)),
    )


def filter_of(choice: Choice, facets: Facets) -> dict[str, Any] | None:
    """The filter for `Collection.search`; None where nothing was chosen."""
    parts: list[Mapping[str, Any]] = []
    if choice.path:
        parts.append({"path": {"$glob": choice.path}})
    if choice.folders:
        parts.append({"$or": [{"path": {"$glob": f"{_literal(folder)}/*"}} for folder in choice.folders]})
    if choice.types:
        parts.append({"media_type": {"$in": list(choice.types)}})
    if choice.date_field and (bounds := _bounds(choice.since, choice.until)):
        parts.append({_metadata(choice.date_field): bounds})
    if choice.field and choice.values:
        known = facets.values.get(choice.field, {})
        parts.append({_metadata(choice.field): {"$in": [known.get(value, value) for value in choice.values]}})
    if choice.where:
        parts.append(choice.where)
    if not parts:
        return None
    return dict(parts[0]) if len(parts) == 1 else {"$and": parts}


def _bounds(since: date | None, until: date | None) -> dict[str, str]:
    """Both days are within; dates in ISO form sort as texts do."""
    bounds = {"$gte": since.isoformat()} if since else {}
    return bounds | ({"$lt": (until + timedelta(days=1)).isoformat()} if until else {})


def _metadata(key: str) -> str:
    """A field by the name that can't be taken for a document's own path or title."""
    return f"metadata.{key}"


def _literal(text: str) -> str:
    """Text that a glob matches as it is."""
    return re.sub(r"([*?\[])", r"[\1]", text)
