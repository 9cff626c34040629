"""The records that one JSON object holds, as answers of web services have them: `{"results": [...], "next": null}`."""

from __future__ import annotations

from collections.abc import Mapping

from passagework.ingest.loaders.records.record import TEXT_FIELDS
from passagework.retrieval.text import one_line

_NAMES = (
    *("results", "data", "items", "records", "rows", "entries", "hits", "documents", "docs", "response", "value"),
    *("edges", "_embedded"),
)
_DEEPEST = 5
"""Objects within objects: `{"data": {"products": {"edges": [...]}}}`."""

_SURELY = """
    status ok success error errors totalresults total_results totalelements totalpages total_pages totalcount
    total_count count numberofelements page pageable pageinfo page_info perpage per_page pagesize page_size nextpage
    next_page nexttoken next_token has_more hasmore offset limit skip startat maxresults cursor next_cursor
    response_metadata _links paging pagination took timed_out _shards etag
"""
_PERHAPS = "total first last next previous prev size number sort empty links meta metadata version expand type kind crs"
_OF_PAGES = frozenset(_SURELY.split())
_MAY_BE_OF_PAGES = frozenset(_PERHAPS.split())
"""What services say of a page of records, in small letters: where nothing else stands beside it, and something that
only they say, a list of objects is records by whatever name. An invoice has a number and a list, too."""


def enveloped(value: Mapping[str, object]) -> tuple[list[dict[str, object]], str] | None:
    """The records and a note on what stands beside them; None where the object is a record itself.

    A record has a text, or another list of objects than the one that is named as records are.
    """
    beside: list[str] = []
    for depth in range(_DEEPEST):
        name = _name_of_records(value, within=depth > 0)
        if name is None or any(isinstance(value.get(field), str) and value[field] for field in TEXT_FIELDS):
            return None
        if sum(_is_records(item) for item in value.values()) > 1:
            return None
        beside += [key for key, item in value.items() if key != name and item not in (None, "", [], {})]
        inner = value[name]
        if _is_records(inner):
            return list(inner), _note(beside)  # type: ignore[call-overload]  # _is_records: a list of objects
        if not isinstance(inner, Mapping):
            return None
        value = inner
    return None


def _name_of_records(value: Mapping[str, object], *, within: bool) -> str | None:
    """By what name an object has its records, or an object that does; `within` another, the only one has any name."""
    named = next((name for name in _NAMES if isinstance(value.get(name), (list, dict)) and value[name]), None)
    if named is not None:
        return named
    pages = {key for key in value if key.lower() in _OF_PAGES}
    others = [key for key in value if key not in pages and not (pages and key.lower() in _MAY_BE_OF_PAGES)]
    if value.get("type") == "FeatureCollection":  # GeoJSON
        others = ["features"] if "features" in value else []
    if len(others) != 1 or not (within or pages or others == ["features"]):
        return None
    inner = value[others[0]]
    return others[0] if _is_records(inner) or (within and isinstance(inner, Mapping)) else None


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _note(beside: list[str]) -> str:
    return one_line(f"beside its records the file has {', '.join(beside)}: not read") if beside else ""
