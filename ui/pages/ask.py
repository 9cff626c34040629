"""Draws the page that answers questions: each sentence with its support, beside the passages that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import streamlit as st

from passagework.retrieval import Answer, AnswerState, Citation, Context, PassageworkError
from passagework.retrieval.answering.asking import ANSWER_TOKENS
from passagework.retrieval.models.remote.address import RemoteAddress
from passagework.ui.present import context_notes
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web import session
from passagework.ui.web.answer_html import answer_html, cost_html, sources_html, written_html
from passagework.ui.web.asking_job import AskingJob
from passagework.ui.web.configured_model import configured_model, how_to_configure, what_goes_where
from passagework.ui.web.links import place_parameters
from passagework.ui.web.page_html import markdown_text, note_html
from passagework.ui.web.rendered_text import plain
from passagework.ui.web.searched import Searched, document_key
from passagework.ui.web.source_events import forget_opened, opened_source

THREAD = "conversation"
"""What the session keeps the questions of the conversation under, in order."""


NO_MODEL = message(
    "No language model is configured, so nothing is sent anywhere. You see the passages that one would read."
)

NOTES = {
    AnswerState.NOTHING_RELEVANT: message("Nothing in this collection answers that, so the model was not asked."),
    AnswerState.NOT_TOLD: message("The model says that the documents don't answer that."),
    AnswerState.CUT: message("The answer was cut off at {number} tokens, the most that the model may write."),
}


def show_conversation(searched: Searched, model: RemoteAddress) -> None:
    """Draws the field, and the questions that were asked with their answers, the newest first."""
    asked: list[AskingJob] = st.session_state.setdefault(THREAD, [])
    running = bool(asked) and not asked[-1].ended
    _show_form(searched, model, asked, running=running)
    st.html(f'<div data-testid="goes-where">{note_html(what_goes_where(model))}</div>')
    citations: dict[int, tuple[str, tuple[Citation, ...]]] = {}
    for number, job in reversed(list(enumerate(asked, start=1))):
        st.html(f'<h2 class="pw-question" data-testid="question" dir="auto">{plain(job.question)}</h2>')
        if not job.ended:
            _follow(job, model.model)
            continue
        if job.answer is not None:
            citations[number] = (job.answer.searched, job.answer.citations)
            _show_answer(searched, job.answer, number)
            continue
        _show_unanswered(job)
        if job is asked[-1]:
            st.button(gettext("Ask again"), on_click=_ask_again, args=(searched, model, asked))
    _open_source(searched, citations)


def show_context(searched: Searched) -> None:
    """Draws what a language model would be given, where none is configured, and how to configure one."""
    query = session.query_field(gettext("Ask something your documents can answer"))
    if not query.strip():
        st.html(_goes_nowhere())
    with st.expander(gettext("How to configure a language model"), expanded=not query.strip()):
        st.code(how_to_configure(searched.folders), language=None, wrap_lines=True)
    if not query.strip():
        return
    with st.spinner(gettext("Searching")):
        context = searched.engine.context(query)
    _show_sources(searched, context)
    _open_source(searched, {1: (query, context.citations)})


def _show_form(searched: Searched, model: RemoteAddress, asked: list[AskingJob], *, running: bool) -> None:
    if "question" not in st.session_state and not asked:  # the page has just been opened
        st.session_state["question"] = st.query_params.get("query") or st.session_state.get(session.LAST_QUERY, "")
    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            gettext("Question"),
            key="question",
            placeholder=gettext("Ask a follow-up") if asked else gettext("Ask something your documents can answer"),
            label_visibility="collapsed",
        )
        st.form_submit_button(
            gettext("Ask"),
            type="primary",
            disabled=running,
            on_click=_ask,
            args=(searched, model, asked),
            width="content",
        )
    if asked and not running:
        st.button(gettext("New conversation"), type="tertiary", on_click=asked.clear)


def _ask(searched: Searched, model: RemoteAddress, asked: list[AskingJob]) -> None:
    question = str(st.session_state["question"] or "").strip()
    if not question or (asked and not asked[-1].ended):
        return
    st.session_state["question"], st.session_state[session.LAST_QUERY] = "", question
    earlier = [job.answer for job in asked if job.answer is not None]
    asked.append(AskingJob(searched.engine, question, llm=model.name, earlier=earlier))
    asked[-1].start()


def _ask_again(searched: Searched, model: RemoteAddress, asked: list[AskingJob]) -> None:
    st.session_state["question"] = asked.pop().question
    _ask(searched, model, asked)


@st.fragment(run_every=0.3)
def _follow(job: AskingJob, model: str) -> None:
    """Draws what has been written, anew until it is all there."""
    if job.ended:
        st.rerun()
    text = job.text
    doing = gettext("{model} is writing", model=model) if text else gettext("Searching and reading")
    st.html(f'<p class="pw-note" role="status">{plain(doing)} …</p>')
    st.button(gettext("Stop"), on_click=job.stop)
    st.html(written_html(text))


def _show_answer(searched: Searched, answer: Answer, number: int) -> None:
    if answer.searched != answer.question:
        st.html(
            f'<div data-testid="searched">{note_html(gettext("Searched for: {query}", query=answer.searched))}</div>'
        )
    if note := NOTES.get(answer.state):
        st.info(gettext(note, number=formatted(ANSWER_TOKENS)))
    if answer.answer is not None:
        hrefs, types = _places(searched, answer.citations, answer.searched)
        st.html(answer_html(answer, number, {key: f"read?{urlencode(to)}" for key, to in hrefs.items()}, types))
    else:
        st.html(cost_html(answer))


def _show_unanswered(job: AskingJob) -> None:
    if job.text:
        st.html(written_html(job.text))
    if job.problem is not None:
        st.error(markdown_text(job.problem))
    else:
        st.info(gettext("Stopped. The text so far is kept; its sentences were not checked."))


def _show_sources(searched: Searched, context: Context) -> None:
    *warnings, used = context_notes(context)
    for warning in warnings:
        st.warning(markdown_text(warning))
    if not context.citations:
        st.info(gettext("Nothing in this collection answers that, so a language model would not be asked."))
        st.html(_goes_nowhere())
        return
    hrefs, types = _places(searched, context.citations, context.query)
    links = {number: f"read?{urlencode(to)}" for number, to in hrefs.items()}
    notes = f'{_goes_nowhere()}<div data-testid="budget">{note_html(used)}</div>'
    sources = sources_html(context.citations, (), 1, links, types)
    st.html(f'{notes}<div class="pw-exchange">{sources}</div>')  # in one piece: what came by itself would move the rest


def _goes_nowhere() -> str:
    return f'<div data-testid="goes-where">{note_html(gettext(NO_MODEL))}</div>'


def _places(
    searched: Searched, citations: Iterable[Citation], query: str
) -> tuple[dict[int, Mapping[str, str]], dict[str, str]]:
    """Returns what opens each citation on the page Read, by its number, and the media types of documents by URI."""
    citations = list(citations)
    names, rows = searched.names(citations), searched.rows(citations)
    back, chosen = urlencode({"query": query}), st.query_params.get("collection", "").replace(session.ALL, "")
    opens = {one.number: place_parameters(names[document_key(one)], one, query, back, chosen) for one in citations}
    return opens, {uri: row.media_type for (_, uri), row in rows.items()}


def _open_source(searched: Searched, citations: Mapping[int, tuple[str, tuple[Citation, ...]]]) -> None:
    """Opens the passage that was clicked on the page Read; within the session, or the conversation would be lost."""
    opened = opened_source()
    if opened is None:
        return
    query, named = citations.get(opened[0], ("", ()))
    if to := _places(searched, named, query)[0].get(opened[1]):
        forget_opened()
        st.switch_page(session.READ, query_params=dict(to))


def main() -> None:
    """Draws the page once."""
    st.title(gettext("Ask"))
    try:
        searched = session.searched_collections()
        if not searched.documents:
            session.show_empty()
            return
        model = configured_model()
        if model is None:
            show_context(searched)
        else:
            show_conversation(searched, model)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
