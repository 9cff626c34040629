"""Defines the command `train`: pairs in, a reranker or an encoder out; of labels a classifier."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passagework.retrieval.errors import ConfigError
from passagework.ui.commands import adapted_training, labels as labelling, options as opt, train_options as training
from passagework.ui.commands.output import print_message, print_result

if TYPE_CHECKING:
    from passagework.retrieval.training import Pair, TrainingOptions

ADAPT = "adapt"
"""The kind that learns from a collection alone."""


def train(
    kind: training.KindArgument,
    out: training.ModelOutOption,
    pairs: training.PairsOption = None,
    labels: labelling.LabelsOption = None,
    of: labelling.LabelsOfOption = "documents",
    base: training.BaseOption = None,
    collection: training.MiningCollectionOption = None,
    judgments: training.JudgmentsOption = None,
    general: training.GeneralOption = None,
    loss: training.LossOption = "listwise",
    layers: training.LayersOption = None,
    frozen: training.FrozenOption = None,
    masked_steps: training.MaskedStepsOption = None,
    teacher: training.TeacherOption = None,
    negatives: training.NegativesOption = None,
    batch: training.BatchOption = None,
    epochs: training.EpochsOption = 1.0,
    learning_rate: training.LearningRateOption = None,
    warmup: training.WarmupOption = None,
    window: training.TrainingWindowOption = 256,
    passage_tokens: training.MinedTokensOption = 128,
    limit: training.LimitPairsOption = None,
    evaluate_every: training.EvaluateEveryOption = None,
    token_vectors: training.TrainedTokensOption = False,
    seed: training.SeedOption = 13,
    shuffled: training.ShuffledOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Train a reranker (`search --reranker OUT`) or an encoder (`ingest --encoder OUT`) on pairs, or a classifier.

    A classifier (`classify --model OUT`) learns from --labels, a linear head on the vectors of an encoder as it is.
    `train encoder --labels` brings texts of one label together; a classifier learns from them then with --base OUT.
    `train adapt` makes an encoder of pairs that --collection gives of itself, and tells whether to use it.
    """
    if kind == "classifier":
        labelling.train_classifier(labels, collection, base, out, of, as_json)
        return
    changed: dict[str, Any] = {
        "layers": layers,
        "frozen": frozen,
        "masked_steps": masked_steps,
        "teacher": teacher,
        "negatives": negatives,
        "batch": batch,
        "learning_rate": learning_rate,
        "warmup": warmup,
        "evaluate_every": evaluate_every,
        "limit": limit,
        "epochs": epochs,
        "window": window,
        "token_vectors": token_vectors,
        "seed": seed,
        "shuffled": shuffled,
    }
    if labels is not None:
        if kind != "encoder" or pairs:
            raise ConfigError("--labels are of a classifier, or of an encoder without --pairs")
        changed["batch_negatives"] = False
    options = _options(kind, loss, {name: value for name, value in changed.items() if value is not None})
    command = shlex.join(["passagework", *sys.argv[1:]])
    if kind == ADAPT:
        adapted_training.train_adapted(collection, out, base, judgments, general or [], options, command, as_json)
    else:
        _train_on_pairs(kind, out, pairs, labels, base, collection, passage_tokens, options, command, as_json)


def _options(kind: str, loss: str, changed: dict[str, Any]) -> TrainingOptions:
    from passagework.retrieval.training import ENCODER_OPTIONS, Loss, TrainingOptions

    if loss not in {choice.value for choice in Loss}:
        raise ConfigError(f"loss is {loss!r}: give one of {', '.join(choice.value for choice in Loss)}")
    return replace(TrainingOptions() if kind == "reranker" else ENCODER_OPTIONS, loss=Loss(loss), **changed)


def _train_on_pairs(
    kind: str,
    out: Path,
    pairs: list[Path] | None,
    labels: str | None,
    base: str | None,
    collection: Path | None,
    passage_tokens: int,
    options: TrainingOptions,
    command: str,
    as_json: bool,
) -> None:
    from passagework.ingest import train as begin
    from passagework.ingest.workflows.pair_training import checked_kind
    from passagework.retrieval.config import DEFAULT_ENCODER
    from passagework.retrieval.extras import require
    from passagework.retrieval.training import Mined, check_output_folder, read_pairs
    from passagework.ui.commands.progress import SuccessiveBars, progress_bar, query_bar, training_bar
    from passagework.ui.present import show_training

    named = checked_kind(kind)
    if not pairs and labels is None:
        raise ConfigError(f"a {named.value} learns from --pairs: give a file")
    require("train")
    check_output_folder(out)
    read = read_pairs(pairs or []) if labels is None else _pairs_of_labels(labels, base, options.seed)
    with SuccessiveBars() as bars:

        def tell(mined: Mined) -> None:
            bars.clear()
            if not as_json:
                print_message(mined.describe())

        run = begin(
            named,
            read,
            out,
            base=base or DEFAULT_ENCODER,
            collection=collection,
            passage_tokens=passage_tokens,
            options=options,
            command=command,
            mined=tell,
            ingested=bars.callback(progress_bar),
            searched=bars.callback(query_bar),
            watch=bars.callback(training_bar),
        )
    if not run.improved:
        print_message("no evaluation was better than the one before training: nothing was gained")
    out_fields = {"kind": kind, "out": str(out), "options": options.to_json(), **run.to_json()}
    print_result(out_fields, as_json, lambda console: show_training(console, kind, out, run))


def _pairs_of_labels(file: str, base: str | None, seed: int) -> list[Pair]:
    """Returns pairs of labelled texts, with negatives that the base finds near."""
    from passagework.retrieval.config import Settings
    from passagework.retrieval.labels.label_files import read_labels
    from passagework.retrieval.models.encoder_loading import load_encoder
    from passagework.retrieval.models.encoder_options import EncoderOptions
    from passagework.retrieval.training.label_pairs import label_pairs

    examples = read_labels(file)
    return label_pairs(examples, load_encoder(base, EncoderOptions(), Settings.from_environment()), seed=seed)
