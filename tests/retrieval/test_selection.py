"""A search gives each text once: its copies are named beside it, and k hits come whenever k different texts match."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from passagework import Collection, ingest
from passagework.retrieval import ConfigError, Hit, Hits, Stage
from passagework.retrieval.search.copies import PassageWords
from tests.support.collection_checks import NOUNS, FakeReranker
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

RULE = "Every visitor signs the book at the gate and wears the badge until the visit ends."
STAGES = ("dense", "lexical", "hybrid", "rerank")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 records of which most say one of 12 texts in another form, and a rule in a text, a page and a PDF."""
    base = tmp_path_factory.mktemp("copies")
    (base / "docs").mkdir()
    draw = random.Random(1)
    texts = [" ".join(draw.choices(NOUNS, k=12)) for _ in range(12)]
    lines = []
    for number in range(400):
        text = draw.choice(texts) if number % 10 else f"{draw.choice(texts)} {number}"
        lines.append({"_id": f"r{number:03}", "text": text.upper() if draw.random() < 0.5 else f"{text}."})
    (base / "docs" / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (base / "docs" / "rule.txt").write_text(RULE)
    (base / "docs" / "rule.html").write_text(f"<html><body><p>{RULE.replace(' at ', ' <b>at</b> ')}</p></body></html>")
    (base / "docs" / "rule.pdf").write_bytes(typed([[RULE[:40]], [RULE[41:]]]))
    (base / "docs" / "other.txt").write_text(RULE.replace("wears", "never wears"))
    ingest([base / "docs"], base / "c", encoder=FakeEncoder(), overlap=0)
    return base / "c"


@pytest.fixture(scope="module")
def collection(folder: Path) -> Iterator[Collection]:
    """The collection, with a reranker that counts shared words."""
    with Collection.open(folder, encoder=FakeEncoder(), reranker=FakeReranker()) as opened:
        yield opened


def collapsed(kept: Hits) -> list[list[Hit]]:
    """Plain Python over every hit: each with those after it that say nothing new."""
    groups: list[list[Hit]] = []
    for hit in kept:
        words = PassageWords.of(hit.text)
        group = next((one for one in groups if PassageWords.of(one[0].text).similarity(words)), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    return groups


@pytest.mark.parametrize("stage", STAGES)
def test_the_formats_of_a_document_are_one_hit(collection: Collection, stage: str) -> None:
    """Text, page and PDF are one hit that names the others with their pages; what says the contrary is another."""
    hits = collection.search("visitor badge gate", k=2, stage=stage)
    first = next(hit for hit in hits if "never" not in hit.text)
    assert [hit.text.count("never") for hit in hits].count(0) == 1
    assert len(hits) == 2
    places = {(first.path, first.pages), *((one.path, one.pages) for one in first.also_in)}
    assert places == {("rule.html", ()), ("rule.pdf", (1, 2)), ("rule.txt", ())}
    assert {one.similarity for one in first.also_in} == {1.0}
    for one in first.also_in:
        assert collection.document(one.document).text[one.start : one.end].split() == RULE.split()
    assert first.to_json()["also_in"] == [one.to_json() for one in first.also_in]


@pytest.mark.parametrize("stage", STAGES[:3])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(query=st.lists(st.sampled_from(NOUNS), min_size=1, max_size=4).map(" ".join), k=st.integers(1, 30))
def test_collapsing_keeps_order_and_loses_no_different_text(
    collection: Collection, stage: str, query: str, k: int
) -> None:
    """The hits are the first k different texts of the ranking; copies of each are named beside it, the first 30 all."""
    every = collection.search(query, k=500, stage=stage, candidates=500, copies="keep")
    assert all(hit.also_in == () for hit in every)
    groups = collapsed(every)
    hits = collection.search(query, k=k, stage=stage, candidates=500)
    assert [hit.id for hit in hits] == [group[0].id for group in groups[:k]]
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    for hit, group in zip(hits, groups, strict=False):
        named = [one.document for one in hit.also_in]
        assert named == [one.document for one in group[1:]][: len(named)]
    told = {hit.document for hit in hits} | {one.document for hit in hits for one in hit.also_in}
    shown = {hit.id for group in groups[:k] for hit in group}
    assert {hit.document for hit in every[:30] if hit.id in shown} <= told


@pytest.mark.parametrize("stage", STAGES)
def test_k_hits_come_from_a_pool_full_of_copies(collection: Collection, stage: str) -> None:
    """The pool grows until k different texts are found, or all is seen."""
    hits = collection.search(NOUNS[0], k=12, candidates=1, stage=stage)
    assert len(hits) == 12
    words = [PassageWords.of(hit.text) for hit in hits]
    assert not any(one.similarity(other) for at, one in enumerate(words) for other in words[at + 1 :])


def test_a_reranker_reads_no_copy(folder: Path) -> None:
    """Of what is reranked every text is another, so that it reads further down."""
    reranker = FakeReranker()
    with Collection.open(folder, encoder=FakeEncoder(), reranker=reranker) as opened:
        opened.search("visitor river stone", k=5, stage="rerank")
    words = [PassageWords.of(text) for text in reranker.read]
    assert len({one.words for one in words}) == len(words) >= 30


def test_a_least_score_and_a_limit_of_documents_hold(collection: Collection) -> None:
    """No hit is below the least score, nor a second one of a document; copies don't count as hits."""
    every = collection.search("river stone", k=100, stage="dense")
    least = every[3].score
    assert [hit.id for hit in collection.search("river stone", k=100, stage="dense", min_score=least)] == [
        hit.id for hit in every if hit.score >= least
    ]
    one = collection.search("river stone", k=30, stage="dense", per_document=1)
    assert len({hit.document for hit in one}) == len(one) == 30


@pytest.mark.parametrize("stage", STAGES)
def test_diversity_spreads_at_every_stage(collection: Collection, stage: str) -> None:
    """0 is the plain ranking; more keeps the first hit and its scores, brings others up, and stands in the plan."""
    plain = collection.search("river stone", k=8, stage=stage, diversity=0)
    assert [hit.id for hit in plain] == [hit.id for hit in collection.search("river stone", k=8, stage=stage)]
    assert "diversity" not in plain.plan.to_json()
    spread = collection.search("river stone", k=8, stage=stage, diversity=0.8)
    assert spread.plan.to_json()["diversity"] == 0.8
    assert (spread[0].id, len(spread)) == (plain[0].id, 8)
    with collection._current().read() as snapshot:
        means = []
        for hits in (plain, spread):
            vectors = snapshot.vectors_of([hit.id for hit in hits])
            means.append(float((vectors @ vectors.T).mean()))
    assert means[1] < means[0]
    assert all(hit.score == hit.stages[Stage(stage)].score for hit in spread)


@pytest.mark.parametrize("options", [{"diversity": 1.5}, {"diversity": True}, {"copies": "some"}])
def test_what_makes_no_sense_is_refused(collection: Collection, options: dict[str, object]) -> None:
    """One line names the option and what it takes."""
    with pytest.raises(ConfigError, match=r"^(diversity is .*: give a number from 0|copies is 'some': give one of)"):
        collection.search("river", **options)  # type: ignore[arg-type]  # what a caller may write
