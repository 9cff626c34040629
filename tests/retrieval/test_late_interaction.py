"""Rules of late interaction: what a passage scores, what is remembered, and that it stands behind every search."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sentence_transformers", reason='pip install "passagework[torch]"')

import numpy as np
from sentence_transformers import SentenceTransformer

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder
from passagework.retrieval.array_cache import ENTRY_BYTES
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.late_interaction.late_interaction import (
    BLEND,
    DEPTH,
    SHARPNESS,
    LateInteractionReranker,
    TokenCache,
)
from passagework.retrieval.models.backends import DeviceMemoryError
from passagework.retrieval.plan import Blend, FusionWeights
from passagework.retrieval.search.candidate_pool import Pool
from passagework.retrieval.search.second_stage import blended
from passagework.retrieval.types import Stage, Vectors
from tests.support.collection_checks import FakeReranker
from tests.support.fakes import FakeEncoder, FakeTokenEncoder
from tests.support.tiny_encoders import tiny_encoder

RIVERS = ["The river carries gold.", "Gold is heavy.", "A river of stones", "nothing of it"]


def by_hand(encoder: FakeTokenEncoder, words: list[str], passage: str) -> float:
    """The score, word by word."""
    (read,) = encoder.encode_token_vectors([encoder.tokenize([passage])[0].ids])
    total = 0.0
    for word in words:
        (vector,) = encoder.encode_token_vectors([encoder.tokenize([word])[0].ids])
        best = max(float(vector[0] @ row) for row in read)
        total += max(0.0, best) ** SHARPNESS
    return total / len(words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder with prompts."""
    return tiny_encoder(tmp_path_factory.mktemp("models") / "tiny", prompts={"query": "river: ", "passage": "stone: "})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty notes, of which every third speaks of gold."""
    folder = tmp_path_factory.mktemp("late")
    for number in range(50):
        words = f"note {number} tells of {'gold' if number % 3 == 0 else 'tin'} and of word{number % 7}"
        (folder / f"{number:02}.txt").write_text(words)
    ingest([folder], folder / "c", encoder=FakeTokenEncoder())
    return folder / "c"


class TestScores:
    """What a passage scores."""

    @pytest.mark.parametrize("passage", RIVERS)
    def test_by_hand(self, passage: str) -> None:
        """The mean over the content words of the best cosine's square; stop words and marks count nothing."""
        encoder = FakeTokenEncoder()
        scores = LateInteractionReranker(encoder).rerank("which gold is in the river?", [passage])
        assert scores.logits == pytest.approx([by_hand(encoder, ["gold", "river"], passage)], abs=2e-3)  # 16-bit floats
        assert scores.logits.tolist() == scores.probabilities.tolist()

    def test_a_passage_with_all_the_words_scores_one(self) -> None:
        """Whatever else it says."""
        scores = LateInteractionReranker(FakeTokenEncoder()).rerank("the gold river", RIVERS).logits
        assert scores[0] == pytest.approx(1.0, abs=2e-3)
        assert scores[0] > max(scores[1:3]) > min(scores[1:3]) > scores[3] >= 0

    def test_long_passages_are_read_to_the_end(self) -> None:
        """In windows of the encoder's budget, and the count says so."""
        encoder = FakeTokenEncoder(window=16)
        long = " ".join(f"word{number}" for number in range(100)) + " gold"
        scores = LateInteractionReranker(encoder).rerank("gold", [long, "gold"])
        assert scores.logits == pytest.approx([1.0, 1.0], abs=2e-3)
        assert scores.windowed == 1

    def test_long_queries_are_cut_and_told(self) -> None:
        """To the encoder's budget."""
        reranker = LateInteractionReranker(FakeTokenEncoder(window=16))
        assert reranker.rerank("gold " * 15, ["gold"]).query_cut
        assert not reranker.rerank("gold " * 14, ["gold"]).query_cut

    def test_what_is_behind_the_cut_does_not_count(self) -> None:
        """Where no content word is read, the others are compared."""
        scores = LateInteractionReranker(FakeTokenEncoder(window=16)).rerank("what is the " * 6 + "gold", ["what", "x"])
        assert scores.logits[0] > scores.logits[1]

    def test_windows_are_counted_whatever_is_remembered(self) -> None:
        """The second time as the first."""
        reranker = LateInteractionReranker(FakeTokenEncoder(window=16))
        long = " ".join(f"word{number}" for number in range(100))
        assert [reranker.rerank("gold", [long, "gold"]).windowed for _ in range(2)] == [1, 1]

    def test_long_queries_cost_little(self) -> None:
        """Digits and capitals, and words far behind the cut."""
        started = time.process_time()
        reranker = LateInteractionReranker(FakeTokenEncoder())
        for word in ("9999", "WORD", "word"):
            reranker.rerank(f"{word} " * 40_000, ["gold"])
        assert time.process_time() - started < 15

    @pytest.mark.parametrize(("query", "passages"), [("gold", []), ("?!", ["gold"]), ("gold", ["", "?"]), ("", ["x"])])
    def test_nothing_to_compare(self, query: str, passages: list[str]) -> None:
        """Scores are there, finite, from 0 to 1."""
        scores = LateInteractionReranker(FakeTokenEncoder()).rerank(query, passages).logits
        assert scores.shape == (len(passages),)
        assert np.all((scores >= 0) & (scores <= 1))


class TestMemory:
    """Passages read for one query are there for the next."""

    def test_is_used_and_changes_nothing(self) -> None:
        """The second time nothing is encoded; scores are the same."""
        encoder = FakeTokenEncoder()
        reranker = LateInteractionReranker(encoder)
        first = reranker.rerank("gold river", [*RIVERS, RIVERS[0]]).logits
        assert encoder.encoded == len(RIVERS)
        assert reranker.rerank("gold river", RIVERS).logits.tolist() == first[:-1].tolist()
        assert encoder.encoded == len(RIVERS)

    def test_forgets_what_was_asked_for_longest_ago(self) -> None:
        """Within its bytes."""
        memory = TokenCache(3 * (64 + ENTRY_BYTES + 1))
        for name in "abc":
            memory.put(name, np.zeros((1, 32), np.float16))
        assert memory.get("a") is not None
        memory.put("d", np.zeros((1, 32), np.float16))
        assert [memory.get(name) is not None for name in "abcd"] == [True, False, True, True]
        memory.put("e", np.zeros((99, 32), np.float16))
        assert [memory.get(name) for name in "abcde"] == [None] * 5


class TestTokenVectors:
    """Of a real transformer."""

    def test_are_those_of_sentence_transformers(self, folder: Path) -> None:
        """Without the special tokens and the prompt; unit rows."""
        texts = ["alpha beta", "travel paper stone", "a"]
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        found = encoder.encode_token_vectors([one.ids for one in encoder.tokenize(texts)])
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        whole = model.encode(texts, prompt="stone: ", output_value="token_embeddings")
        for text, vectors, reference in zip(texts, found, whole, strict=True):
            count = len(encoder.tokenize([text])[0])
            own = reference.numpy()[-count - 1 : -1]
            np.testing.assert_allclose(vectors, own / np.linalg.norm(own, axis=1, keepdims=True), atol=1e-5)

    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    def test_do_not_depend_on_what_stands_beside(self, folder: Path, precision: str) -> None:
        """To the last bit: what is remembered is what would be computed anew."""
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision=precision, offline=True))
        texts = [" ".join(["alpha", "beta", "travel", "stone"][: 1 + n % 4] * (1 + n % 5)) for n in range(23)]
        ids = [one.ids for one in encoder.tokenize(texts)]
        together = encoder.encode_token_vectors(ids)
        backwards = encoder.encode_token_vectors(ids[::-1])[::-1]
        alone = [encoder.encode_token_vectors([one])[0] for one in ids]
        for a, b, c in zip(together, backwards, alone, strict=True):
            assert a.tobytes() == b.tobytes() == c.tobytes()

    def test_words_without_weight_are_nothing(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A token's vector may be 0, and compares with nothing; what is not finite is an error."""
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        run = encoder._backend.token_vectors

        def weighted(ids: Any, mask: Any, *, prompt_length: int) -> Any:
            return np.asarray(run(ids, mask, prompt_length=prompt_length)) * weight

        monkeypatch.setattr(encoder._backend, "token_vectors", weighted)
        weight = 0.0
        assert LateInteractionReranker(encoder).rerank("alpha", ["alpha beta"]).logits.tolist() == [0.0]
        weight = math.nan
        with pytest.raises(PassageworkError, match="not finite"):
            LateInteractionReranker(encoder).rerank("alpha", ["alpha beta"])

    def test_short_memory_encodes_one_text_at_a_time(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """And a wide window makes low batches."""
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        ids = [one.ids for one in encoder.tokenize(["alpha beta", "travel", "stone paper", "a", "alpha"])]
        whole = encoder.encode_token_vectors(ids)
        run, heights = encoder._backend.token_vectors, []

        def small(ids: Any, mask: Any, *, prompt_length: int) -> Vectors | None:
            heights.append(len(ids))
            if len(ids) > 1:
                raise DeviceMemoryError
            return run(ids, mask, prompt_length=prompt_length)

        monkeypatch.setattr(encoder._backend, "token_vectors", small)
        for found, expected in zip(encoder.encode_token_vectors(ids), whole, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
        assert heights == [4, 1, 1, 1, 1, 4, 1]
        heights.clear()
        monkeypatch.setattr("passagework.retrieval.models.batch_encoder.TOKEN_BATCH", (40, 40))
        encoder.encode_token_vectors(ids)
        assert heights == [1] * 5

    def test_a_model_that_gives_none_is_found_out(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As CLIP's, which gives a text's vector alone."""
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        assert encoder.has_token_vectors
        other = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        monkeypatch.setattr(other._backend, "token_vectors", lambda *_, **__: None)
        assert not other.has_token_vectors


class Wordless(FakeTokenEncoder):
    """Only when it is loaded does it turn out to have no token vectors."""

    has_token_vectors = False


class TestSearch:
    """Late interaction stands behind a search where no reranker was named."""

    def test_is_the_default(self, path: Path) -> None:
        """The plan names it, its depth and its part in the score; scores are the blend of the stages' own."""
        with Collection.open(path, encoder=FakeTokenEncoder()) as collection:
            hits = collection.search("gold of word3", k=10)
            assert hits.plan.to_json()["used"] == "rerank"
            assert hits.plan.to_json()["reranker"] == "late interaction of fake"
            assert hits.plan.to_json()["rerank_depth"] == DEPTH
            assert hits.plan.to_json()["blend"] == {"dense": 1.0, "lexical": BLEND.lexical, "rerank": BLEND.reranked}
            best = hits.plan.to_json()["best_bm25"]
            assert isinstance(best, float)
            for hit in hits:
                bm25 = hit.stages[Stage.LEXICAL].score if Stage.LEXICAL in hit.stages else 0.0
                late = hit.stages[Stage.RERANK].probability
                assert late is not None
                expected = hit.stages[Stage.DENSE].score + BLEND.lexical * bm25 / best + BLEND.reranked * late
                assert hit.score == pytest.approx(expected, abs=1e-5)
            assert "gold" in hits[0].text
            assert "word3" in hits[0].text
            assert len(collection.search("gold", k=45)) == 45

    def test_is_not_there_for_an_encoder_without_token_vectors(self, path: Path) -> None:
        """Then hybrid is the last stage."""
        with Collection.open(path, encoder=FakeEncoder()) as collection:
            assert collection.search("gold").plan.to_json()["used"] == "hybrid"

    def test_without_token_vectors_the_answer_is_hybrid(self, path: Path) -> None:
        """And the plan says why."""
        with Collection.open(path, encoder=Wordless()) as collection:
            hits = collection.search("gold of word3")
            assert (hits.plan.to_json()["requested"], hits.plan.to_json()["used"]) == ("rerank", "hybrid")
            assert hits.plan.to_json()["reason"] == "the encoder gives no vectors of tokens"
            expected = collection.search("gold of word3", stage="hybrid")
            assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in expected]
            assert Stage.RERANK not in hits[0].stages

    def test_a_search_keeps_its_encoder_while_another_is_loaded(self, path: Path) -> None:
        """What one encoder read is never remembered for another."""
        with Collection.open(path, encoder=FakeTokenEncoder()) as collection:
            models, live = collection._models, collection._current()
            with live.read() as snapshot:
                moment = models.at(live, snapshot)
                first = moment.encoder()
                models.forget()  # as when another encoder is loaded
                reranker = moment.reranker()
                assert isinstance(reranker, LateInteractionReranker)
                assert reranker._encoder is first
                reranker.rerank("gold", ["gold"])
                assert models._memory.get("gold") is None

    def test_a_title_of_a_book_is_not_read_whole(self, tmp_path: Path) -> None:
        """Of title and headings a reranker reads the beginning."""
        (tmp_path / "a.jsonl").write_text(json.dumps({"_id": "1", "title": "word " * 5000, "text": "gold"}))
        encoder = FakeTokenEncoder()
        ingest([tmp_path / "a.jsonl"], tmp_path / "c", encoder=encoder)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            encoder.encoded = 0
            collection.search("gold")
            assert encoder.encoded <= 2

    def test_a_named_reranker_takes_its_place(self, path: Path) -> None:
        """And needs no blend."""
        with Collection.open(path, encoder=FakeTokenEncoder(), reranker=FakeReranker()) as collection:
            plan = collection.search("gold").plan.to_json()
            assert (plan["reranker"], plan.get("blend")) == ("fake-reranker", None)


def test_a_blend_follows_what_words_and_vectors_tell() -> None:
    """As it is where both are even; its sum stays; where vectors tell nothing, words outweigh the reranker, too."""
    blend = Blend(lexical=0.2, reranked=1.6)
    assert blend.following(FusionWeights()) == blend
    twice = blend.following(FusionWeights(dense=0.5, lexical=0.4))
    assert twice.lexical / twice.dense == pytest.approx(0.4, abs=1e-5)
    assert twice.reranked / twice.dense == pytest.approx(1.6, abs=1e-5)
    blind = blend.following(FusionWeights(dense=0.1, lexical=1.3))
    assert blind.lexical > 10 * (blind.dense + blind.reranked)
    for one in (twice, blind):
        assert one.dense + one.lexical + one.reranked == pytest.approx(2.8, abs=1e-5)


def test_blend() -> None:
    """Cosine, the query's BM25 from 0 to 1, and the reranker's score, each with its weight."""
    blend = Blend(lexical=0.5, reranked=2.0)
    scores = {Stage.DENSE: {1: 0.4, 2: 0.3, 3: 0.9}, Stage.LEXICAL: {1: 10.0, 7: 20.0}}
    pool = Pool(scores, {}, 4, full=False, filter=None, telling_bm25=20.0)
    assert blended(blend, pool, {1: 0.1, 2: 0.2}) == {1: 0.85, 2: 0.7}
    without_words = replace(pool, scores={Stage.DENSE: {1: 0.4}, Stage.LEXICAL: {}}, telling_bm25=0.0)
    assert blended(blend, without_words, {1: 0.1}) == {1: 0.6}
