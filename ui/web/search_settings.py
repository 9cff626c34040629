"""Draws the filters and options of a search; each is in the page's address, so that a link shares what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import Collections, Fusion, Hits, Stage, Syntax
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.text import visible
from passagework.ui.commands.output import parse_where
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web.facets import Choice, Facets, filter_of
from passagework.ui.web.page_html import markdown_text

STAGES = {
    message("automatic"): None,
    "dense": Stage.DENSE,
    "lexical": Stage.LEXICAL,
    "hybrid": Stage.HYBRID,
    "rerank": Stage.RERANK,
}
STAGE_HELP = message(
    "`automatic` reranks where it can: by the encoder's token vectors, or with the model that "
    "`PASSAGEWORK_RERANKER` names."
)
FUSIONS = tuple(fusion.value for fusion in Fusion)
"""For the pages Search and Judge."""
SYNTAXES = (Syntax.FULL.value, Syntax.PLAIN.value)
SYNTAX_HELP = message(
    '`full` understands "exact words", -without, field:value and typos; `plain` takes words as they are.'
)
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

    def search(self, collection: Collection | Collections, query: str) -> Hits:
        """Returns the hits of a query."""
        return collection.search(
            query,
            k=self.k,
            stage=self.stage,
            candidates=self.candidates,
            fusion=self.fusion,
            per_document=self.per_document,
            rerank_depth=self.rerank_depth,
            where=self.where,
            syntax=self.syntax,
            copies=self.copies,
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """Is a filter that is set: what it is shown as, and the widget that `value` is taken out of, or that is emptied."""

    label: str
    key: str
    value: str | None = None


def search_settings(facets: Facets, counts: Facets, *, asked: bool) -> SearchSettings:
    """Draws a line of filters and options, those that are set as chips; before anything is `asked` all in one place.

    `facets` are those of the whole collection, `counts` those of what the query finds. Raises FilterError where the
    filter in JSON is none.
    """
    with st.container(horizontal=True, key="controls", gap="small"):
        whole = None if asked else st.popover(gettext("Options"))
        choice, raw = _filters(facets, counts, lambda name: whole or st.popover(name))
        with whole or st.popover(gettext("Options")):
            settings = _options()
        chips = chips_of(choice, raw)
        for chip in chips:
            key = f"chip-{chip.key}-{chip.value}"
            st.button(
                f"{markdown_text(chip.label)} ✕",
                key=key,
                help=gettext("Remove this filter"),
                on_click=_take_off,
                args=([chip],),
            )
        if chips:
            st.button(gettext("Clear all"), type="tertiary", on_click=_take_off, args=(chips,))
    return replace(settings, where=filter_of(_with_where(choice, raw), facets))


def chips_of(choice: Choice, raw: str) -> list[Chip]:
    """Returns a chip for each filter that is set."""
    chips = [Chip(visible(gettext(format_name(kind))), "type", kind) for kind in choice.types]
    chips += [Chip(visible(folder), "folder", folder) for folder in choice.folders]
    if choice.since or choice.until:
        chips.append(Chip(f"{choice.since or '…'} – {choice.until or '…'}", "dates"))
    if choice.field:
        name = choice.field
        chips += [Chip(f"{visible(name)}: {visible(value)}", f"value-{name}", value) for value in choice.values]
    if choice.path:
        chips.append(Chip(visible(choice.path), "path"))
    if raw.strip():
        chips.append(Chip(gettext("JSON filter"), "where"))
    return chips


def _take_off(chips: Sequence[Chip]) -> None:
    for chip in chips:
        now = st.session_state[chip.key]
        if chip.value is not None:
            st.session_state[chip.key] = [value for value in now if value != chip.value]
        else:
            st.session_state[chip.key] = () if chip.key == "dates" else ""


def _options() -> SearchSettings:
    stage = st.selectbox(
        gettext("Stage"), list(STAGES), key="stage", format_func=gettext, help=gettext(STAGE_HELP), bind=URL
    )
    k = st.slider(gettext("Passages to show"), 1, 50, 10, key="k", bind=URL)
    candidates = st.slider(
        gettext("Candidates"),
        10,
        1000,
        CANDIDATES,
        step=10,
        key="candidates",
        help=gettext("How many passages each retriever contributes."),
        bind=URL,
    )
    fusion = st.selectbox(
        gettext("Fusion"),
        FUSIONS,
        key="fusion",
        help=gettext("How the rankings by words and by meaning are combined."),
        bind=URL,
    )
    per_document = st.number_input(
        gettext("Passages per document"),
        0,
        50,
        0,
        key="per_document",
        help=gettext("At most; 0 means no limit."),
        bind=URL,
    )
    rerank_depth = st.number_input(
        gettext("Rerank depth"),
        0,
        1000,
        0,
        key="rerank_depth",
        help=gettext("How many candidates are reranked; 0 means the default."),
        bind=URL,
    )
    syntax = st.selectbox(gettext("Syntax"), SYNTAXES, key="syntax", help=gettext(SYNTAX_HELP), bind=URL)
    return SearchSettings(
        stage=STAGES[str(stage)],
        k=int(k),
        candidates=int(candidates),
        fusion=str(fusion),
        per_document=int(per_document) or None,
        rerank_depth=int(rerank_depth) or None,
        syntax=str(syntax),
    )


def _filters(facets: Facets, counts: Facets, place: Callable[[str], DeltaGenerator]) -> tuple[Choice, str]:
    """Draws each filter in the place of its name; returns what is chosen, and the filter in JSON as it was typed."""
    types = _multiselect(
        gettext("Type"), "type", facets.types, counts.types, place, lambda kind: gettext(format_name(kind))
    )
    folders = _multiselect(gettext("Folder"), "folder", facets.folders, counts.folders, place)
    date_field, dates = _dates(facets, place)
    with place(gettext("More")):
        name = values = None
        if facets.fields:
            name = st.selectbox(
                gettext("Field"),
                list(facets.fields),
                None,
                key="field",
                placeholder=gettext("Choose"),
                format_func=visible,
                bind=URL,
            )
        if name:
            known = counts.fields.get(name, {})
            values = _multiselect(
                gettext("Values"), f"value-{name}", facets.fields[name], known, lambda _: st.container()
            )
        path = st.text_input(
            gettext("Path"),
            key="path",
            placeholder="policies/*",
            help=gettext("Only paths that match this pattern."),
            bind=URL,
        )
        raw = st.text_input(
            gettext("Filter"), key="where", placeholder='{"year": {"$gte": 2020}}', help=gettext("In JSON."), bind=URL
        )
    choice = Choice(
        path=str(path or "").strip(),
        folders=folders,
        types=types,
        date_field=date_field,
        since=dates[0] if dates else None,
        until=dates[1] if len(dates) > 1 else None,
        field=name,
        values=values or (),
    )
    return choice, str(raw or "")


def _dates(facets: Facets, place: Callable[[str], DeltaGenerator]) -> tuple[str | None, Sequence[date]]:
    """Draws one control for a span of days, and the field that it is of where there are several."""
    if not facets.dates:
        return None, ()
    with place(gettext("Date")):
        field = facets.dates[0]
        if len(facets.dates) > 1:
            field = str(st.selectbox(gettext("Date"), facets.dates, key="date", format_func=visible, bind=URL))
        dates: Any = st.date_input(gettext("From and to"), [], FIRST, LAST, key="dates", bind=URL)
    return field, dates if isinstance(dates, tuple) else (dates,) if dates else ()


def _multiselect(
    label: str,
    key: str,
    all_counts: Mapping[str, int],
    counts: Mapping[str, int],
    place: Callable[[str], DeltaGenerator],
    named: Callable[[str], str] = str,
) -> list[str]:
    """Draws a choice of several values, each with how many documents it has among `counts`, and nothing without any.

    The address holds the values alone: a bound widget would write the numbers there too, which change.
    """
    linked = st.query_params.get_all(key)
    if not all_counts and not linked:
        return []
    if key not in st.session_state:
        st.session_state[key] = linked
    gone = [value for value in st.session_state[key] if value not in all_counts]

    def shown(value: str) -> str:
        return f"{visible(named(value))} ({formatted(counts.get(value, 0))})"

    options = [*sorted(all_counts, key=lambda value: -counts.get(value, 0)), *gone]
    with place(label):
        chosen = list(
            st.multiselect(
                label,
                options,
                key=key,
                format_func=shown,
                placeholder=gettext("All"),
                filter_mode="contains",
                select_all=False,
            )
        )
    if chosen:
        st.query_params[key] = chosen
    elif linked:
        del st.query_params[key]
    return chosen


def _with_where(choice: Choice, raw: str) -> Choice:
    return replace(choice, where=parse_where(raw, "the filter")) if raw.strip() else choice
