"""Draws the judging page: the grades that were given, and two settings side by side, openly or blind."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Sequence

import streamlit as st

from passagework.retrieval import Hits, PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.evaluation.judgments import Judgment
from passagework.retrieval.folder import JUDGMENTS
from passagework.ui.present.wording import counted, formatted, gettext, message
from passagework.ui.web import session
from passagework.ui.web.judging import GRADES, as_trec, grade_of, judgments_of
from passagework.ui.web.links import document_names
from passagework.ui.web.page_html import compact_hit_html, markdown_text, note_html, table_html
from passagework.ui.web.preferences import Preference, a_is_left, add_preference, places_in_other, preferences_of, tally
from passagework.ui.web.rendered_text import plain
from passagework.ui.web.search_settings import FUSIONS, STAGES, URL, SearchSettings
from passagework.ui.web.wanted_queries import show_guide

VIEWS = (message("Judgments"), message("Side by side"), message("Blind"))
QUOTED = 160
"""Characters of a judged passage in the table."""

SHOWN = 500
"""Judgments in the table; the file has all."""


def show_judgments(collection: Collection) -> None:
    """Draws the judgments, and the files that `passagework evaluate` reads."""
    judgments = judgments_of(collection.path)
    show_guide(collection.path, judgments)
    if not judgments:
        st.info(gettext("No judgments yet. Search, choose Why this beside a passage, and say whether it answers."))
        st.page_link(session.SEARCH, label=gettext("Go to the search"))
        return
    queries = len({judgment.query for judgment in judgments})
    st.html(
        note_html(
            gettext(
                "{judgments} for {queries}",
                judgments=counted(len(judgments), "judgment"),
                queries=counted(queries, "query"),
            )
        )
    )
    lines = "".join(json.dumps(judgment.to_json(), ensure_ascii=False) + "\n" for judgment in judgments)
    qrels, topics = as_trec(judgments, collection)
    with st.container(horizontal=True):
        st.download_button(
            gettext("Judgments (JSONL)"), lines.encode(errors="replace"), JUDGMENTS, "application/x-ndjson"
        )
        st.download_button(gettext("Qrels (TREC)"), qrels.encode(errors="replace"), "qrels.txt", "text/plain")
        st.download_button(
            gettext("Topics"), topics.encode(errors="replace"), "topics.tsv", "text/tab-separated-values"
        )
    words = ("passagework", "evaluate", collection.path / JUDGMENTS, "--collection", collection.path)
    st.code(shlex.join(map(str, words)), language=None, wrap_lines=True)
    rows = [_row(judgment) for judgment in judgments[:SHOWN]]
    columns = (gettext("Query"), gettext("Grade"), gettext("Document"), gettext("Passage"))
    st.html(table_html("judgments", columns, rows))


def _row(judgment: Judgment) -> tuple[str, str, str, str]:
    names = {grade: name for name, grade in GRADES.items()}
    quote = " ".join((judgment.quote or "").split())
    shown = quote if len(quote) <= QUOTED else f"{quote[:QUOTED]}…"
    return judgment.query, gettext(names.get(judgment.grade or 0, str(judgment.grade))), judgment.document, shown


def settings_of(name: str, stage: str) -> tuple[SearchSettings, dict[str, str | int]]:
    """Draws the fields of one of the two settings; returns it as the search takes it and as it is recorded."""
    st.markdown(f"**{name.upper()}**")
    stages = list(STAGES)
    chosen = str(
        st.selectbox(
            gettext("Stage {name}", name=name.upper()),
            stages,
            stages.index(stage),
            key=f"stage_{name}",
            format_func=gettext,
            bind=URL,
        )
    )
    fusion = str(st.selectbox(gettext("Fusion {name}", name=name.upper()), FUSIONS, key=f"fusion_{name}", bind=URL))
    label = gettext("Candidates {name}", name=name.upper())
    candidates = int(st.number_input(label, 10, 1000, CANDIDATES, step=10, key=f"candidates_{name}", bind=URL))
    settings = SearchSettings(
        stage=STAGES[chosen],
        k=5,
        candidates=candidates,
        fusion=fusion,
        copies="keep",  # a judgment is of a document, whoever else says the same
    )
    return settings, {"stage": chosen, "fusion": fusion, "candidates": candidates}


def compare_settings(collection: Collection, *, blind: bool) -> None:
    """Draws the first hits of one query under two settings."""
    query = session.query_field(gettext("Compare the settings on a query"))
    with st.expander(gettext("The two settings"), expanded=not blind):
        with st.container(key="labelled-settings"):
            left, right = st.columns(2)
        with left:
            a, recorded_a = settings_of("a", "hybrid")
        with right:
            b, recorded_b = settings_of("b", "rerank")
    if not query.strip():
        st.html(note_html(gettext("Type a query to see the first five passages of both settings side by side.")))
        return
    with st.spinner(gettext("Searching")):
        both = a.search(collection, query), b.search(collection, query)
    judged = judgments_of(collection.path)
    if not blind:
        for column, hits, other_hits, name in zip(st.columns(2), both, both[::-1], "AB", strict=True):
            with column:
                judged_line = _count_relevant(collection, judged, query, hits)
                took = hits.timings_ms.get("total", 0.0) - hits.timings_ms.get("load", 0.0)
                _list(
                    hits,
                    other_hits,
                    f"{name}: {hits.plan.used.value}, {formatted(took)} ms{judged_line}",
                    "side",
                )
        return
    salt = st.session_state.setdefault("salt", secrets.token_hex(8))
    a_first = a_is_left(query, salt)
    sides = both if a_first else both[::-1]
    for column, hits, name in zip(st.columns(2), sides, (gettext("First list"), gettext("Second list")), strict=True):
        with column:
            _list(hits, None, name, "blind")
    if recorded_a == recorded_b:
        st.info(gettext("Both sides have the same settings: change one of them."))
    elif any(both):
        _vote(collection, query, recorded_a, recorded_b, a_first=a_first)


def _list(hits: Hits, other_hits: Hits | None, title: str, name: str) -> None:
    st.html(note_html(title))
    moves = places_in_other(hits, other_hits) if other_hits is not None else [""] * len(hits)
    cards = "".join(compact_hit_html(hit, move) for hit, move in zip(hits, moves, strict=True))
    st.html(f'<div data-testid="{name}">{cards or plain(gettext("No passages found."))}</div>')


def _vote(
    collection: Collection, query: str, a: dict[str, str | int], b: dict[str, str | int], *, a_first: bool
) -> None:
    """Draws three buttons, and once one was pressed, which side was which, and how it stands."""
    left, right = ("a", "b") if a_first else ("b", "a")
    choices = {
        message("First is better"): left,
        message("No difference"): "neither",
        message("Second is better"): right,
    }
    voted = st.session_state.setdefault("voted", set())
    comparison_key = json.dumps([query, a, b])
    if comparison_key not in voted:
        with st.container(horizontal=True, horizontal_alignment="center"):
            pressed = [better for label, better in choices.items() if st.button(gettext(label))]
        if not pressed:
            return
        add_preference(collection.path, Preference(query, a, b, pressed[0]))
        voted.add(comparison_key)
        st.rerun()
    named = {"a": f"A ({_settings_text(a)})", "b": f"B ({_settings_text(b)})"}
    counts = tally(preferences_of(collection.path), a, b)
    st.success(
        markdown_text(
            gettext("Saved. The first was {first}, the second was {second}.", first=named[left], second=named[right])
        )
    )
    rows = [(named.get(choice, gettext("no difference")), counts[choice]) for choice in counts]
    st.html(table_html("tally", (gettext("Better"), gettext("Queries")), rows))


def _settings_text(settings: dict[str, str | int]) -> str:
    return gettext(
        "{stage}, {fusion}, {candidates} candidates",
        stage=gettext(str(settings["stage"])),
        fusion=settings["fusion"],
        candidates=settings["candidates"],
    )


def _count_relevant(collection: Collection, judgments: Sequence[Judgment], query: str, hits: Hits) -> str:
    """Says how many of the hits were judged relevant, where this query was judged."""
    if all(judgment.query != query for judgment in judgments):
        return ""
    names = document_names(collection, hits)
    good = sum(bool(GRADES.get(grade_of(judgments, query, names[hit.uri], hit) or "")) for hit in hits)
    return gettext(", {good} of {hits} judged relevant or partly so", good=good, hits=len(hits))


def main() -> None:
    """Draws the page once."""
    st.title(gettext("Judge"))
    view = st.segmented_control(
        gettext("View"),
        VIEWS,
        default=VIEWS[0],
        key="view",
        format_func=gettext,
        label_visibility="collapsed",
        bind=URL,
    )
    try:
        collection = session.chosen_collection()
        if view in (None, VIEWS[0]):
            show_judgments(collection)
        else:
            compare_settings(collection, blind=view == VIEWS[2])
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
