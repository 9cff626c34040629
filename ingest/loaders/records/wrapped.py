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

_KEPT = ("type", "model", "createdTime", "relationships")
"""What of that is said of the record, and belongs to it: the rest is the program's own, or draws a shape on a map."""

_IDS = ("_id", "id", "pk")


def unwrapped(record: dict[str, object]) -> dict[str, object]:
    """Returns the record that another holds, with what that says of it; else the record itself.

    Its id is its own, else the other's.
    """
    for name, around in _AROUND.items():
        inner = record.get(name)
        if isinstance(inner, Mapping) and inner and record.keys() - {name} <= set(around.split()):
            if name == "properties" and record.get("type") != "Feature":
                return record
            outer = {key: record[key] for key in _KEPT if key in record and name != "properties"}
            given = next((record[key] for key in _IDS if isinstance(record.get(key), (str, int))), None)
            named = any(key in inner for key in _IDS) or given is None
            return {**outer, **inner} if named else {"_id": given, **outer, **inner}
    return record
