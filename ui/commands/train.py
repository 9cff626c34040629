"""The command `train`: pairs in, a reranker or an encoder out."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from typing import Any

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import options as opt
from passagework.ui.commands.outcome import answer, complain

KINDS = ("reranker", "encoder")


def train(
    kind: opt.KindArgument,
    pairs: opt.PairsOption,
    out: opt.ModelOutOption,
    base: opt.BaseOption = None,
    collection: opt.MiningCollectionOption = None,
    loss: opt.LossOption = "listwise",
    layers: opt.LayersOption = None,
    negatives: opt.NegativesOption = None,
    batch: opt.BatchOption = None,
    epochs: opt.EpochsOption = 1.0,
    learning_rate: opt.LearningRateOption = None,
    window: opt.TrainingWindowOption = 256,
    passage_tokens: opt.MinedTokensOption = 128,
    limit: opt.LimitPairsOption = None,
    evaluate_every: opt.EvaluateEveryOption = None,
    token_vectors: opt.TrainedTokensOption = False,
    seed: opt.SeedOption = 13,
    shuffled: opt.ShuffledOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Fine-tune a reranker (`search --reranker OUT`) or an encoder (`ingest --encoder OUT`) on one's own pairs."""
    if kind not in KINDS:
        raise ConfigError(f"{kind!r} can't be trained: give one of {', '.join(KINDS)}")

    from passagework.retrieval.config import DEFAULT_ENCODER
    from passagework.retrieval.extras import require
    from passagework.retrieval.training import (
        ENCODER_OPTIONS,
        Loss,
        TrainingOptions,
        check_out,
        one_training,
        read_pairs,
        train_encoder,
        train_reranker,
        working_folder,
    )
    from passagework.ui.commands.progress import progress_bar, query_bar, training_bar
    from passagework.ui.commands.training_pairs import forget_mining, pairs_with_negatives
    from passagework.ui.present import show_training

    if loss not in {one.value for one in Loss}:
        raise ConfigError(f"loss is {loss!r}: give one of {', '.join(one.value for one in Loss)}")
    asked: dict[str, Any] = {
        "negatives": negatives,
        "batch": batch,
        "learning_rate": learning_rate,
        "evaluate_every": evaluate_every,
    }
    options = replace(
        TrainingOptions() if kind == "reranker" else ENCODER_OPTIONS,
        loss=Loss(loss),
        layers=layers,
        epochs=epochs,
        window=window,
        limit=limit,
        token_vectors=token_vectors,
        seed=seed,
        shuffled=shuffled,
        **{name: value for name, value in asked.items() if value is not None},
    )
    require("train")
    check_out(out)
    read = read_pairs(pairs)
    work = working_folder(out)
    with one_training(out):
        found, counts = pairs_with_negatives(
            read,
            work,
            collection=collection,
            seed=seed,
            passage_tokens=passage_tokens,
            ingesting=progress_bar,
            searching=query_bar,
        )
        if counts.queries and not as_json:
            complain(counts.describe())
        begin = train_reranker if kind == "reranker" else train_encoder
        command = shlex.join(["passagework", *sys.argv[1:]])
        with training_bar() as watch:
            course = begin(found, out, base=base or DEFAULT_ENCODER, options=options, command=command, watch=watch)
        forget_mining(work)
    if not course.improved:
        complain("no evaluation was better than the one before training: nothing was gained")
    told = {"kind": kind, "out": str(out), "options": options.to_json(), **course.to_json()}
    answer(told, as_json, lambda console: show_training(console, kind, out, course))
