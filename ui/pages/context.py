"""Draws the context page: what an application gets for a language model, and the lines of Python that make it."""

from __future__ import annotations

import json

import streamlit as st

from passagework import Collection
from passagework.retrieval import Context, PassageworkError
from passagework.retrieval.text import visible
from passagework.ui.present import also_in_line, context_notes
from passagework.ui.web import session
from passagework.ui.web.collection_cache import status_of
from passagework.ui.web.page_html import markdown_text, note_html, table_html
from passagework.ui.web.search_settings import STAGES, SYNTAX_HELP, SYNTAXES, URL

FEWEST, MOST = 50, 16_000
"""Tokens of a budget."""


def python_lines(collection: str, query: str, max_tokens: int, k: int, stage: str | None, syntax: str = "full") -> str:
    """Returns the program of four lines that prints this context; what has its usual value is left out."""
    arguments = [repr(query), f"max_tokens={max_tokens}"]
    if k != 20:
        arguments.append(f"k={k}")
    if stage is not None:
        arguments.append(f"stage={stage!r}")
    if syntax != "full":
        arguments.append(f"syntax={syntax!r}")
    return (
        "from passagework import Collection\n"
        f"with Collection.open({collection!r}) as collection:\n"
        f"    context = collection.context({', '.join(arguments)})\n"
        "    print(context.text)\n"
    )


def show_context(context: Context, program: str) -> None:
    """Draws the text with its numbers, what each number stands for, the JSON, and the program."""
    *warnings, used = context_notes(context)
    for warning in warnings:
        st.warning(markdown_text(warning))
    st.html(f'<div data-testid="budget">{note_html(used)}</div>')
    text, citations, as_json, python = st.tabs(["Text", "Citations", "JSON", "Python"])
    with text:
        if context.text:
            st.code(visible(context.text), language=None, wrap_lines=True)
        elif context.plan.less_relevant:
            st.info("Nothing in this collection answers that, so a language model would get no text. Try other words.")
        else:
            st.info("No passage found. Try other words.")
    with citations:
        rows = [
            (
                f"[{citation.number}]",
                citation.title,
                citation.address,
                citation.place,
                f"{citation.start}-{citation.end}",
                f"{citation.score:.3f}",
                "" if citation.relevance is None else f"{citation.relevance:.2f}",
                also_in_line(citation.also_in).removeprefix("also in "),
            )
            for citation in context.citations
        ]
        columns = ("Number", "Title", "Path", "Pages", "Characters", "Score", "Relevance", "Also in")
        st.html(table_html("citations", columns, rows))
    with as_json:
        st.code(json.dumps(context.to_json(), indent=2, ensure_ascii=True), language=None, wrap_lines=True)
    with python:
        st.code(program, language=None, wrap_lines=True)


def show_form(collection: Collection) -> None:
    """Draws the fields for the query, its budget and its settings, and then the context."""
    if not status_of(collection).documents:
        session.show_empty()
        return
    query = session.query_field("Ask what your application would ask")
    with st.container(horizontal=True):
        max_tokens = int(
            st.number_input("Most tokens", FEWEST, MOST, 2000, step=50, key="max_tokens", width=180, bind=URL)
        )
        k = int(st.number_input("Most passages", 1, 200, 20, key="pool", width=180, bind=URL))
        chosen = str(st.selectbox("Stage", list(STAGES), key="stage", width=180, bind=URL))
        syntax = str(st.selectbox("Syntax", SYNTAXES, key="syntax", help=SYNTAX_HELP, width=180, bind=URL))
    if not query.strip():
        st.html(note_html("Type a question to see the text that a language model would be given, and its sources."))
        return
    stage = STAGES[chosen]
    with st.spinner("Assembling"):
        context = collection.context(query, max_tokens=max_tokens, k=k, stage=stage, syntax=syntax)
    show_context(
        context,
        python_lines(str(collection.path), query, max_tokens, k, None if stage is None else stage.value, syntax),
    )


def main() -> None:
    """Draws the page once."""
    st.title("Context")
    try:
        show_form(session.current_collection())
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
