"""Draws the page that answers questions: each sentence with its support, beside the passages that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import streamlit as st

from passagework.retrieval import Answer, AnswerState, Citation, Context, PassageworkError
from passagework.retrieval.answering.asking import ANSWER_TOKENS
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.models.remote.address import RemoteAddress
from passagework.ui.present import context_notes
from passagework.ui.web import session
from passagework.ui.web.answer_html import answer_html, cost_html, sources_html, written_html
from passagework.ui.web.asking_job import AskingJob
from passagework.ui.web.collection_cache import status_of
from passagework.ui.web.configured_model import configured_model, how_to_configure, what_goes_where
from passagework.ui.web.links import document_names, place_parameters
from passagework.ui.web.page_html import markdown_text, note_html
from passagework.ui.web.rendered_text import plain
from passagework.ui.web.source_events import forget_opened, opened_source

THREAD = "conversation"
"""What the session keeps the questions of the conversation under, in order."""


NO_MODEL = "No language model is configured, so nothing is sent anywhere. You see the passages that one would read."

NOTES = {
    AnswerState.NOTHING_RELEVANT: "Nothing in this collection answers that, so the model was not asked.",
    AnswerState.NOT_TOLD: "The model says that the documents don't answer that.",
    AnswerState.CUT: f"The answer is cut: the model wrote {ANSWER_TOKENS} tokens, as many as it may.",
}


def show_conversation(collection: Collection, model: RemoteAddress) -> None:
    """Draws the field, and the questions that were asked with their answers, the newest first."""
    asked: list[AskingJob] = st.session_state.setdefault(THREAD, [])
    running = bool(asked) and not asked[-1].ended
    _show_form(collection, model, asked, running=running)
    st.html(f'<div data-testid="goes-where">{note_html(what_goes_where(model))}</div>')
    citations: dict[int, tuple[str, tuple[Citation, ...]]] = {}
    for number, job in reversed(list(enumerate(asked, start=1))):
        st.html(f'<h2 class="pw-question" data-testid="question" dir="auto">{plain(job.question)}</h2>')
        if not job.ended:
            _follow(job, model.model)
            continue
        if job.answer is not None:
            citations[number] = (job.answer.searched, job.answer.citations)
            _show_answer(collection, job.answer, number)
            continue
        _show_unanswered(job)
        if job is asked[-1]:
            st.button("Ask again", on_click=_ask_again, args=(collection, model, asked))
    _open_source(collection, citations)


def show_context(collection: Collection) -> None:
    """Draws what a language model would be given, where none is configured, and how to configure one."""
    query = session.query_field("Ask something that your documents answer")
    if not query.strip():
        st.html(_goes_nowhere())
    with st.expander("How to configure a language model", expanded=not query.strip()):
        st.code(how_to_configure(collection.path), language=None, wrap_lines=True)
    if not query.strip():
        return
    with st.spinner("Searching"):
        context = collection.context(query)
    _show_sources(collection, context)
    _open_source(collection, {1: (query, context.citations)})


def _show_form(collection: Collection, model: RemoteAddress, asked: list[AskingJob], *, running: bool) -> None:
    if "question" not in st.session_state and not asked:  # the page has just been opened
        st.session_state["question"] = st.query_params.get("query") or st.session_state.get(session.LAST_QUERY, "")
    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Question",
            key="question",
            placeholder="Ask a follow-up" if asked else "Ask something that your documents answer",
            label_visibility="collapsed",
        )
        st.form_submit_button(
            "Ask", type="primary", disabled=running, on_click=_ask, args=(collection, model, asked), width="content"
        )
    if asked and not running:
        st.button("New conversation", type="tertiary", on_click=asked.clear)


def _ask(collection: Collection, model: RemoteAddress, asked: list[AskingJob]) -> None:
    question = str(st.session_state["question"] or "").strip()
    if not question or (asked and not asked[-1].ended):
        return
    st.session_state["question"], st.session_state[session.LAST_QUERY] = "", question
    earlier = [job.answer for job in asked if job.answer is not None]
    asked.append(AskingJob(collection, question, llm=model.name, earlier=earlier))
    asked[-1].start()


def _ask_again(collection: Collection, model: RemoteAddress, asked: list[AskingJob]) -> None:
    st.session_state["question"] = asked.pop().question
    _ask(collection, model, asked)


@st.fragment(run_every=0.3)
def _follow(job: AskingJob, model: str) -> None:
    """Draws what has been written, anew until it is all there."""
    if job.ended:
        st.rerun()
    text = job.text
    doing = f"{model} is writing" if text else "Searching and reading"
    st.html(f'<p class="pw-note" role="status">{plain(doing)} …</p>')
    st.button("Stop", on_click=job.stop)
    st.html(written_html(text))


def _show_answer(collection: Collection, answer: Answer, number: int) -> None:
    if answer.searched != answer.question:
        st.html(f'<div data-testid="searched">{note_html(f"Searched for: {answer.searched}")}</div>')
    if note := NOTES.get(answer.state):
        st.info(note)
    if answer.answer is not None:
        hrefs, types = _places(collection, answer.citations, answer.searched)
        st.html(answer_html(answer, number, {key: f"read?{urlencode(to)}" for key, to in hrefs.items()}, types))
    else:
        st.html(cost_html(answer))


def _show_unanswered(job: AskingJob) -> None:
    if job.text:
        st.html(written_html(job.text))
    if job.problem is not None:
        st.error(markdown_text(job.problem))
    else:
        st.info("Stopped. What was written stays here; its sentences were not checked.")


def _show_sources(collection: Collection, context: Context) -> None:
    *warnings, used = context_notes(context)
    for warning in warnings:
        st.warning(markdown_text(warning))
    if not context.citations:
        st.info("Nothing in this collection answers that, so a language model would not be asked.")
        st.html(_goes_nowhere())
        return
    hrefs, types = _places(collection, context.citations, context.query)
    links = {number: f"read?{urlencode(to)}" for number, to in hrefs.items()}
    notes = f'{_goes_nowhere()}<div data-testid="budget">{note_html(used)}</div>'
    sources = sources_html(context.citations, (), 1, links, types)
    st.html(f'{notes}<div class="pw-exchange">{sources}</div>')  # in one piece: what came by itself would move the rest


def _goes_nowhere() -> str:
    return f'<div data-testid="goes-where">{note_html(NO_MODEL)}</div>'


def _places(
    collection: Collection, citations: Iterable[Citation], query: str
) -> tuple[dict[int, Mapping[str, str]], dict[str, str]]:
    """Returns what opens each citation on the page Read, by its number, and the media types of documents by URI."""
    citations = list(citations)
    names = document_names(collection, citations)
    rows = collection.documents_named({citation.uri for citation in citations})
    back, chosen = urlencode({"query": query}), st.query_params.get("collection", "")
    opens = {one.number: place_parameters(names[one.uri], one, query, back, chosen) for one in citations}
    return opens, {uri: named[0].media_type for uri, named in rows.items()}


def _open_source(collection: Collection, citations: Mapping[int, tuple[str, tuple[Citation, ...]]]) -> None:
    """Opens the passage that was clicked on the page Read; within the session, or the conversation would be lost."""
    opened = opened_source()
    if opened is None:
        return
    query, named = citations.get(opened[0], ("", ()))
    if to := _places(collection, named, query)[0].get(opened[1]):
        forget_opened()
        st.switch_page(session.READ, query_params=dict(to))


def main() -> None:
    """Draws the page once."""
    st.title("Ask")
    try:
        collection = session.chosen_collection()
        if not status_of(collection).documents:
            session.show_empty()
            return
        model = configured_model()
        if model is None:
            show_context(collection)
        else:
            show_conversation(collection, model)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
