"""Draws the settings of a search in the sidebar; each is in the page's address, so that a link shares what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from passagework import Collection
from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import Fusion, Hits, Stage, Syntax
from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.text import visible
from passagework.ui.commands.output import parse_where
from passagework.ui.web.facets import Choice, Facets, filter_of

STAGES = {
    "automatic": None,
    "dense": Stage.DENSE,
    "lexical": Stage.LEXICAL,
    "hybrid": Stage.HYBRID,
    "rerank": Stage.RERANK,
}
STAGE_HELP = "automatic: `rerank`, by the encoder's own token vectors or by what `PASSAGEWORK_RERANKER` names."
FUSIONS = tuple(fusion.value for fusion in Fusion)
"""For the pages Search and Judge."""
SYNTAXES = (Syntax.FULL.value, Syntax.PLAIN.value)
SYNTAX_HELP = '`full`: "exact words", -without, field:value, misspelt words; `plain`: words alone.'
URL: Any = "query-params"
FIRST, LAST = date(1, 1, 1), date(9999, 12, 30)
"""Any date that a document may have; the widget's own limits are ten years from today."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The arguments that `Collection.search` takes beside the query."""

    stage: Stage | None = None
    k: int = 10
    candidates: int = CANDIDATES
    fusion: str = "convex"
    per_document: int | None = None
    rerank_depth: int | None = None
    where: Mapping[str, Any] | None = None
    syntax: str = "full"
    copies: str = "collapse"

    def search(self, collection: Collection, query: str, stage: Stage | None = None) -> Hits:
        """Returns the hits of a query; `stage` stands in place of the one that was set."""
        return collection.search(
            query,
            k=self.k,
            stage=stage or self.stage,
            candidates=self.candidates,
            fusion=self.fusion,
            per_document=self.per_document,
            rerank_depth=self.rerank_depth,
            where=self.where,
            syntax=self.syntax,
            copies=self.copies,
        )


def sidebar(facets: Facets) -> SearchSettings:
    """Draws the settings. Raises FilterError where the filter in JSON is none."""
    with st.sidebar:
        st.header("Filters")
        choice = _filters(facets)
        st.header("Settings")
        stage = st.selectbox("Stage", list(STAGES), key="stage", help=STAGE_HELP, bind=URL)
        k = st.slider("Hits (k)", 1, 50, 10, key="k", help="Hits shown.", bind=URL)
        candidates = st.slider(
            "Candidates", 10, 1000, CANDIDATES, step=10, key="candidates", help="Per retriever.", bind=URL
        )
        fusion = st.selectbox("Fusion", FUSIONS, key="fusion", help="How both rankings join.", bind=URL)
        per_document = st.number_input(
            "Per document", 0, 50, 0, key="per_document", help="Most hits; 0: no limit.", bind=URL
        )
        rerank_depth = st.number_input(
            "Rerank depth",
            0,
            1000,
            0,
            key="rerank_depth",
            help="Candidates that the reranker reads, at least k; 0: its own.",
            bind=URL,
        )
        syntax = st.selectbox("Syntax", SYNTAXES, key="syntax", help=SYNTAX_HELP, bind=URL)
        raw = st.text_input("Filter", key="where", placeholder='{"year": {"$gte": 2020}}', help="In JSON.", bind=URL)
        st.divider()
    return SearchSettings(
        stage=STAGES[str(stage)],
        k=int(k),
        candidates=int(candidates),
        fusion=str(fusion),
        per_document=int(per_document) or None,
        rerank_depth=int(rerank_depth) or None,
        syntax=str(syntax),
        where=filter_of(_with_where(choice, str(raw or "")), facets),
    )


def _filters(facets: Facets) -> Choice:
    path = st.text_input(
        "Path", key="path", placeholder="policies/*", help="Only paths that match this glob.", bind=URL
    )
    folders = _multiselect("Folder", "folder", facets.folders)
    types = _multiselect("Type", "type", facets.types, format_name)
    date_field = since = until = None
    if facets.dates:
        date_field = st.selectbox("Date", facets.dates, key="date", format_func=visible, bind=URL)
        since = st.date_input("From", None, FIRST, LAST, key="since", bind=URL)
        until = st.date_input("To", None, FIRST, LAST, key="until", bind=URL)
    name = None
    values: list[str] = []
    if facets.fields:
        name = st.selectbox("Field", list(facets.fields), None, key="field", format_func=visible, bind=URL)
        if name:
            values = _multiselect("Values", f"value-{name}", facets.fields[name])
    return Choice(
        path=str(path or "").strip(),
        folders=folders,
        types=types,
        date_field=date_field,
        since=since,
        until=until,
        field=name,
        values=values,
    )


def _multiselect(label: str, key: str, counts: Mapping[str, int], named: Callable[[str], str] = str) -> list[str]:
    """Draws a choice of several values, each with its number of documents, and nothing where there is none.

    The address holds the values alone: a bound widget would write the numbers there too, which change.
    """
    linked = st.query_params.get_all(key)
    if not counts and not linked:
        return []
    if key not in st.session_state:
        st.session_state[key] = linked
    gone = [value for value in st.session_state[key] if value not in counts]

    def shown(value: str) -> str:
        return f"{visible(named(value))} ({counts.get(value, 0):,})"

    chosen = list(
        st.multiselect(label, [*counts, *gone], key=key, format_func=shown, filter_mode="contains", select_all=False)
    )
    if chosen:
        st.query_params[key] = chosen
    elif linked:
        del st.query_params[key]
    return chosen


def _with_where(choice: Choice, raw: str) -> Choice:
    if not raw.strip():
        return choice
    where = parse_where(raw, "the filter")
    return Choice(**{name: getattr(choice, name) for name in Choice.__slots__} | {"where": where})
