"""An encoder that fills in masked tokens before it learns from pairs, on a tiny random one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

import torch
from sentence_transformers import SentenceTransformer

from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.training import (
    TrainingProgress,
    masked_tokens,
    train_encoder,
    train_reranker,
    working_folder,
)
from passagework.retrieval.training.masked_tokens import KEPT, _with_vocabulary, learn_masked_tokens
from tests.retrieval.test_training import FP32, QUICK, pairs_to_learn
from tests.support.tiny_encoders import tiny_encoder, tiny_sentencepiece

pytestmark = pytest.mark.slow

OPTIONS = replace(QUICK, masked_steps=12, evaluate_every=4, learning_rate=5e-3)
DRAW = random.Random(4)
TEXTS = [f"river stone paper budget {DRAW.choice(('approve', 'travel'))} river stone" for _ in range(40)]
"""Words that always stand in one order, so that one that is masked can be told."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder."""
    return tiny_encoder(tmp_path_factory.mktemp("masked") / "base")


def loaded(folder: Path) -> Any:
    """A model as sentence-transformers loads it."""
    return SentenceTransformer(str(folder), device="cpu").float()


def weights_of(model: Any) -> dict[str, torch.Tensor]:
    """A copy of a transformer's weights."""
    return {name: weight.detach().clone() for name, weight in model.transformers_model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether weights are equal."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_masked_tokens_are_learned(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transformer's weights move towards what stands in the texts; they are kept for these texts and options."""
    model, made = loaded(start), list[Any]()
    before = weights_of(model)
    build = masked_tokens._trainer

    def noting(*arguments: Any) -> Any:
        trainer = build(*arguments)
        trainer.args.logging_steps = 4
        made.append(trainer)
        return trainer

    monkeypatch.setattr(masked_tokens, "_trainer", noting)
    told: list[TrainingProgress] = []
    learn_masked_tokens(model, "tiny", TEXTS, OPTIONS, tmp_path, told.append)
    history = [entry["loss"] for entry in made[0].state.log_history if "loss" in entry]
    assert history[-1] < history[0]
    assert [(one.step, one.steps) for one in told] == [(step, 12) for step in range(1, 13)]
    learned = weights_of(model)
    assert not same(before, learned)
    assert [one.name for one in tmp_path.iterdir()] == [KEPT]

    monkeypatch.setattr(masked_tokens, "_trainer", None)
    again = loaded(start)
    learn_masked_tokens(again, "tiny", TEXTS, OPTIONS, tmp_path, None)
    assert same(weights_of(again), learned)
    with pytest.raises(TypeError):  # other texts are learned anew
        learn_masked_tokens(again, "tiny", TEXTS[:1], OPTIONS, tmp_path, None)


def test_a_kill_costs_no_step_before_the_last_checkpoint(start: Path, tmp_path: Path) -> None:
    """The weights in the end are those of a run that nobody ended."""
    whole, ended = loaded(start), loaded(start)
    learn_masked_tokens(whole, "tiny", TEXTS, OPTIONS, tmp_path / "whole", None)

    def kill(progress: TrainingProgress) -> None:
        if progress.step == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn_masked_tokens(ended, "tiny", TEXTS, OPTIONS, tmp_path / "ended", kill)
    told: list[int] = []
    again = loaded(start)
    learn_masked_tokens(again, "tiny", TEXTS, OPTIONS, tmp_path / "ended", lambda one: told.append(one.step))
    assert told[0] == 5
    assert same(weights_of(again), weights_of(whole))


def test_every_text_is_read_before_one_is_read_again() -> None:
    """Drawn by the seed alone."""
    few = masked_tokens._drawn([*"abc", "a"], replace(OPTIONS, masked_steps=1, batch=7))
    assert sorted(few[:3]) == sorted(few[3:6]) == [*"abc"]
    assert len(few) == 7
    assert few == masked_tokens._drawn([*"cba"], replace(OPTIONS, masked_steps=1, batch=7))
    with pytest.raises(TrainingError, match="no texts"):
        masked_tokens._drawn([], OPTIONS)


def test_what_is_masked(start: Path) -> None:
    """About 15 in 100 tokens, never a special one; of those most are masks, some others, some themselves."""
    tokenizer = loaded(start).tokenizer
    rows = masked_tokens._masked(tokenizer, ["river stone paper budget " * 12] * 200, OPTIONS)
    whole = tokenizer("river stone paper budget " * 12)["input_ids"]
    asked = [
        (read, label)
        for row in rows
        for read, label, token in zip(row["input_ids"], row["labels"], whole, strict=True)
        if label != -100 and label == token
    ]
    assert sum(label != -100 for row in rows for label in row["labels"]) == len(asked)
    assert not {label for _, label in asked} & set(tokenizer.all_special_ids)
    assert 0.13 < len(asked) / (200 * 48) < 0.17
    assert 0.77 < sum(read == tokenizer.mask_token_id for read, _ in asked) / len(asked) < 0.83
    assert 0.08 < sum(read == label for read, label in asked) / len(asked) < 0.14
    assert rows == masked_tokens._masked(tokenizer, ["river stone paper budget " * 12] * 200, OPTIONS)


def test_scores_are_products_with_the_encoders_own_embeddings(start: Path) -> None:
    """So that what is learned of a word stays with it."""
    inner = loaded(start).transformers_model
    whole = _with_vocabulary(inner, "tiny")
    assert whole.get_output_embeddings().weight is inner.get_input_embeddings().weight


def test_an_encoder_is_trained_behind_it(start: Path, tmp_path: Path) -> None:
    """The record says so, and nothing is left of what led to it."""
    options = replace(QUICK, masked_steps=2)
    train_encoder(pairs_to_learn(20), tmp_path / "made", base=str(start), options=options, settings=FP32)
    assert json.loads((tmp_path / "made" / "training.json").read_text())["options"]["masked_steps"] == 2
    assert not (working_folder(tmp_path / "made") / KEPT).exists()


def test_what_has_no_mask_is_refused(start: Path, tmp_path: Path) -> None:
    """A tokenizer that knows no mask, a reranker, and a number of steps that is none."""
    options = replace(QUICK, masked_steps=4)
    unmasked = str(tiny_sentencepiece(tmp_path / "unmasked"))
    with pytest.raises(TrainingError, match="can't learn masked tokens"):
        train_encoder(pairs_to_learn(30), tmp_path / "made", base=unmasked, options=options, settings=FP32)
    with pytest.raises(ConfigError, match="tokens can be masked for an encoder alone"):
        train_reranker(pairs_to_learn(30), tmp_path / "made", base=str(start), options=options, settings=FP32)
    with pytest.raises(ConfigError, match="masked_steps is -1"):
        replace(QUICK, masked_steps=-1)
