"""A cross-encoder of one's own: an encoder or reranker fine-tuned on pairs, by sentence-transformers' trainer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError, TrainingError
from passagework.retrieval.models.batching import load_model, window_and_positions
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.training.listwise import CERTAIN, listwise_loss
from passagework.retrieval.training.pairs import Pair
from passagework.retrieval.training.prepared_training import TrainerParts, TrainingRecipe, run_training
from passagework.retrieval.training.trainer import use_eager_attention
from passagework.retrieval.training.training_options import Loss, TrainingOptions
from passagework.retrieval.training.training_run import TrainingRun, Watch

POOL = 32
"""Batches that are sorted by length together: little padding, and still another order every epoch."""


def train_reranker(
    pairs: Sequence[Pair],
    out: str | Path,
    *,
    base: str,
    options: TrainingOptions | None = None,
    settings: Settings | None = None,
    command: str = "",
    watch: Watch | None = None,
) -> TrainingRun:
    """Fine-tunes `base` into a cross-encoder with one score a pair, and writes it to the new folder `out`.

    `pairs` have negatives (`mine` finds them). Checkpoints go to `<out>.training`, from where the same call goes on
    after an interruption. The weights are those of the best evaluation, float16 safetensors, with a card and a record
    beside them. Raises TrainingError where nothing can be learned, ConfigError for a wrong option or a folder in use,
    ModelUnavailableError where the base can't be had.
    """
    options = options or TrainingOptions()
    for given, what in (
        (options.token_vectors, "token vectors can be trained"),
        (options.frozen, "layers can be frozen"),
        (options.masked_steps, "tokens can be masked"),
        (not options.batch_negatives, "other queries' texts can be left out"),
        (options.teacher, "a teacher can be named"),
    ):
        if given:
            raise ConfigError(f"{what} for an encoder alone")
    recipe = TrainingRecipe("reranker", _load_base, _rows, _trainer, _scores)
    return run_training(recipe, pairs, Path(out), base, options, settings=settings, command=command, watch=watch)


def _load_base(resolved: ResolvedModel, options: TrainingOptions, settings: Settings) -> Any:
    """Loads the base, of as many layers as asked, with a head of one score, new unless it is a reranker."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoConfig, set_seed

    try:
        config = AutoConfig.from_pretrained(resolved.path, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelUnavailableError(f"{resolved.name} has no configuration that can be read: {error}") from error
    layers = getattr(config, "num_hidden_layers", None)
    if options.layers is not None and (layers is None or options.layers > layers):
        raise TrainingError(f"layers is {options.layers}: {resolved.name} has {layers or 'no layers that it tells of'}")
    set_seed(options.seed)
    overrides: dict[str, object] = {}
    if options.layers is not None:
        overrides["num_hidden_layers"] = options.layers
        if getattr(config, "layer_types", None):
            overrides["layer_types"] = list(config.layer_types[: options.layers])
    choices = {
        "num_labels": 1,
        "max_length": options.window,
        "activation_fn": torch.nn.Identity(),
        "config_kwargs": overrides,
    }
    model = load_model(CrossEncoder, resolved, settings.device, choices)
    model.max_seq_length = window_and_positions(model, resolved)[0]  # no more than the base has positions
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # in one pass over the pairs nothing comes twice; drawing it is a third of a step on a CPU
    use_eager_attention(model)
    return model.float()


def _rows(pairs: Sequence[Pair], options: TrainingOptions) -> list[dict[str, Any]]:
    """Returns what the loss reads: a query with texts and their labels, or (binary) one text and its label."""
    draw = random.Random(options.seed)  # noqa: S311 - not for secrets
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        negatives = draw.sample(pair.negatives, min(options.negatives, len(pair.negatives)))
        texts = [pair.text, *negatives]
        right = draw.randrange(len(texts)) if options.shuffled else 0
        labels = [float(place == right) for place in range(len(texts))]
        if options.loss is Loss.LISTWISE:
            rows.append({"query": pair.query, "texts": texts, "label": [CERTAIN * label for label in labels]})
        else:
            rows += (
                {"query": pair.query, "text": text, "label": label} for text, label in zip(texts, labels, strict=True)
            )
    return rows


def _trainer(model: Any, rows: list[dict[str, Any]], options: TrainingOptions, parts: TrainerParts) -> Any:
    from datasets import Dataset
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    listwise = options.loss is Loss.LISTWISE
    arguments = parts.arguments(CrossEncoderTrainingArguments)
    if listwise:
        arguments.batch_sampler = similar_lengths
    else:  # a row a text
        arguments.per_device_train_batch_size *= 1 + options.negatives
    return CrossEncoderTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        loss=listwise_loss(model) if listwise else BinaryCrossEntropyLoss(model),
        evaluator=parts.evaluator,
        callbacks=parts.callbacks,
    )


def _scores(model: Any, pairs: Sequence[Pair]) -> list[float]:
    inputs = [(pair.query, text) for pair in pairs for text in (pair.text, *pair.negatives)]
    return [float(score) for score in model.predict(inputs, show_progress_bar=False)]


def similar_lengths(dataset: Any, batch_size: int, drop_last: bool, **choices: Any) -> Any:
    """Returns a batch sampler that puts texts of similar length together, in a new random order every epoch."""
    import torch
    from sentence_transformers.base.sampler import DefaultBatchSampler

    lengths = [
        len(query) + max(map(len, texts)) for query, texts in zip(dataset["query"], dataset["texts"], strict=True)
    ]

    class SimilarLengths(DefaultBatchSampler):  # type: ignore[misc]
        def __iter__(self) -> Iterator[list[int]]:
            draw = torch.Generator().manual_seed(self.seed + self.epoch)
            order = torch.randperm(len(lengths), generator=draw).tolist()
            batches: list[list[int]] = []
            for start in range(0, len(order), batch_size * POOL):
                pool = sorted(order[start : start + batch_size * POOL], key=lambda row: lengths[row])
                batches += [pool[at : at + batch_size] for at in range(0, len(pool), batch_size)]
            for place in torch.randperm(len(batches), generator=draw).tolist():
                yield batches[place]

        def __len__(self) -> int:
            whole, remainder = divmod(len(lengths), batch_size * POOL)
            return whole * POOL + -(-remainder // batch_size)

    return SimilarLengths(dataset, batch_size=batch_size, drop_last=drop_last, **choices)
