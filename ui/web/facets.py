"""Counts what a collection's documents can be narrowed down by, and makes a filter of what was chosen."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeAlias

from passagework.retrieval.filters.hints import literal_glob
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.store.instants import instant
from passagework.retrieval.types import Json

MOST_VALUES = 200
"""Different values of a field that are offered; one with more is searched with a filter in JSON."""

_Value: TypeAlias = tuple[type, Any]
"""A value of metadata with its kind: text, number, or truth."""


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of documents by top folder, media type, and value of each metadata field; `dates` are fields too.

    Nested fields have dotted names. `values` are what the shown values of `fields` stand for.
    """

    folders: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    dates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The facets chosen; `values` are as shown."""

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
    """Returns counts over documents, the most frequent first."""
    folders: Counter[str] = Counter()
    types: Counter[str] = Counter()
    fields: dict[str, Counter[_Value]] = defaultdict(Counter)
    for document in documents:
        types[document.media_type] += 1
        if "/" in document.path:
            folders[document.path.partition("/")[0]] += 1
        for key, value in set(_values("", document.metadata)):
            fields[key][value] += 1
    dates = [key for key, counts in fields.items() if all(kind is str and instant(v) is not None for kind, v in counts)]
    offered = {key: counts for key, counts in sorted(fields.items()) if len(counts) <= MOST_VALUES and key not in dates}
    names = {key: _names(counts) for key, counts in offered.items()}
    return Facets(
        folders=dict(folders.most_common()),
        types=dict(types.most_common()),
        fields={key: {names[key][value]: count for value, count in offered[key].most_common()} for key in offered},
        values={key: {name: value[1] for value, name in names[key].items()} for key in offered},
        dates=tuple(sorted(dates)),
    )


def _values(key: str, value: Json | Mapping[str, Json]) -> Iterator[tuple[str, _Value]]:
    """Yields each single value with its field's name, as a filter knows it: nested fields have dotted names."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _values(f"{key}.{name}" if key else name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _values(key, item)
    elif isinstance(value, bool | str):
        yield key, (type(value), value)
    elif isinstance(value, int | float):
        yield key, (float, value)  # 1 and 1.0 are one value, True another


def _names(values: Iterable[_Value]) -> dict[_Value, str]:
    """Returns what each value is shown as, no two alike: a text that looks like another value stands in quotes."""
    other_values = {json.dumps(value) for kind, value in values if kind is not str}

    def name(kind: type, value: Any) -> str:
        plain = kind is str and value not in other_values and not value.startswith('"')
        return value if plain else json.dumps(value, ensure_ascii=False)

    return {value: name(*value) for value in values}


def filter_of(choice: Choice, facets: Facets) -> dict[str, Any] | None:
    """Returns the filter for `Collection.search`; None where nothing was chosen."""
    parts: list[Mapping[str, Any]] = []
    if choice.path:
        parts.append({"path": {"$glob": choice.path}})
    if choice.folders:
        parts.append({"$or": [{"path": {"$glob": f"{literal_glob(folder)}/*"}} for folder in choice.folders]})
    if choice.types:
        parts.append({"media_type": {"$in": list(choice.types)}})
    if choice.date_field and (bounds := _bounds(choice.since, choice.until)):
        parts.append({_metadata(choice.date_field): bounds})
    if choice.field and choice.values:
        shown_values = facets.values.get(choice.field, {})
        parts.append({_metadata(choice.field): {"$in": [shown_values.get(value, value) for value in choice.values]}})
    if choice.where:
        parts.append(choice.where)
    if not parts:
        return None
    return dict(parts[0]) if len(parts) == 1 else {"$and": parts}


def _bounds(since: date | None, until: date | None) -> dict[str, str]:
    """Returns the condition of a span of days, both included; a date is its first instant, in UTC."""
    bounds = {"$gte": since.isoformat()} if since else {}
    return bounds | ({"$lt": (until + timedelta(days=1)).isoformat()} if until else {})


def _metadata(key: str) -> str:
    """Returns the name of a field that can't be taken for a document's own path or title."""
    return f"metadata.{key}"
