"""What a search can be narrowed down by, and the filter that a choice makes; words and sentences that are marked."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.hits import StageScore
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.types import Json, Stage
from passagework.retrieval.words.sentences import sentence_spans
from passagework.ui.present.highlighting import highlights_of
from passagework.ui.web.bump_chart import ROW as PIXELS, TOP, bump_chart
from passagework.ui.web.facets import Choice, Facets, facets_of, filter_of
from passagework.ui.web.rendered_text import rendered_html
from tests.support.fakes import FakeEncoder

ROW = DocumentRow(1, 1, "file:///a.md", None, "a.md", 0, "text/markdown", "A", "", {}, 1, 0, 1, 0)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Four documents with dates, numbers and tags, two of them in a folder whose name is a pattern."""
    docs = tmp_path / "docs"
    texts = {
        "a.md": "date: 2024-05-31\nyear: 2024\ntags: [red, blue]",
        "[x]/b.md": "date: 2024-06-01\nyear: 2023",
        "[x]/c.txt": "",
        "x/d.md": "date: 2025-01-01\nyear: '2023'\nplace: {room: loft}",
    }
    for name, front in texts.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{front}\n---\nBees of {path.stem}." if front else f"Bees of {path.stem}.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    return tmp_path / "c"


def test_facets_count_documents(collection: Path) -> None:
    """By folder, type and value; a field of dates is a field to choose a time by."""
    with Collection.open(collection) as opened:
        facets = facets_of(opened.documents())
    assert facets.folders == {"[x]": 2, "x": 1}
    assert facets.types == {"text/markdown": 3, "text/plain": 1}
    assert facets.dates == ("date",)
    assert facets.fields["tags"] == {"red": 1, "blue": 1}
    assert facets.fields["year"] == {"2024": 1, "2023": 1, '"2023"': 1}  # a number and a text of the same looks


def test_values_that_look_alike_are_told_apart() -> None:
    """A text that looks like a number, a truth or a quoted text is quoted; nested fields have dotted names; a value
    that a document has twice counts once, and 1 is 1.0."""
    rows: list[dict[str, Json]] = [
        {"v": [1, "1", True, "true", 'x"', '"x', "1", 1.0]},
        {"v": 1.0, "deep": {"er": ["a"], "on": "2024-01-02"}},
        {"v": None, "deep": {"er": "b"}},
    ]
    facets = facets_of([replace(ROW, metadata=metadata) for metadata in rows])
    assert facets.fields["v"] == {"1": 2, '"1"': 1, "true": 1, '"true"': 1, 'x"': 1, '"\\"x"': 1}
    assert [facets.values["v"][one] for one in ("1", '"1"', "true", '"true"', '"\\"x"')] == [1, "1", True, "true", '"x']
    assert (facets.fields["deep.er"], facets.dates) == ({"a": 1, "b": 1}, ("deep.on",))


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(), ["[x]/b.md", "[x]/c.txt", "a.md", "x/d.md"]),
        (Choice(folders=["[x]"]), ["[x]/b.md", "[x]/c.txt"]),
        (Choice(folders=["[x]", "x"], types=["text/markdown"]), ["[x]/b.md", "x/d.md"]),
        (Choice(path="*.txt"), ["[x]/c.txt"]),
        (Choice(date_field="date", since=date(2024, 6, 1)), ["[x]/b.md", "x/d.md"]),
        (Choice(date_field="date", until=date(2024, 5, 31)), ["a.md"]),
        (Choice(date_field="date"), ["[x]/b.md", "[x]/c.txt", "a.md", "x/d.md"]),
        (Choice(field="tags", values=["blue"]), ["a.md"]),
        (Choice(field="year", values=["2024"]), ["a.md"]),
        (Choice(field="year", values=["2023"]), ["[x]/b.md"]),
        (Choice(field="year", values=['"2023"']), ["x/d.md"]),
        (Choice(field="place.room", values=["loft"]), ["x/d.md"]),
        (Choice(path="*.md", where={"year": {"$lt": 2024}}), ["[x]/b.md"]),
    ],
)
def test_a_choice_finds_what_it_says(collection: Path, choice: Choice, found: list[str]) -> None:
    """All that was chosen must hold; several folders, types or values are alternatives."""
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        where = filter_of(choice, facets_of(opened.documents()))
        assert (where is None) == (choice in (Choice(), Choice(date_field="date")))
        assert sorted(hit.path for hit in opened.search("bees", where=where)) == found


def test_matching_words_are_those_of_the_lexical_half() -> None:
    """Stemmed, without accents, never a stop word; a query without words marks nothing."""
    texts = ["The trips abroad, a TRIP", "nothing", "Café \x02trip\x03s"]
    found = matching_spans("who approves the trip to the cafe?", texts)
    assert [[text[start:end] for start, end in spans] for text, spans in zip(texts, found, strict=True)] == [
        ["trips", "TRIP"],
        [],
        ["Café", "trip"],
    ]
    assert matching_spans("trips", ["\uf0b7trip \U0001f914 trips"]) == [[(1, 5), (8, 13)]]
    assert matching_spans('" OR (', texts) == [[], [], []]
    assert matching_spans("x", []) == []


def test_sentences_and_lines() -> None:
    """Full stops end sentences, but not those of abbreviations; items and paragraphs stand alone."""
    text = "Title\n\nMr. Smith went home. He slept!  \n\n- item one\n- item two"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Title",
        "Mr. Smith went home.",
        "He slept!",
        "- item one",
        "- item two",
    ]
    assert sentence_spans(" \n ") == []


def test_the_best_sentence() -> None:
    """The nearest in meaning, else the one with most matching words; never a heading, and none of a lone sentence."""
    text = "# Bees dance of flowers\n\nWasps build paper nests here. Bees dance to tell of flowers. It rains a lot."
    by_meaning, by_words = (highlights_of("bees dance flowers", [text], one)[0].best for one in (FakeEncoder, None))
    assert by_meaning is not None
    assert text[slice(*by_meaning)] == "Bees dance to tell of flowers."
    assert by_words == by_meaning
    assert highlights_of("bees", ["Only one sentence of bees."], FakeEncoder)[0].best is None
    assert highlights_of("nothing", [text], None)[0].best is None
    shown = rendered_html("a <b>bees</b>. Bees.", highlights_of("bees", ["a <b>bees</b>. Bees."], None)[0])
    assert '&lt;b&gt;<mark class="pw-word">bees</mark>&lt;/b&gt;' in shown


def test_the_bump_chart_needs_two_hits_and_two_stages(collection: Path) -> None:
    """It is well-formed whatever a title holds, and isn't drawn where nothing can move."""
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        assert bump_chart(opened.search("bees", stage="dense")) == ""
        assert bump_chart(opened.search("bees", k=1)) == ""
        assert 'data-testid="bump-chart"' in bump_chart(opened.search("bees"))
    assert filter_of(Choice(), Facets()) is None


def test_the_bump_chart_is_as_small_as_the_list(collection: Path) -> None:
    """However deep its hits come from: at each stage they stand in their order there, no two in one place, each beside
    its rank."""
    ranks = [(40, 2), (90, 2), (400, 3), (1, 4)]
    with Collection.open(collection, encoder=FakeEncoder(window=256)) as opened:
        found = opened.search("bees")
    hits = [
        replace(hit, stages={Stage.DENSE: StageScore(dense, 0.5), Stage.HYBRID: StageScore(hybrid, 0.5)})
        for hit, (dense, hybrid) in zip(found, ranks, strict=True)
    ]
    [source] = re.findall(r"base64,([^\"]+)", bump_chart(replace(found, hits=tuple(hits))))
    drawing = b64decode(source).decode()
    dots = re.findall(r'<circle cx="(\d+)" cy="(\d+)"', drawing)
    assert (len(dots), len(set(dots))) == (8, 8)
    begins = [(int(y), int(rank)) for y, rank in re.findall(r'y="(\d+)" text-anchor="end">(\d+)<', drawing)]
    assert [rank for _, rank in sorted(begins)] == [1, 40, 90, 400]
    assert f'height="{TOP + 4 * PIXELS}"' in drawing
    assert drawing.rindex("<polyline") < drawing.index('class="rank"')  # no line crosses a number


def test_no_model_is_loaded_to_mark_nothing() -> None:
    """Where there is no choice of sentences, nobody asks for an encoder."""

    def none() -> FakeEncoder:
        raise AssertionError("the encoder was asked for")

    assert [one.best for one in highlights_of("bees", ["Bees."], none)] == [None]
    assert highlights_of("bees", [], none) == []
