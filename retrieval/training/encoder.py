"""An encoder of one's own: a bi-encoder fine-tuned on pairs, by sentence-transformers' trainer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.config import Settings
from retrieval.errors import ConfigError
from retrieval.inference import load_model
from retrieval.models import ResolvedModel
from retrieval.training.course import Course, Watch
from retrieval.training.lesson import Lesson, TrainerParts
from retrieval.training.options import TrainingOptions
from retrieval.training.pairs import Pair

ENCODER_OPTIONS = TrainingOptions(batch=32, negatives=2, learning_rate=2e-5, evaluate_every=100)
"""What is done where nothing is said: the other texts of a large batch are negatives too."""


def train_encoder(
    pairs: Sequence[Pair],
    out: str | Path,
    *,
    base: str,
    options: TrainingOptions | None = None,
    settings: Settings | None = None,
    command: str = "",
    watch: Watch | None = None,
) -> Course:
    """Fine-tunes the bi-encoder `base` on pairs with negatives, and writes it to the new folder `out`.

    It learns to bring a query nearer to its positive than to its own negatives and to all texts of the batch's other
    queries (Henderson et al. 2017), so a larger batch is a harder lesson. Loss and layers of the options are a
    reranker's. All else is as for `train_reranker`. Raises the same errors.
    """
    options = options or ENCODER_OPTIONS
    if options.layers is not None:
        raise ConfigError("layers can be chosen for a reranker alone")
    settings = settings or Settings.from_environment()
    lesson = Lesson.prepared("encoder", pairs, out, base, options, settings)
    rows = _rows(lesson.learned, options)

    def trainer(model: Any, parts: TrainerParts) -> Any:
        return _trainer(model, rows, options, parts)

    model = lesson.train(lambda: _loaded(lesson.base, options, settings), trainer, _scores, watch)
    return lesson.finish(model, command)


def _trainer(model: Any, rows: list[dict[str, str]], options: TrainingOptions, parts: TrainerParts) -> Any:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    held = parts.arguments(SentenceTransformerTrainingArguments)
    held.batch_sampler = "no_duplicates"
    held.prompts = _prompts(model, options)
    return SentenceTransformerTrainer(
        model=model,
        args=held,
        train_dataset=Dataset.from_list(rows),
        loss=MultipleNegativesRankingLoss(model),
        evaluator=parts.evaluator,
        callbacks=parts.callbacks,
    )


def _loaded(resolved: ResolvedModel, options: TrainingOptions, settings: Settings) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers import set_seed

    set_seed(options.seed)
    model = load_model(SentenceTransformer, resolved, settings.device).float()
    model.max_seq_length = min(options.window, int(model.max_seq_length or options.window))
    return model


def _rows(pairs: Sequence[Pair], options: TrainingOptions) -> list[dict[str, str]]:
    """A query, its positive and its negatives, as many for each: where there are fewer, some come twice."""
    draw = random.Random(options.seed)  # noqa: S311 - not for secrets
    rows = []
    for pair in pairs:
        negatives = draw.sample(pair.negatives, min(options.negatives, len(pair.negatives)))
        negatives += draw.choices(pair.negatives, k=options.negatives - len(negatives))
        texts = [pair.text, *negatives]
        if options.shuffled:
            draw.shuffle(texts)
        named = {f"negative_{place}": text for place, text in enumerate(texts[1:], start=1)}
        rows.append({"query": pair.query, "positive": texts[0], **named})
    return rows


def _prompts(model: Any, options: TrainingOptions) -> dict[str, str]:
    """What the base wants before queries and before texts, by column."""
    prompts = {name: text for name, text in (model.prompts or {}).items() if text}
    texts = prompts.get("document") or prompts.get("passage") or ""
    columns = {"query": prompts.get("query", ""), "positive": texts}
    columns |= {f"negative_{place}": texts for place in range(1, options.negatives + 1)}
    return {column: text for column, text in columns.items() if text}


def _scores(model: Any, pairs: Sequence[Pair]) -> list[float]:
    queries = model.encode_query([pair.query for pair in pairs], show_progress_bar=False, normalize_embeddings=True)
    texts = [text for pair in pairs for text in (pair.text, *pair.negatives)]
    vectors = model.encode_document(texts, show_progress_bar=False, normalize_embeddings=True)
    owners = np.repeat(np.arange(len(pairs)), [1 + len(pair.negatives) for pair in pairs])
    return [float(score) for score in np.einsum("ij,ij->i", np.asarray(queries)[owners], np.asarray(vectors))]
