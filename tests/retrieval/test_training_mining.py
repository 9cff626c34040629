"""Rules of mining, and the command `train` from pairs without negatives to a model that search can use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from passagework.ingest import ingest, train
from passagework.ingest.workflows.pair_mining import BLOCK, pairs_with_negatives, remove_mining_collection
from passagework.retrieval import Hits
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.training import Mined, Pair, mine
from passagework.retrieval.training.mining import DEPTH
from tests.support.fakes import FakeEncoder
from tests.support.tiny_models import tiny_bert
from tests.ui.test_cli import run

pytestmark = pytest.mark.slow

TEXTS = {
    "pump": "The cryostat pump is oil free. It was bought in 2019 for the workshop.",
    "oil": "The oil pump of the crane was bought in 2021 for the garage.",
    "crane": "The crane lifts forty tons. Its pump was bought long ago for the yard.",
    "sky": "The sky over the valley is dark on most nights of the year.",
}


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """Four texts with titles, whole."""
    corpus = tmp_path / "corpus.jsonl"
    rows = ({"_id": name, "title": name.title(), "text": text} for name, text in TEXTS.items())
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    encoder = FakeEncoder()
    ingest([corpus], tmp_path / "collection", encoder=encoder, passage_tokens=40, overlap=0)
    with Collection.open(tmp_path / "collection", encoder=encoder) as opened:
        yield opened


def test_negatives_are_passages_that_do_not_hold_the_answer(collection: Collection) -> None:
    """Below their titles; never the positive's own, and never one with an answer string."""
    pair = Pair("When was the pump bought?", TEXTS["pump"], title="Pump", answers=("2019",))
    counts = Mined()
    (found,) = mine(collection, [pair], counts=counts)
    assert (found.query, found.positive, found.title) == (pair.query, TEXTS["pump"], "Pump")
    assert set(found.negatives) <= {f"{name.title()}\n{text}" for name, text in TEXTS.items() if name != "pump"}
    assert f"Oil\n{TEXTS['oil']}" in found.negatives
    assert (counts.queries, counts.kept) == (1, 1)
    (other,) = mine(collection, [Pair(pair.query, pair.positive, answers=("bought",))])
    assert other.negatives == (f"Sky\n{TEXTS['sky']}",)


def test_without_answers_what_scores_nearly_as_well_is_left_out(collection: Collection) -> None:
    """It may well answer too: every negative stays below the positive by the share that SAFE_SHARE tells."""
    query = "pump bought for the workshop"
    (found,) = mine(collection, [Pair(query, TEXTS["pump"])])
    hits = collection.search(query, k=DEPTH, stage="hybrid")
    scores = {f"{hit.title}\n{hit.text}": hit.score for hit in hits}
    own = next(hit.score for hit in hits if hit.text == TEXTS["pump"])
    assert found.negatives
    assert all(scores[text] < 0.95 * own for text in found.negatives)


def test_pairs_that_search_does_not_find_are_counted_and_left_out(collection: Collection) -> None:
    """A reranker would never see them."""
    counts = Mined()
    assert list(mine(collection, [Pair("pump", "A text that is nowhere.")], counts=counts)) == []
    assert counts.not_found == 1
    assert "0 of 1 query" in counts.describe()


def test_own_negatives_pass_as_they_are(collection: Collection) -> None:
    """Mining adds, and never overrides."""
    pair = Pair("pump", "Anything.", negatives=("Something else.",))
    assert list(mine(collection, [pair])) == [pair]


def test_hidden_words_are_taken_out_of_the_positive(collection: Collection) -> None:
    """The sentence that became the query is gone from the text that answers it."""
    sentence = "The cryostat pump is oil free."
    (found,) = mine(collection, [Pair(sentence, TEXTS["pump"], hidden=sentence)])
    assert found.positive == "It was bought in 2019 for the workshop."
    assert not found.hidden


def test_mining_goes_on_where_it_stopped(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks that were written are not searched again, and the result is that of one run."""
    pairs = [Pair(f"pump {n}", TEXTS["pump"]) for n in range(BLOCK + 20)]
    searched: list[str] = []
    honest = Collection.search

    def counted(self: Collection, query: str, **choices: object) -> Hits:
        searched.append(query)
        if len(searched) == BLOCK + 5:
            raise KeyboardInterrupt
        return honest(self, query, **choices)  # type: ignore[arg-type]

    monkeypatch.setattr(Collection, "search", counted)
    monkeypatch.setattr(
        "passagework.retrieval.collection.loaded_models.load_recorded_encoder", lambda *_, **__: FakeEncoder()
    )
    folder, work = tmp_path / "collection", tmp_path / "work"

    def go(work: Path) -> list[Pair]:
        return pairs_with_negatives(pairs, work, collection=folder, seed=1, passage_tokens=40)[0]

    with pytest.raises(KeyboardInterrupt):
        go(work)
    searched.append("never again the same length")
    before = len(searched)
    resumed = go(work)
    assert len(searched) - before == 20
    assert resumed == go(tmp_path / "at-once")
    assert len(pairs) - 1 <= len(resumed) <= len(pairs)  # of one query, every hit may be an answer


def test_another_collection_of_the_same_name_is_mined_anew(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negatives of one are never those of the other."""
    monkeypatch.setattr(
        "passagework.retrieval.collection.loaded_models.load_recorded_encoder", lambda *_, **__: FakeEncoder()
    )
    shutil.copytree(tmp_path / "collection", tmp_path / "other" / "collection")
    searched: list[Path] = []
    honest = Collection.search

    def noted(self: Collection, query: str, **choices: object) -> Hits:
        searched.append(self.path)
        return honest(self, query, **choices)  # type: ignore[arg-type]

    monkeypatch.setattr(Collection, "search", noted)
    for folder in ("collection", "other/collection", "collection"):
        pairs = [Pair("pump", TEXTS["pump"])]
        pairs_with_negatives(pairs, tmp_path / "work", collection=tmp_path / folder, seed=1, passage_tokens=40)
    assert searched == [tmp_path / "collection", tmp_path / "other" / "collection"]


def test_one_text_alone_has_no_negatives(tmp_path: Path) -> None:
    """Said before anything is encoded."""
    with pytest.raises(TrainingError, match="one text in all pairs"):
        pairs_with_negatives(
            [Pair("a", "b"), Pair("c", "b")], tmp_path / "work", collection=None, seed=1, passage_tokens=40
        )


def test_the_command_mines_trains_and_is_searched_with(tmp_path: Path) -> None:
    """Pairs without negatives in, a folder out that `search --reranker` reads; one line for what is wrong."""
    base = tiny_bert(tmp_path / "base")
    topics = ("river", "stone", "paper", "travel", "budget", "bridge", "garden", "winter")
    rows = [
        {"query": f"what of {topic} {n}?", "positive": f"All about {topic} in the year {1900 + n}.", "title": topic}
        for topic in topics
        for n in range(3)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "made"
    command = ["train", "reranker", "--pairs", str(tmp_path / "pairs.jsonl"), "--out", str(out), "--base", str(base)]
    done = run(*command, "--window", "64", "--evaluate-every", "2", "--json")
    assert done.code == 0, done.err
    first, *later = [value for _, value in json.loads(done.out)["measures"]]
    assert ("nothing was gained" in done.err) == (max(later) <= first)
    told = json.loads(done.out)
    assert (told["kind"], told["out"]) == ("reranker", str(out))
    assert told["pairs"] + told["held_out"] == len(rows)
    assert told["measures"][0][0] == 0
    assert not (tmp_path / "made.training" / "collection").exists()
    again = run(*command)
    assert (again.code, again.out) == (2, "")
    assert "is there, and not empty" in again.err
    wrong = run(*command[:-4], "--out", str(tmp_path / "other"), "--loss", "contrastive")
    assert (wrong.code, "loss is 'contrastive'" in wrong.err) == (2, True)
    kinds = run("train", "ranker", *command[2:])
    assert (kinds.code, "'ranker' can't be trained" in kinds.err) == (2, True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.md").write_text("All about the river.")
    assert run("ingest", str(tmp_path / "folder"), "--collection", str(tmp_path / "c")).code == 0
    found = run("search", "river", "--collection", str(tmp_path / "c"), "--reranker", str(out), "--json")
    assert json.loads(found.out)["plan"]["reranker"] == str(out)


def test_forgetting_removes_what_mining_made(tmp_path: Path) -> None:
    """The mined pairs stay."""
    (tmp_path / "collection").mkdir()
    (tmp_path / "mined-1").mkdir()
    (tmp_path / "corpus.jsonl").touch()
    remove_mining_collection(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mined-1"]


def test_only_known_kinds_are_trained(tmp_path: Path) -> None:
    """Another word is refused before anything is made."""
    with pytest.raises(ConfigError, match="'classifier' can't be trained: give one of reranker, encoder"):
        train("classifier", [Pair("a", "b")], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
