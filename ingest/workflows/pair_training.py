"""Trains a model on pairs as they are: negatives are mined where they are missing, then a model learns from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from passagework.ingest.report import Progress
from passagework.ingest.workflows.pair_mining import pairs_with_negatives, remove_mining_collection
from passagework.retrieval import ConfigError
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.extras import require
from passagework.retrieval.models.facts import ModelKind
from passagework.retrieval.training import (
    ENCODER_OPTIONS,
    Mined,
    Pair,
    TrainingOptions,
    TrainingRun,
    Watch,
    check_output_folder,
    train_encoder,
    train_reranker,
    training_lock,
    working_folder,
)

MINED_TOKENS = 128
"""Tokens of a passage that negatives are mined among: twice as fast to train on as those of 200."""


def train(
    kind: ModelKind | str,
    pairs: Sequence[Pair],
    out: str | Path,
    *,
    base: str = DEFAULT_ENCODER,
    collection: str | Path | None = None,
    passage_tokens: int = MINED_TOKENS,
    options: TrainingOptions | None = None,
    settings: Settings | None = None,
    command: str = "",
    mined: Callable[[Mined], None] | None = None,
    ingested: Callable[[Progress], None] | None = None,
    searched: Callable[[int, int], None] | None = None,
    watch: Watch | None = None,
) -> TrainingRun:
    """Returns fine-tunes `base` into a reranker or an encoder in the new folder `out`, and mines negatives for it.

    Negatives of the pairs that have none come from `collection`, else from one made of all positives, in passages of
    `passage_tokens` tokens. `options` are by default those of the kind. What is mined, and checkpoints, stand in
    `<out>.training`: the same call goes on from there after an interruption. `command` goes into the model's card.
    `mined` is told how the mining went; `ingested`, `searched` (pairs done and in all) and `watch` how far it is.
    Raises ConfigError for a wrong kind, option or folder, or where the extra `train` is not installed, TrainingError
    where nothing can be learned or the disk refuses, ModelUnavailableError where the base can't be had.
    """
    kind, out = checked_kind(kind), Path(out)
    options = options or (TrainingOptions() if kind is ModelKind.RERANKER else ENCODER_OPTIONS)
    require("train")
    check_output_folder(out)
    work = working_folder(out)
    with training_lock(out):
        training_pairs, counts = pairs_with_negatives(
            pairs,
            work,
            collection=None if collection is None else Path(collection),
            seed=options.seed,
            passage_tokens=passage_tokens,
            ingested=ingested,
            searched=searched,
        )
        if mined is not None and counts.queries:
            mined(counts)
        begin = train_reranker if kind is ModelKind.RERANKER else train_encoder
        run = begin(training_pairs, out, base=base, options=options, settings=settings, command=command, watch=watch)
        remove_mining_collection(work)
    return run


def checked_kind(kind: ModelKind | str) -> ModelKind:
    """Returns the kind named; raises ConfigError for an unknown one."""
    try:
        return ModelKind(kind)
    except ValueError as error:
        raise ConfigError(
            f"{kind!r} can't be trained: give one of {', '.join(model_kind.value for model_kind in ModelKind)}"
        ) from error
