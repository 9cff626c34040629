"""Relevance: what the model says of evidence, and what searches say with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from passagework import Collection, ConfigError, ingest
from passagework.retrieval import BiEncoder, Stage
from passagework.retrieval.config import RELEVANT
from passagework.retrieval.models.encoder_scale import DEFAULT_SCALE, EncoderScale, measured_scale
from passagework.retrieval.models.reference_answers import REFERENCE_ANSWERS
from passagework.retrieval.search.coverage import MOST_TOLD, telling_words
from passagework.retrieval.search.relevance import COMPARED, Evidence, relevance
from passagework.retrieval.store import Store
from tests.support.fakes import FakeEncoder

TEXTS = {
    "pump.md": "# Pumps\n\nThe dosing pump loses pressure when its inlet seal is worn. Replace the seal every spring.",
    "leave.md": "# Leave\n\nEmployees have 28 days of paid leave. Unused days are carried over until March.",
    "dome.md": "# Dome\n\nThe dome is closed at 60 km/h of wind. The duty astronomer decides, and the log says so.",
    "visit.md": "# Visits\n\nGroups visit on Saturdays at three. Children under six do not climb the tower.",
}
OWN = ("why does the pump lose pressure?", "days of paid leave", "At which wind is the dome closed?")
FOREIGN = ("what is the capital of France?", "recipe for pancakes", "qwer asdf zxcv", "python read csv file")

values = st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=30).map(np.array)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Four short documents, encoded by the default encoder."""
    folder = tmp_path_factory.mktemp("relevance")
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text)
    ingest([folder / "docs"], folder / "c")
    with Collection.open(folder / "c") as opened:
        yield opened


class TestModel:
    """What is said of evidence."""

    @given(values, st.floats(0, 40))
    def test_it_is_a_probability_and_never_rises_with_the_rank(self, near: np.ndarray, told: float) -> None:
        """Between 0 and 1, however many passages; what ranks before another is no less relevant."""
        said = relevance(Evidence(near, np.full(len(near), 0.5), told))
        assert said.shape == near.shape
        assert ((said >= 0) & (said <= 1)).all()
        assert (np.diff(said) <= 0).all()

    def test_only_those_that_rank_first_are_compared_with(self) -> None:
        """What stands behind the first COMPARED, and is worth less, changes nothing of what is said of them."""
        near, covered = np.linspace(1, 0.2, COMPARED), np.linspace(1, 0, COMPARED)
        alone = relevance(Evidence(near, covered, 10.0))
        more = relevance(Evidence(np.append(near, [0.1, 0.0]), np.append(covered, [0.0, 0.0]), 10.0))
        assert more[:COMPARED] == pytest.approx(alone)

    def test_words_that_stand_nowhere_say_nothing(self) -> None:
        """A near passage may answer in words of its own; a far one does not, nor one where words could speak."""
        near, none = np.array([0.6]), np.zeros(1)
        assert relevance(Evidence(near, none, 14.0, held=0.0))[0] > 0.1
        assert relevance(Evidence(near - 0.3, none, 14.0, held=0.0))[0] < 0.03
        assert relevance(Evidence(near, none, 14.0, held=1.0))[0] < 0.03

    def test_words_and_nearness_both_count(self) -> None:
        """Nothing near and no words: next to nothing; both: likely; and so by words alone."""
        none, all_of_it = np.zeros(1), np.ones(1)
        assert relevance(Evidence(none, none, 10.0))[0] < 0.01
        assert relevance(Evidence(all_of_it, all_of_it, 10.0))[0] > 0.8
        assert relevance(Evidence(none, all_of_it, 10.0))[0] < relevance(Evidence(all_of_it, all_of_it, 10.0))[0]
        assert relevance(Evidence(None, none, 10.0))[0] < 0.01
        assert relevance(Evidence(None, all_of_it, 20.0))[0] > 0.5

    def test_nothing_found(self) -> None:
        """There is nothing to say."""
        assert len(relevance(Evidence(np.zeros(0), np.zeros(0), 1.0))) == 0


class TestScale:
    """How an encoder's cosines are read."""

    def test_that_of_the_default_encoder_is_what_is_measured(self) -> None:
        """The constant holds; and every question of the reference is nearest to its own answer."""
        encoder = BiEncoder.load()
        measured = measured_scale(encoder)
        assert measured is not None
        assert measured.unrelated == pytest.approx(DEFAULT_SCALE.unrelated, abs=0.005)
        assert measured.answering == pytest.approx(DEFAULT_SCALE.answering, abs=0.01)
        questions, answers = zip(*REFERENCE_ANSWERS, strict=True)
        cosines = encoder.encode_queries(questions) @ encoder.encode_passages(answers).T
        assert cosines.argmax(axis=1).tolist() == list(range(len(questions)))

    def test_closeness(self) -> None:
        """0 where what is unrelated lies, 1 where answers do, and beyond in a line."""
        scale = EncoderScale(0.76, 0.88)
        assert scale.closeness(np.array([0.76, 0.82, 0.88, 1.0])) == pytest.approx([0, 0.5, 1, 2])

    def test_an_encoder_that_tells_nothing_apart_has_none(self) -> None:
        """Vectors of hashes say nothing of answers: relevance goes by words."""
        assert measured_scale(FakeEncoder()) is None


class TestWords:
    """What of a query stands in a passage."""

    def test_coverage(self, collection: Collection) -> None:
        """By what each word tells: one that stands nowhere counts most, one in any form is found."""
        with Store.open(collection.path / "v0001" / "store.db") as store, store.read() as snapshot:
            rows = snapshot.passages([hit.id for hit in collection.search("pump", k=1, stage=Stage.LEXICAL)])
            lexical = collection._current().passages(snapshot).lexical()
            words = telling_words(snapshot, lexical, "pumps and flamingos")
            assert words.coverage(rows)[0] == pytest.approx(words.weights[0] / words.told)
            assert words.weights[1] == MOST_TOLD > words.weights[0] > 5
            assert telling_words(snapshot, lexical, "?!").coverage(rows).tolist() == [0.0]


class TestSearch:
    """What a search says of its hits."""

    @pytest.mark.parametrize("stage", list(Stage))
    def test_own_questions_have_relevant_hits_and_foreign_ones_none(self, collection: Collection, stage: Stage) -> None:
        """At every stage: the first hit of an own question is the most relevant; JSON and `relevant` say the same."""
        for query in OWN:
            hits = collection.search(query, stage=stage)
            assert (hits.relevant or 0) >= 1, query
            assert hits[0].relevance == max(hit.relevance or 0 for hit in hits) > 0.2, query
            assert hits.to_json()["relevant"] == hits.relevant
        for query in FOREIGN:
            hits = collection.search(query, stage=stage)
            assert hits.relevant == 0, query
            assert len(hits) == len(collection.search(query, stage=stage, relevance=False)), query

    def test_it_does_not_depend_on_how_many_hits_are_asked_for(self, collection: Collection) -> None:
        """The first is compared with the same ten, whatever `k` is."""
        for stage in Stage:
            first = {collection.search(OWN[0], k=k, stage=stage)[0].relevance for k in (1, 2, 10)}
            assert len(first) == 1

    def test_min_relevance(self, collection: Collection) -> None:
        """Leaves out what is below, and the plan counts it; a number that is none is refused."""
        whole = collection.search(OWN[0], k=4, stage="dense")
        some = collection.search(OWN[0], k=4, stage="dense", min_relevance=RELEVANT)
        assert [hit.id for hit in some] == [hit.id for hit in whole if (hit.relevance or 0) >= RELEVANT]
        assert some.plan.less_relevant == 4 - len(some) > 0
        for least in (-0.1, 1.5, float("nan"), "0.5"):
            with pytest.raises(ConfigError, match=r"min_relevance is .*: give a number from 0 to 1"):
                collection.search("x", min_relevance=least)  # type: ignore[arg-type] # what people pass

    def test_a_query_that_only_filters_asks_nothing_that_could_be_answered(self, collection: Collection) -> None:
        """Its hits have no relevance, whatever least is asked for, and a context quotes them."""
        for query in ("path:pump.md", '-leave -"the dome" path:*'):
            hits = collection.search(query, min_relevance=0.5)
            assert hits
            assert {hit.relevance for hit in hits} == {None}
            assert (hits.relevant, hits.to_json()["relevant"]) == (None, None)
            assert collection.context(query).citations

    def test_a_corrected_word_is_believed_by_half(self, collection: Collection) -> None:
        """The plan's text is the word that was read; the passage that has it covers half of what was typed."""
        hits = collection.search("prressure", stage="lexical")
        assert hits.plan.understood is not None
        assert hits.plan.understood.text == "pressure"
        assert [hit.estimate.coverage for hit in hits if hit.estimate] == [0.5]

    def test_where_it_is_not_estimated_there_is_none(self, collection: Collection) -> None:
        """Nothing else changes."""
        plain = collection.search(OWN[0], relevance=False)
        full = collection.search(OWN[0])
        assert [(hit.id, hit.score) for hit in plain] == [(hit.id, hit.score) for hit in full]
        assert {hit.relevance for hit in plain} == {None}
        assert "relevance" not in plain.timings_ms
        assert plain.relevant is None
        with pytest.raises(ConfigError, match="min_relevance needs relevance, which is switched off"):
            collection.search(OWN[0], relevance=False, min_relevance=0.5)

    def test_context_is_empty_where_nothing_answers(self, collection: Collection) -> None:
        """Unless anything is taken; of an own question it quotes what is relevant."""
        for query in FOREIGN:
            context = collection.context(query)
            assert (context.text, context.citations, context.relevant, context.tokens) == ("", (), 0, 0), query
            assert collection.context(query, min_relevance=0).citations, query
        context = collection.context(OWN[0])
        assert [citation.path for citation in context.citations] == ["pump.md"]
        assert context.to_json()["relevant"] == (context.relevant or 0) >= 1
        assert (context.citations[0].relevance or 0) >= RELEVANT


class TestRecord:
    """What a collection keeps of its encoder's scale."""

    def test_a_collection_made_before_is_read_by_a_scale_measured_now(self, tmp_path: Path) -> None:
        """Its answers are those of one that has the record."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "pump.md").write_text(TEXTS["pump.md"])
        ingest([tmp_path / "docs"], tmp_path / "c")
        with Collection.open(tmp_path / "c") as opened:
            recorded = opened.search(OWN[0], stage="dense")[0].estimate
        with Store.open(tmp_path / "c" / "v0001" / "store.db") as store:
            with store.read() as snapshot:
                assert snapshot.meta("encoder_scale") == DEFAULT_SCALE.to_json()
            with store.write() as writer:
                writer.set_meta("encoder_scale", None)
        with Collection.open(tmp_path / "c") as opened:
            assert opened.search(OWN[0], stage="dense")[0].estimate == recorded
