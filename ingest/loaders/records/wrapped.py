"""Records within a record of their own, as exports and web services hand them out: `{"_id": "1", "_source": {...}}`."""

from __future__ import annotations

from collections.abc import Mapping

_AROUND = {
    "_source": "_id _index _type _score _version _seq_no _primary_term _routing _ignored sort highlight found fields",
    "node": "cursor",
    "attributes": "id type links meta relationships",
    "fields": "id pk model createdTime",
    "properties": "id type geometry bbox",
    "document": "score text_match text_match_info highlight highlights vector_distance",
}
"""What a record is called within another (Elasticsearch, GraphQL, JSON:API, Airtable and Django, GeoJSON, Typesense),
and what may stand beside it there: with anything else the outer one is a record itself."""

_IDS = ("_id", "id", "pk")


def unwrapped(record: dict[str, object]) -> dict[str, object]:
    """Returns the record that another holds, by the other's id where it has none; else the record itself."""
    for name, around in _AROUND.items():
        inner = record.get(name)
        if isinstance(inner, Mapping) and inner and record.keys() - {name} <= set(around.split()):
            if name == "properties" and record.get("type") != "Feature":
                return record
            named = any(key in inner for key in _IDS)
            given = next((record[key] for key in _IDS if isinstance(record.get(key), (str, int))), None)
            return dict(inner) if named or given is None else {"_id": given, **inner}
    return record
