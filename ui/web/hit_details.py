"""Shows why a hit is where it is, in a dialog: its scores by stage, its relevance, its neighbours, and its grade."""

from __future__ import annotations

import hashlib

import streamlit as st

from passagework.retrieval import Hit, Hits, PassageworkError, Stage
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.hits import StageScore
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.ui.present import heading, searched_text
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.wording import formatted, gettext, share
from passagework.ui.web import session
from passagework.ui.web.bump_chart import moved
from passagework.ui.web.judging import GRADES, grade_of, judge, judgments_of
from passagework.ui.web.page_html import markdown_text, note_html, plan_html, table_html
from passagework.ui.web.rendered_text import plain, rendered_html


def show_details(collection: Collection, hits: Hits, hit: Hit, name: str) -> None:
    """Draws the dialog; `name` is what a judgment calls the hit's document."""
    st.dialog(gettext("Why this passage"), width="large")(_show)(collection, hits, hit, name)


def _show(collection: Collection, hits: Hits, hit: Hit, name: str) -> None:
    st.html(f'<p class="pw-title" dir="auto">{hit.rank}. {plain(heading(hit))}</p>')
    st.html(
        table_html("stages", (gettext("Stage"), gettext("Rank"), gettext("Score"), gettext("Note")), stage_rows(hit))
    )
    told = [evidence_line(hit), words_line(hits, hit)]
    if hit.collection:
        told.append(
            gettext(
                "Ranks by stage are those within {collection}; hits of several collections are merged by relevance.",
                collection=hit.collection,
            )
        )
    st.html(f'<div data-testid="evidence">{"".join(map(note_html, told))}</div>')
    st.html(plan_html(hits))
    show_grade(collection, hits.query, hit, name)
    try:
        show_neighbours(collection, hit)
    except PassageworkError as error:  # a dialog is drawn anew by itself
        session.show_error(error)


def stage_rows(hit: Hit) -> list[tuple[str, int, str, str]]:
    """Returns of each stage that the hit passed its name, the rank and the score there, and a note."""
    return [
        (stage.value, score.rank, formatted(score.score, 3), _note(hit, stage, score))
        for stage, score in hit.stages.items()
    ]


def _note(hit: Hit, stage: Stage, score: StageScore) -> str:
    up = moved(hit) if stage is Stage.RERANK else None
    shown = [] if not up else [f"{'▲' if up > 0 else '▼'}{abs(up)}"]
    if score.probability is not None:
        shown.append(gettext("probability {value}", value=formatted(score.probability, 2)))
    return ", ".join(shown)


def evidence_line(hit: Hit) -> str:
    """Says how relevant a hit is estimated to be, and by what."""
    estimate = hit.estimate
    if estimate is None:
        return gettext("Its relevance was not estimated.")
    values = {"relevance": formatted(estimate.probability, 2), "words": share(estimate.coverage)}
    if estimate.closeness is None:
        return gettext(
            "Relevance {relevance}: the estimated probability that it answers, from {words} of the query's distinctive "
            "words.",
            **values,
        )
    return gettext(
        "Relevance {relevance}: the estimated probability that it answers, from a similarity in meaning of {closeness} "
        "and {words} of the query's distinctive words.",
        closeness=formatted(estimate.closeness, 2),
        **values,
    )


def words_line(hits: Hits, hit: Hit) -> str:
    """Says which words of a hit match the query's, in the order of the text."""
    [spans] = matching_spans(searched_text(hits), [hit.text], hits.plan.languages)
    words = dict.fromkeys(hit.text[start:end].casefold() for start, end in spans)
    if not words:
        return gettext("No word of its text matches the query's.")
    return gettext("Words of its text that match: {words}.", words=", ".join(words))


def show_grade(collection: Collection, query: str, hit: Hit, name: str) -> None:
    """Draws the buttons that say how well the hit answers; the answer is kept as a judgment."""
    key = f"grade-{hit.id}-{hashlib.blake2b(query.encode(errors='replace'), digest_size=6).hexdigest()}"
    try:
        given = grade_of(judgments_of(collection.path), query, name, hit)
    except PassageworkError as error:
        st.warning(markdown_text(str(error)))
        given = None
    grade = st.segmented_control(
        gettext("Does it answer?"),
        list(GRADES),
        format_func=gettext,
        default=given,
        key=key,
        on_change=_keep,
        args=(collection, query, name, hit, key),
    )
    if problem := st.session_state.pop(f"problem-{key}", None):
        st.error(markdown_text(problem))
    elif grade:
        st.html(note_html(gettext("Saved as a judgment: {grade}.", grade=gettext(grade))))


def _keep(collection: Collection, query: str, name: str, hit: Hit, key: str) -> None:
    grade = st.session_state[key]
    try:
        judge(collection.path, query, name, hit, None if grade is None else GRADES[grade])
    except PassageworkError as error:
        st.session_state[f"problem-{key}"] = str(error)


def show_neighbours(collection: Collection, hit: Hit) -> None:
    """Draws the passages before and after a hit in its document."""
    rows = collection.neighbours(hit)
    here = next((row.ordinal for row in rows if row.id == hit.id), 0)
    for row in rows:
        if row.id != hit.id:
            side = gettext("Before it") if row.ordinal < here else gettext("After it")
            text = rendered_html(row.text, Highlights())
            text = f'<div class="pw-document pw-beside" data-testid="neighbour" dir="auto">{text}</div>'
            st.html(f'<div class="pw-place">{side}</div>{text}')
    if len(rows) < 2:
        st.html(note_html(gettext("The document has no other passages.")))
