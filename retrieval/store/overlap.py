"""Finds what of a document lies in a passage: its pages, lines or seconds, its hidden text and what OCR read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import ColumnElement, Connection, ScalarSelect, exists, func, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches
from passagework.retrieval.store.prepared import PreparedStatement, bound_ids, in_bound_ids
from passagework.retrieval.types import LONGEST_OCR_SPAN, Hidden, HiddenReason, Injection, InjectionSign, Ocr, PlaceUnit

_p, _g, _h, _s, _t, _o = t.passages.c, t.pages.c, t.hidden.c, t.places.c, t.segments.c, t.ocr.c
_m, _i = t.masked.c, t.injections.c

PAGES = PreparedStatement(
    select(_p.id, _g.number)
    .join(t.pages, _g.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _g.start < _p.end, _g.end > _p.start, _g.start < _g.end)
    .order_by(_g.number)
)
HIDDEN = PreparedStatement(
    select(_p.id, func.max(_h.start, _p.start), func.min(_h.end, _p.end), _h.reason)
    .join(t.hidden, _h.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _h.start < _p.end, _h.end > _p.start)
    .order_by(_h.ordinal)
)

SECONDS = PreparedStatement(
    select(_p.id, func.min(_s.first), func.max(_s.last))
    .join(t.places, _s.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _s.unit == PlaceUnit.SECOND.value, _s.start < _p.end, _s.end > _p.start)
    .group_by(_p.id)
)

_read = func.min(_o.end, _p.end) - func.max(_o.start, _p.start)
OCR = PreparedStatement(
    select(_p.id, func.sum(_o.confidence * _read) / func.sum(_read))
    .join(t.ocr, _o.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _o.start.between(_p.start - LONGEST_OCR_SPAN, _p.end - 1), _o.end > _p.start)
    .group_by(_p.id)
)


INJECTION = PreparedStatement(
    select(_i.passage_id, _i.start, _i.end, _i.sign).where(in_bound_ids(_i.passage_id)).order_by(_i.start)
)


def _shift(place: ColumnElement[int]) -> ColumnElement[int]:
    """Returns by how much a place of a passage's document lay further on in the text as it was read."""
    before = select(_m.original_end - _m.end).where(_m.document_id == _p.document_id, _m.start < place)
    return func.coalesce(before.order_by(_m.start.desc()).limit(1).correlate(t.passages).scalar_subquery(), 0)


ORIGINAL = PreparedStatement(
    select(_p.id, _p.start + _shift(_p.start), _p.end + _shift(_p.end)).where(
        in_bound_ids(_p.id), exists().where(_m.document_id == _p.document_id)
    )
)


def _line_ends(start: ColumnElement[int], end: ColumnElement[int]) -> ScalarSelect[int]:
    """Returns how many line ends a passage's document has in `[start, end)`, counted segment by segment."""
    base = _t.ordinal * t.SEGMENT_CHARS
    first = func.max(start - base, 0)
    part = func.substr(_t.text, first + 1, func.max(func.min(end - base, t.SEGMENT_CHARS) - first, 0))
    ends = func.length(part) - func.length(func.replace(part, "\n", ""))
    touched = (_t.document_id == _p.document_id, base < end, base + t.SEGMENT_CHARS > start)
    return select(func.coalesce(func.sum(ends), 0)).where(*touched).correlate(t.passages, t.places).scalar_subquery()


_from, _to = func.max(_s.start, _p.start), func.min(_s.end, _p.end)
LINES = PreparedStatement(
    select(_p.id, _s.first + _line_ends(_s.start, _from), _s.last, _line_ends(_from, _to))
    .join(t.places, _s.document_id == _p.document_id)
    .where(in_bound_ids(_p.id), _s.unit == PlaceUnit.LINE.value, _s.start < _p.end, _s.end > _p.start)
    .order_by(_s.ordinal)
)


class Parts(TypedDict):
    """What of a document lies in a passage, as PassageRow has it."""

    pages: tuple[int, ...]
    hidden: tuple[Hidden, ...]
    lines: tuple[int, ...]
    seconds: tuple[float, ...]
    ocr: Ocr | None
    original: tuple[int, int] | None
    injection: tuple[Injection, ...]


def parts_of(connection: Connection, ids: Sequence[int]) -> dict[int, Parts]:
    """Maps each passage to what lies in it."""
    pages, hidden = pages_of(connection, ids), hidden_in(connection, ids)
    lines, seconds = lines_of(connection, ids), seconds_of(connection, ids)
    ocr, original = ocr_of(connection, ids), original_of(connection, ids)
    injection = injection_in(connection, ids)
    return {
        passage: {
            "pages": pages.get(passage, ()),
            "hidden": hidden.get(passage, ()),
            "lines": lines.get(passage, ()),
            "seconds": seconds.get(passage, ()),
            "ocr": ocr.get(passage),
            "original": original.get(passage),
            "injection": injection.get(passage, ()),
        }
        for passage in ids
    }


def lines_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Maps passages to the first and the last line of their source; passages without are left out."""
    lines: dict[int, tuple[int, ...]] = {}
    for batch in batches(ids):
        for passage, first, last, ends in LINES.rows(connection, ids=bound_ids(batch)):
            begin = lines[passage][0] if passage in lines else int(first)
            lines[passage] = begin, int(min(first + ends, last))
    return lines


def seconds_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[float, ...]]:
    """Maps passages to the first and the last second of what is spoken in them; passages without are left out."""
    return {
        passage: (first, last)
        for batch in batches(ids)
        for passage, first, last in SECONDS.rows(connection, ids=bound_ids(batch))
    }


def ocr_of(connection: Connection, ids: Sequence[int]) -> dict[int, Ocr]:
    """Maps passages to what OCR thinks of its reading of them; passages of which it read nothing are left out."""
    return {
        passage: Ocr(confidence)
        for batch in batches(ids)
        for passage, confidence in OCR.rows(connection, ids=bound_ids(batch))
    }


def original_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Maps passages to where they stood in the text as it was read; those of documents without masks are left out."""
    return {
        passage: (start, end)
        for batch in batches(ids)
        for passage, start, end in ORIGINAL.rows(connection, ids=bound_ids(batch))
    }


def pages_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Maps passages to the numbers of their pages, ascending; passages without are left out."""
    touched: dict[int, list[int]] = defaultdict(list)
    for batch in batches(ids):
        for passage, number in PAGES.rows(connection, ids=bound_ids(batch)):
            touched[passage].append(number)
    return {passage: tuple(numbers) for passage, numbers in touched.items()}


def hidden_in(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Hidden, ...]]:
    """Maps passages to what readers don't see of them, cut to the passage, in order; passages without are left out."""
    spans_by_passage: dict[int, list[Hidden]] = defaultdict(list)
    for batch in batches(ids):
        for passage, start, end, reason in HIDDEN.rows(connection, ids=bound_ids(batch)):
            spans_by_passage[passage].append(Hidden(start, end, HiddenReason(reason)))
    return {passage: tuple(spans) for passage, spans in spans_by_passage.items()}


def injection_in(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Injection, ...]]:
    """Maps passages to what of them instructs a language model, in order; passages without are left out."""
    spans_by_passage: dict[int, list[Injection]] = defaultdict(list)
    for batch in batches(ids):
        for passage, start, end, sign in INJECTION.rows(connection, ids=bound_ids(batch)):
            spans_by_passage[passage].append(Injection(start, end, InjectionSign(sign)))
    return {passage: tuple(spans) for passage, spans in spans_by_passage.items()}
