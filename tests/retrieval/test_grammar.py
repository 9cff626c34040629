"""The grammar of a typed query: what is syntax and what is text, for every text there is."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, strategies as st

from passagework.retrieval.syntax.grammar import PartKind, parse, plain, searched_text
from passagework.retrieval.words.indexed import TERM


def is_field(name: str) -> bool:
    """The fields of the collection that these queries are for."""
    return name in ("path", "year", "a.b")


def read(query: str) -> list[tuple[str, str]]:
    """The parts that are no text: what each is, with a minus where it is excluded, and its words."""
    parts = [part for part in parse(query, is_field) if part.kind is not PartKind.TEXT]
    return [(f"{'-' if part.excluded else ''}{part.field or part.kind.value}", part.words) for part in parts]


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ('"cold start" problem', [("phrase", "cold start")]),
        ('what does "approve" mean', [("phrase", "approve")]),
        ("“curly quotes” „unten“ ＂wide＂", [("phrase", "curly quotes"), ("phrase", "unten"), ("phrase", "wide")]),
        ('什么是"机器学习"', [("phrase", "机器学习")]),
        ('pumps -valve -"two words"', [("-word", "valve"), ("-phrase", "two words")]),
        ("pumps -SA-4471-B, year:2021?", [("-word", "SA-4471-B"), ("year", "2021")]),
        ("-first", [("-word", "first")]),
        ("path:policies/*.md, a.b:x -year:2020", [("path", "policies/*.md"), ("a.b", "x"), ("-year", "2020")]),
        ('path:"my files/a b.md" x', [("path", "my files/a b.md")]),
    ],
)
def test_syntax(query: str, parts: list[tuple[str, str]]) -> None:
    """Quotations, exclusions and fields, each with its words."""
    assert read(query) == parts


@pytest.mark.parametrize(
    "query",
    [
        "well-documented state-of-the-art",
        "a - item of a list",
        "--verbose - -",
        "it's the firm's 'own' rule",
        "https://x.org 12:30 foo::bar path::x path://x unknown:value",
        "year: 2020",
        '5" pipes and 6" pipes',
        'an "unbalanced quotation',
        'nothing "" between " ? " quotes',
        '-"unbalanced',
        "x-y -",
        "–dash −minus",
        '"' + "x" * 2000 + '"',
    ],
)
def test_text(query: str) -> None:
    """Whatever looks like syntax and is none stays as it is."""
    assert read(query) == []
    assert searched_text(parse(query, is_field)) == query


def test_what_is_searched_for() -> None:
    """The query as typed, without what is excluded and the fields."""
    parts = parse('is "cold start" known -draft path:a.md today', is_field)
    assert searched_text(parts) == 'is "cold start" known today'
    assert plain(parts) == "is cold start known draft path a.md today"
    assert searched_text(parse("-draft path:a.md", is_field)) == ""


PIECES = ['"', "“", "-", " ", "\n", "path:", "year:", "x:", "*", "word", "自", "1,250", "'", ".", ":"]
TYPED = st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(TYPED)
@example('"')
@example('-"path:"')
@example('path:""x"')
def test_any_text_is_a_query(query: str) -> None:
    """Every character is of one part, and no word is lost in any form of the query."""
    parts = parse(query, is_field)
    assert "".join(part.typed for part in parts) == query
    assert all(part.typed for part in parts)
    assert TERM.findall(plain(parts)) == TERM.findall(query)
    assert parse(query, lambda _: False) is not None


@pytest.mark.parametrize(
    "piece", ['"', "-a ", "a:", '- " ', "a.", "a-", "-", '"a" ', ' -"', "path:", "path:x ", 'x" ', '自"', "“"]
)
def test_time_is_linear(piece: str) -> None:
    """100 kB of whatever might be looked at again and again take well under a second."""
    query = piece * (100_000 // len(piece))
    started = time.process_time()
    parts = parse(query, is_field)
    assert time.process_time() - started < 2
    assert "".join(part.typed for part in parts) == query
