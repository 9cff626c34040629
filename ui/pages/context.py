"""Draws the context page: what an application gets for a language model, and the lines of Python that make it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

import streamlit as st

from passagework.retrieval import Collections, Context, PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.text import visible
from passagework.retrieval.types import ContextExpansion, ContextFormat, ContextOrder, Syntax
from passagework.ui.present import also_in_line, context_notes
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web import session
from passagework.ui.web.page_html import markdown_text, note_html, table_html
from passagework.ui.web.search_settings import STAGES, SYNTAX_HELP, SYNTAXES, URL
from passagework.ui.web.searched import Searched

FEWEST, MOST = 50, 16_000
"""Tokens of a budget."""

NO_EXPANSION = message("nothing")
FORMATS = tuple(one.value for one in ContextFormat)
ORDERS = tuple(one.value for one in ContextOrder)
EXPANSIONS = (NO_EXPANSION, *(one.value for one in ContextExpansion))
FORMAT_HELP = message("How the text is laid out; `anthropic` and `openai` are content blocks for an API, as JSON.")
ORDER_HELP = message("`rank`: the best first; `document`: each document from its beginning.")
EXPAND_HELP = message("What to quote around each passage where it fits: its neighbours, or its whole section.")


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """The arguments that `Collection.context` takes beside the query, each with its usual value."""

    max_tokens: int = 2000
    k: int = 20
    stage: str | None = None
    syntax: str = Syntax.FULL.value
    format: str = ContextFormat.PLAIN.value
    order: str = ContextOrder.RANK.value
    expand: str | None = None

    def assemble(self, collection: Collection | Collections, query: str) -> Context:
        """Returns the context of a query."""
        return collection.context(
            query,
            max_tokens=self.max_tokens,
            k=self.k,
            stage=self.stage,
            syntax=self.syntax,
            format=self.format,
            order=self.order,
            expand=self.expand,
        )


def python_lines(folders: Mapping[str, str], query: str, settings: ContextSettings) -> str:
    """Returns the program of four lines that prints this context; what has its usual value is left out.

    `folders` are those of the collections by name, "" where it is one alone.
    """
    kind, name = ("Collection", "collection") if "" in folders else ("Collections", "collections")
    opened = folders.get("", dict(folders))
    values = {one.name: getattr(settings, one.name) for one in fields(settings)}
    usual = ContextSettings()
    chosen = {name: value for name, value in values.items() if name == "max_tokens" or value != getattr(usual, name)}
    arguments = [repr(query), *(f"{name}={value!r}" for name, value in chosen.items())]
    return (
        f"from passagework import {kind}\n"
        f"with {kind}.open({opened!r}) as {name}:\n"
        f"    context = {name}.context({', '.join(arguments)})\n"
        "    print(context.text)\n"
    )


def show_context(context: Context, program: str) -> None:
    """Draws the text with its numbers, what each number stands for, the JSON, and the program."""
    *warnings, used = context_notes(context)
    for warning in warnings:
        st.warning(markdown_text(warning))
    st.html(f'<div data-testid="budget">{note_html(used)}</div>')
    text, citations, as_json, python = st.tabs([gettext("Text"), gettext("Citations"), "JSON", "Python"])
    with text:
        if context.text:
            st.code(visible(context.text), language=None, wrap_lines=True)
        elif context.plan.less_relevant:
            st.info(
                gettext(
                    "Nothing in this collection answers that, so a language model would get no text. Try other words."
                )
            )
        else:
            st.info(gettext("No passages found. Try other words."))
    with citations:
        rows = [
            (
                f"[{citation.number}]",
                citation.title,
                citation.address,
                citation.place,
                f"{citation.start}-{citation.end}",
                formatted(citation.score, 3),
                "" if citation.relevance is None else formatted(citation.relevance, 2),
                also_in_line(citation.also_in),
            )
            for citation in context.citations
        ]
        columns = (
            gettext("Number"),
            gettext("Title"),
            gettext("Path"),
            gettext("Pages"),
            gettext("Characters"),
            gettext("Score"),
            gettext("Relevance"),
            gettext("Copies"),
        )
        st.html(table_html("citations", columns, rows))
    with as_json:
        st.code(json.dumps(context.to_json(), indent=2, ensure_ascii=True), language=None, wrap_lines=True)
    with python:
        st.code(program, language=None, wrap_lines=True)


def show_form(searched: Searched) -> None:
    """Draws the fields for the query, its budget and its settings, and then the context."""
    if not searched.documents:
        session.show_empty()
        return
    query = session.query_field(gettext("Ask what your application would ask"))
    settings = _settings()
    if not query.strip():
        st.html(
            note_html(gettext("Type a question to see the text that a language model would be given, and its sources."))
        )
        return
    with st.spinner(gettext("Searching")):
        context = settings.assemble(searched.engine, query)
    show_context(context, python_lines({name: str(path) for name, path in searched.folders.items()}, query, settings))


def _settings() -> ContextSettings:
    """Draws the fields for the budget and the layout, and the others behind one button."""
    with st.container(key="labelled-settings", horizontal=True, vertical_alignment="bottom"):
        max_tokens = st.number_input(
            gettext("Most tokens"), FEWEST, MOST, 2000, step=50, key="max_tokens", width=160, bind=URL
        )
        layout = st.selectbox(gettext("Format"), FORMATS, key="format", help=gettext(FORMAT_HELP), width=160, bind=URL)
        order = st.selectbox(gettext("Order"), ORDERS, key="order", help=gettext(ORDER_HELP), width=160, bind=URL)
        expand = st.selectbox(
            gettext("Expand"),
            EXPANSIONS,
            key="expand",
            help=gettext(EXPAND_HELP),
            format_func=gettext,
            width=160,
            bind=URL,
        )
        with st.popover(gettext("Options")):
            k = st.number_input(gettext("Most passages"), 1, 200, 20, key="pool", bind=URL)
            stage = STAGES[
                str(st.selectbox(gettext("Stage"), list(STAGES), key="stage", format_func=gettext, bind=URL))
            ]
            syntax = st.selectbox(gettext("Syntax"), SYNTAXES, key="syntax", help=gettext(SYNTAX_HELP), bind=URL)
    return ContextSettings(
        max_tokens=int(max_tokens),
        k=int(k),
        stage=None if stage is None else stage.value,
        syntax=str(syntax),
        format=str(layout),
        order=str(order),
        expand=None if expand == NO_EXPANSION else str(expand),
    )


def main() -> None:
    """Draws the page once."""
    st.title(gettext("Context"))
    try:
        show_form(session.searched_collections())
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
