"""The statements that read a document's text and all that belongs to it, by the document's number."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, select

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.prepared import PreparedStatement

_DOCUMENT: BindParameter[int] = bindparam("document")
_START: BindParameter[int] = bindparam("start")
_END: BindParameter[int] = bindparam("end")

_s = t.segments.c
TEXT = PreparedStatement(
    select(_s.text)
    .where(_s.document_id == _DOCUMENT, _s.ordinal.between(bindparam("first"), bindparam("last")))
    .order_by(_s.ordinal)
)

_h = t.hidden.c
HIDDEN = PreparedStatement(
    select(_h.start, _h.end, _h.reason)
    .where(_h.document_id == _DOCUMENT, _h.start < _END, _h.end > _START)
    .order_by(_h.ordinal)
)

_o = t.ocr.c
OCR = PreparedStatement(
    select(_o.start, _o.end, _o.confidence, _o.left, _o.top, _o.width, _o.height)
    .where(_o.document_id == _DOCUMENT, _o.start.between(bindparam("earliest"), bindparam("latest")), _o.end > _START)
    .order_by(_o.start)
)

_m = t.masked.c
MASKED = PreparedStatement(
    select(_m.start, _m.end, _m.kind, _m.original_start, _m.original_end)
    .where(_m.document_id == _DOCUMENT)
    .order_by(_m.start)
)

_r = t.surroundings.c
SURROUNDINGS = PreparedStatement(select(_r.text).where(_r.document_id == _DOCUMENT))

_i, _p = t.injections.c, t.passages.c
INJECTION = PreparedStatement(
    select(_i.start, _i.end, _i.sign)
    .join(t.passages, _p.id == _i.passage_id)
    .where(_p.document_id == _DOCUMENT, _i.start < _END, _i.end > _START)
)

_k = t.headings.c
HEADINGS = PreparedStatement(
    select(_k.level, _k.title, _k.start, _k.end).where(_k.document_id == _DOCUMENT).order_by(_k.ordinal)
)

_g = t.pages.c
PAGES = PreparedStatement(
    select(_g.number, _g.label, _g.start, _g.end).where(_g.document_id == _DOCUMENT).order_by(_g.number)
)

_b = t.tables.c
TABLES = PreparedStatement(select(_b.start, _b.end, _b.columns).where(_b.document_id == _DOCUMENT).order_by(_b.ordinal))

_w = t.places.c
PLACES = PreparedStatement(
    select(_w.unit, _w.first, _w.last, _w.start, _w.end).where(_w.document_id == _DOCUMENT).order_by(_w.ordinal)
)
