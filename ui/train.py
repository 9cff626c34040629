"""The command `train`: pairs in, a reranker or an encoder out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from retrieval.errors import ConfigError
from ui import options as opt
from ui.outcome import answer, complain

if TYPE_CHECKING:
    from retrieval.training import TrainingOptions

app = typer.Typer(no_args_is_help=True, help="Fine-tune a reranker or an encoder on one's own pairs.")


@app.command()
def reranker(
    pairs: opt.PairsOption,
    out: opt.ModelOutOption,
    base: opt.BaseOption = None,
    collection: opt.MiningCollectionOption = None,
    loss: opt.LossOption = "listwise",
    layers: opt.LayersOption = None,
    negatives: opt.NegativesOption = 5,
    batch: opt.BatchOption = 8,
    epochs: opt.EpochsOption = 1.0,
    learning_rate: opt.LearningRateOption = 5e-5,
    window: opt.TrainingWindowOption = 256,
    passage_tokens: opt.MinedTokensOption = 128,
    limit: opt.LimitPairsOption = None,
    evaluate_every: opt.EvaluateEveryOption = 250,
    seed: opt.SeedOption = 13,
    shuffled: opt.ShuffledOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Train a cross-encoder that scores (query, passage) pairs; `search --reranker OUT` uses it."""
    from retrieval.training import Loss, TrainingOptions

    if loss not in {one.value for one in Loss}:
        raise ConfigError(f"loss is {loss!r}: give one of {', '.join(one.value for one in Loss)}")
    options = TrainingOptions(
        loss=Loss(loss),
        layers=layers,
        negatives=negatives,
        batch=batch,
        epochs=epochs,
        learning_rate=learning_rate,
        window=window,
        limit=limit,
        evaluate_every=evaluate_every,
        seed=seed,
        shuffled=shuffled,
    )
    _train("reranker", pairs, out, base, collection, passage_tokens, options, as_json)


@app.command()
def encoder(
    pairs: opt.PairsOption,
    out: opt.ModelOutOption,
    base: opt.BaseOption = None,
    collection: opt.MiningCollectionOption = None,
    negatives: opt.NegativesOption = 2,
    batch: opt.BatchOption = 32,
    epochs: opt.EpochsOption = 1.0,
    learning_rate: opt.LearningRateOption = 2e-5,
    window: opt.TrainingWindowOption = 256,
    passage_tokens: opt.MinedTokensOption = 128,
    limit: opt.LimitPairsOption = None,
    evaluate_every: opt.EvaluateEveryOption = 100,
    seed: opt.SeedOption = 13,
    shuffled: opt.ShuffledOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Train a bi-encoder, from whose vectors a collection is made; `ingest --encoder OUT` uses it."""
    from retrieval.training import TrainingOptions

    options = TrainingOptions(
        negatives=negatives,
        batch=batch,
        epochs=epochs,
        learning_rate=learning_rate,
        window=window,
        limit=limit,
        evaluate_every=evaluate_every,
        seed=seed,
        shuffled=shuffled,
    )
    _train("encoder", pairs, out, base, collection, passage_tokens, options, as_json)


def _train(
    kind: str,
    paths: list[Path],
    out: Path,
    base: str | None,
    collection: Path | None,
    passage_tokens: int,
    options: TrainingOptions,
    as_json: bool,
) -> None:
    from retrieval.config import DEFAULT_ENCODER
    from retrieval.training import check_out, needs_extra, read_pairs, train_encoder, train_reranker, working_folder
    from ui.present import show_training
    from ui.progress import progress_bar, query_bar, training_bar
    from ui.training_pairs import forget_mining, pairs_with_negatives

    needs_extra()
    check_out(out)
    read = read_pairs(paths)
    work = working_folder(out)
    pairs, counts = pairs_with_negatives(
        read,
        work,
        collection=collection,
        seed=options.seed,
        passage_tokens=passage_tokens,
        ingesting=progress_bar,
        searching=query_bar,
    )
    if counts.queries and not as_json:
        complain(counts.describe())
    train = train_reranker if kind == "reranker" else train_encoder
    command = shlex.join(["passagework", *sys.argv[1:]])
    with training_bar() as watch:
        course = train(pairs, out, base=base or DEFAULT_ENCODER, options=options, command=command, watch=watch)
    forget_mining(work)
    found = {"kind": kind, "out": str(out), "options": options.to_json(), **course.to_json()}
    answer(found, as_json, lambda console: show_training(console, kind, out, course))
