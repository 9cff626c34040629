"""A query as it was typed, at every stage of a collection: quotations, exclusions and fields are kept to."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import FieldValue, Hits, Reading, Syntax
from passagework.retrieval.errors import ConfigError
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeEncoder

STAGES = ("dense", "lexical", "hybrid", "rerank")
WORDS = ["cold", "start", "problem", "user", "rating", "item", "sparse", "matrix"]


def opened(folder: Path, texts: dict[str, str]) -> Collection:
    """A collection of files, by name, with an encoder and a reranker whose scores are predictable."""
    for name, text in texts.items():
        (folder / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "d" / name).write_text(text, encoding="utf-8")
    ingest(folder / "d", folder / "c", encoder=FakeEncoder(window=512))
    return Collection.open(folder / "c", encoder=FakeEncoder(window=512), reranker=FakeReranker())


def corrections(collection: Collection, query: str) -> tuple[Reading, ...]:
    """The words that were read as others."""
    understood = collection.search(query, stage="lexical").plan.understood
    assert understood is not None
    return understood.corrected


def bag(number: int) -> str:
    """Some of the words in an order of its own."""
    draw = random.Random(number)
    return " ".join(draw.sample(WORDS, 5))


BAGS = {f"bags/{number:02}.txt": bag(number) for number in range(60)}
RECORDS = [
    {"_id": f"r{number}", "title": f"Report {number}", "text": f"cold start item {number}", "year": 2018 + number}
    for number in range(5)
]


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """60 texts of the same eight words, five of them in each, and five records with a year."""
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    with opened(tmp_path_factory.mktemp("bags"), {**BAGS, "records.jsonl": lines}) as collection:
        yield collection


def texts_of(hits: Hits) -> set[str]:
    """What was found."""
    return {hit.text for hit in hits}


ALL = {*BAGS.values(), *(str(record["text"]) for record in RECORDS)}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ('"cold start"', lambda text: "cold start" in text),
        ('the "START problem" rating', lambda text: "start problem" in text),
        ('"cold start" "rating"', lambda text: "cold start" in text and "rating" in text),
        ('cold -"cold start"', lambda text: "cold start" not in text),
        ("matrix -cold -start", lambda text: "cold" not in text and "start" not in text),
        ('"sparse matrix" -user', lambda text: "sparse matrix" in text and "user" not in text),
    ],
)
def test_every_hit_keeps_to_it_and_k_are_found(bags: Collection, stage: str, query: str, holds: object) -> None:
    """The filter of an oracle over all passages: where it passes k, k are found, at every stage."""
    assert callable(holds)
    passing = {text for text in ALL if holds(text)}
    assert 0 < len(passing) < len(ALL)
    whole = bags.search(query, k=100, stage=stage)
    assert texts_of(whole) <= passing
    if stage != "lexical":  # where words rank, one of them must be there
        assert len(whole) == len(passing)
    assert len(bags.search(query, k=2, stage=stage)) == min(2, len(whole))


@pytest.mark.parametrize("stage", STAGES)
def test_fields(bags: Collection, stage: str) -> None:
    """A value is equal, a pattern, or among the words of the field; filters of the caller hold as well."""

    def found(query: str, where: dict[str, object] | None = None) -> set[str]:
        hits = bags.search(query, k=100, stage=stage, where=where)
        return {hit.document if hit.path == "records.jsonl" else hit.path for hit in hits}

    assert found("cold year:2020") == {"r2"}
    assert found("item -year:2020 path:records.jsonl") == {"r0", "r1", "r3", "r4"}
    assert found('cold title:"Report 3"') == {"r3"}
    assert found("item title:report") == {"r0", "r1", "r2", "r3", "r4"}
    assert found("cold document:r1") == {"r1"}
    assert found("cold start path:bags/*7.txt") <= {f"bags/{number}7.txt" for number in range(6)}
    assert found("cold path:bags", {"path": {"$glob": "*0[0-3].txt"}}) <= {f"bags/0{number}.txt" for number in range(4)}
    assert found("item year:2020", {"year": 2021}) == set()
    plan = bags.search("item -year:2020 colour:red", stage=stage).plan.understood
    assert plan is not None
    assert (plan.fields, plan.text) == ((FieldValue("year", "2020", excluded=True),), "item colour:red")


def test_a_filter_alone_lists_what_passes_in_order(bags: Collection) -> None:
    """No words are left to rank by: the documents' order decides, at every stage, and the plan says so."""
    for stage in (None, *STAGES):
        hits = bags.search("path:records.jsonl -year:2019", k=3, stage=stage)
        assert [hit.document for hit in hits] == ["r0", "r2", "r3"]
        assert (hits.plan.used.value, hits.plan.reason) == ("lexical", "the query has no words to rank by")
        assert len(bags.search("-cold", k=100, stage=stage)) == sum("cold" not in text for text in ALL)


def test_plain_reads_words_alone(bags: Collection) -> None:
    """Nothing is excluded or kept to, and the plan has nothing to tell."""
    hits = bags.search('"cold start" -item year:2020', stage="lexical", k=100, syntax="plain")
    assert any("item" in hit.text for hit in hits)
    assert hits.plan.understood is None
    assert "understood" not in hits.plan.to_json()
    with pytest.raises(ConfigError, match="give one of plain, full"):
        bags.search("cold", syntax="lucene")


@pytest.mark.parametrize("query", ["cold start", "which item has a rating?", "what is the user's matrix - really"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_question_is_answered_as_ever(bags: Collection, query: str, stage: str) -> None:
    """Without syntax both readings give the same hits with the same scores."""
    full, plain = (bags.search(query, stage=stage, syntax=syntax) for syntax in (Syntax.FULL, Syntax.PLAIN))
    assert full.hits == plain.hits
    assert full.plan.understood is not None
    assert full.plan.understood.to_json() == {
        "text": query, "phrases": [], "excluded": [], "fields": [], "corrected": [], "expanded": []
    }  # fmt: skip


PIECES = ['"', "“", "-", " ", "path:", "year:", "pages:", "*", "cold", "start", "NEAR(", "OR", "1,250", "'", "_", "自"]


@given(st.text(min_size=1, max_size=60) | st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example('"')
@example('"" -"" path:')
@example("-cold")
@example('"_"')
@example('"\u0301"')
@example('title:"*" OR NEAR("cold start", 2)')
@example("pages:x* year:1e999 document:\ud800")
def test_any_text_is_answered(bags: Collection, query: str) -> None:
    """No text is an error, and no part of it reaches SQLite as an operator."""
    if query.strip():
        for stage in ("lexical", "hybrid"):
            hits = bags.search(query, k=3, stage=stage)
            assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_a_hundred_kilobytes_are_answered(bags: Collection) -> None:
    """Of many exclusions the first count, and the rest is told."""
    for piece in ('"', "cold ", ' -"', "path:x ", '"cold start" '):
        bags.search(piece * (100_000 // len(piece)), stage="lexical")
    hits = bags.search("cold " + " ".join(f"-word{number}" for number in range(5000)), stage="lexical")
    assert hits.plan.hints == ("of 5,000 quotations, exclusions and fields only the first 64 count",)


def test_exact_forms(tmp_path: Path) -> None:
    """A quoted word is that very form, whatever its case, accents and ligatures; an excluded one is any form."""
    texts = {
        "a.md": "He approves it.", "b.md": "They Approve it.", "c.md": "An approval is due.", "d.md": "Approve-or-not.",
        "e.md": "Die Büros öffnen.", "f.md": "The oﬃce opens.", "g.md": "The offices open.",
    }  # fmt: skip
    with opened(tmp_path, texts) as collection:

        def found(query: str) -> list[str]:
            return sorted(hit.path for hit in collection.search(query, stage="lexical"))

        assert found('what does "approve" mean') == ["b.md", "d.md"]
        assert found("approve") == ["a.md", "b.md", "c.md", "d.md"]
        assert found("it -approving") == []
        assert found('it -"approves"') == ["b.md"]
        assert found('"buros"') == ["e.md"]
        assert found('"office"') == ["f.md"]
        assert found('"the offices"') == ["g.md"]
        assert found('"not approve"') == []


@pytest.mark.parametrize("stage", STAGES)
def test_quotes_in_scripts_without_blanks(tmp_path: Path, stage: str) -> None:
    """A quotation is characters in a row, wherever words may begin in them."""
    texts = {"a.md": "我们研究机器学习的方法", "b.md": "学习机器的方法", "c.md": "หนังสือเล่มนี้ดี", "d.md": "ดีเล่มหนังสือ"}
    with opened(tmp_path, texts) as collection:
        assert [hit.path for hit in collection.search('什么是"机器学习"', stage=stage)] == ["a.md"]
        assert [hit.path for hit in collection.search('"เล่มนี้"', stage=stage)] == ["c.md"]
        assert {hit.path for hit in collection.search("方法 -机器学习", k=9, stage=stage)} & {"a.md"} == set()


def test_what_went_is_not_found_and_what_came_is(tmp_path: Path) -> None:
    """A deleted document holds nothing any more, a replaced one its new words; what was remembered is forgotten."""
    with opened(tmp_path, {"a.md": "cold start here", "b.md": "a cold start there"}) as collection:
        assert [hit.path for hit in collection.search('"cold start"', stage="dense")] == ["a.md", "b.md"]
        assert corrections(collection, "strat") == (Reading("strat", "start"),)
        (tmp_path / "d/a.md").unlink()
        (tmp_path / "d/b.md").write_text("start cold, strat", encoding="utf-8")
        ingest(tmp_path / "d", tmp_path / "c", encoder=FakeEncoder(window=512), delete_missing=True)
        assert len(collection.search('"cold start"', stage="dense")) == 0
        assert [hit.path for hit in collection.search('"start cold"', stage="dense")] == ["b.md"]
        assert corrections(collection, "strat") == ()


def test_misspelt_words(tmp_path: Path) -> None:
    """One letter more, less, another or changed places, where no passage holds the word; the plan tells."""
    texts = {"a.md": "Maintenance of the wards", "b.md": "The words of the policy", "c.md": "E-mail and getUserById"}
    with opened(tmp_path, texts) as collection:

        def read(query: str) -> tuple[dict[str, str], dict[str, str], list[str]]:
            hits = collection.search(query, stage="lexical")
            understood = hits.plan.understood
            assert understood is not None
            corrected = {reading.typed: reading.read for reading in understood.corrected}
            expanded = {reading.typed: reading.read for reading in understood.expanded}
            return corrected, expanded, [hit.path for hit in hits]

        assert read("maintanance") == ({"maintanance": "maintenance"}, {}, ["a.md"])
        assert read("Polciy") == ({"Polciy": "policy"}, {}, ["b.md"])
        assert read("maintenace") == ({"maintenace": "maintenance"}, {}, ["a.md"])
        assert read("plicy") == ({}, {}, [])  # too short for another letter: it may be a word of its own
        assert read("words") == ({}, {}, ["b.md"])  # held: `wards` is as near, and not meant
        assert read("E071 SPU wor plixcy") == ({}, {}, [])  # identifiers, short words and two letters stay
        assert read('"maintanance"') == ({}, {}, [])
        misspelt = {"maintanance": "maintenance", "polciy": "policy", "maintenace": "maintenance"}
        assert read(" ".join(misspelt)) == (misspelt, {}, ["a.md", "b.md"])
        assert read(f"{' '.join(misspelt)} wartung") == ({}, {}, [])  # most of it, more than are misspelt at once
        assert read(f"{' '.join(misspelt)} wartung the words, policy, maintenance, wards")[0] == misspelt
        assert read("email") == ({}, {"email": "e mail"}, ["c.md"])
        assert read("user") == ({}, {"user": "getUserById"}, ["c.md"])


def test_acronyms(tmp_path: Path) -> None:
    """Both ways, where a document defines them, on either side of the brackets."""
    texts = {
        "a.md": "The Solar Panel Unit (SPU) is new.", "b.md": "A solar panel unit is cleaned in May.",
        "c.md": "The SPU weighs ten kilos.", "d.md": "A panel of solar judges, a unit.",
        "e.md": "An AHU (Air Handling Unit) hums.",
        "f.md": "The air handling unit is on the roof.", "g.md": "XYZ is undefined.",
    }  # fmt: skip
    with opened(tmp_path, texts) as collection:

        def read(query: str) -> tuple[list[tuple[str, str]], set[str]]:
            hits = collection.search(query, stage="lexical")
            understood = hits.plan.understood
            assert understood is not None
            return [(reading.typed, reading.read) for reading in understood.expanded], {hit.path for hit in hits}

        assert read("SPU") == ([("SPU", "Solar Panel Unit")], {"a.md", "b.md", "c.md"})
        expanded, found = read("cleaning of the solar panel unit")
        assert expanded == [("solar panel unit", "SPU")]
        assert "c.md" in found
        assert read("AHU") == ([("AHU", "Air Handling Unit")], {"e.md", "f.md"})
        assert read("XYZ") == ([], {"g.md"})


def test_the_context_keeps_to_it(bags: Collection) -> None:
    """What a language model gets is searched for in the same way."""
    context = bags.context('item -"cold start" path:bags/*', stage="lexical", k=100)
    assert all("cold start" not in citation.text for citation in context.citations)
    assert len(context.citations) > 3
    assert context.plan.understood is not None
    assert context.plan.understood.excluded == ("cold start",)


def test_a_long_word_is_quickly_done_with(tmp_path: Path) -> None:
    """However long, however many: what is no word is not looked into letter by letter."""
    with opened(tmp_path, {"a.md": "A pump.", "b.md": "A valve of the pump."}) as collection:
        collection.search("pump", stage="lexical")
        for query in ("a" * 50_000, "aB" * 3_000, " ".join(f"nothing{chr(97 + n % 26)}{n}x" for n in range(2_000))):
            before = time.thread_time()
            collection.search(query, stage="lexical")
            assert time.thread_time() - before < 2


def test_words_that_mean_something_else_are_left(tmp_path: Path) -> None:
    """A word of a few letters is near many; a field that no document has the value of is told."""
    texts = {"a.md": "---\nyear: 2020\n---\nThe driver reads the share of power at night.", "b.md": "A floor of eight."}
    with opened(tmp_path, texts) as collection:
        for query in ("river", "bread", "shape", "tower", "might", "flood", "height"):
            understood = collection.search(query, stage="lexical").plan.understood
            assert understood is not None
            assert understood.corrected == (), query
        hints = collection.search("driver year:>2020", stage="lexical").plan.hints
        assert hints == ("no document has year '>2020'; ranges and types go into a filter (--where)",)


def test_a_quotation_from_memory(tmp_path: Path) -> None:
    """Among other words one that no passage has is looked for word by word, and told; alone it finds nothing."""
    texts = {"a.md": "The Holy Club met to study.", "b.md": "What a club teaches.", "c.md": "A boat."}
    with opened(tmp_path, texts) as collection:
        hits = collection.search('what did "the holy club\'s" teachings say', stage="lexical")
        assert {hit.path for hit in hits} == {"a.md", "b.md"}
        assert hits.plan.understood is not None
        assert hits.plan.understood.phrases == ()
        assert hits.plan.hints == ('no passage has the exact words "the holy club\'s": its words were looked for',)
        hits = collection.search('"the holy club\'s"', stage="lexical")
        assert len(hits) == 0
        hint = 'no passage has the exact words "the holy club\'s": without quotes its words are looked for'
        assert hits.plan.hints == (hint,)
        hits = collection.search('study "holy club" "a tale of two"', stage="lexical")
        assert [hit.path for hit in hits] == ["a.md"]
        assert hits.plan.understood is not None
        assert hits.plan.understood.phrases == ("holy club",)
