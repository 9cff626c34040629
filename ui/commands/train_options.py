"""Defines the options of `train` that no other command takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

KindArgument = Annotated[str, typer.Argument(help="reranker, encoder, classifier or adapt.", metavar="KIND")]
PairsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--pairs", help="Pairs to learn from (JSONL): query, positive, and more; may be repeated.", metavar="FILE"
    ),
]
ModelOutOption = Annotated[Path, typer.Option("--out", "--output", help="New folder for the model.", metavar="DIR")]
BaseOption = Annotated[
    str | None, typer.Option("--base", help="Model to begin with (default: the default encoder).", metavar="M")
]
MiningCollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        help="Collection to mine negatives in (default: one of the pairs' texts), with the labels, or to adapt to.",
        metavar="DIR",
    ),
]
LossOption = Annotated[str, typer.Option("--loss", help="What it learns from.", metavar="listwise|binary")]
LayersOption = Annotated[
    int | None, typer.Option("--layers", help="Layers of the base that are kept (default: all).", metavar="N")
]
NegativesOption = Annotated[
    int | None, typer.Option("--negatives", help="Negatives a query (default: 5; of an encoder 2).", metavar="N")
]
BatchOption = Annotated[
    int | None, typer.Option("--batch", help="Queries a step (default: 8; of an encoder 32).", metavar="N")
]
EpochsOption = Annotated[float, typer.Option("--epochs", help="Times that all pairs are seen.", metavar="X")]
LearningRateOption = Annotated[
    float | None,
    typer.Option("--learning-rate", help="At its highest (default: 5e-5; of an encoder 2e-5).", metavar="X"),
]
TrainingWindowOption = Annotated[int, typer.Option("--window", help="Tokens that it reads at once.", metavar="N")]
MinedTokensOption = Annotated[
    int, typer.Option("--passage-tokens", help="Most tokens of a passage, where the texts are cut.", metavar="N")
]
LimitPairsOption = Annotated[int | None, typer.Option("--limit", help="Most pairs to learn from.", metavar="N")]
EvaluateEveryOption = Annotated[
    int | None,
    typer.Option(
        "--evaluate-every",
        help="Steps between evaluations on held-out pairs (default: 250; of an encoder 100).",
        metavar="N",
    ),
]
WarmupOption = Annotated[
    float | None,
    typer.Option("--warmup", help="Share of the steps in which the learning rate rises (default: 0.1).", metavar="X"),
]
FrozenOption = Annotated[
    int | None,
    typer.Option(
        "--frozen", help="Of an encoder: first layers that stay as they are (default: 0, all learn).", metavar="N"
    ),
]
MaskedStepsOption = Annotated[
    int | None,
    typer.Option(
        "--masked-steps",
        help="Of an encoder, and of adapt: steps in which it first fills in masked tokens of the texts, or of all "
        "passages (default: 0).",
        metavar="N",
    ),
]
TeacherOption = Annotated[
    str | None,
    typer.Option(
        "--teacher",
        help="Of an encoder: larger encoder or cross-encoder whose order of each query's texts it learns.",
        metavar="M",
    ),
]
JudgmentsOption = Annotated[
    Path | None,
    typer.Option(
        "--judgments", help="Of adapt: judgments to measure it on (default: the collection's own).", metavar="FILE"
    ),
]
GeneralOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--general",
        help="Of adapt: BEIR folder that it must not become worse on; may be repeated.",
        metavar="BEIR_DIR",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of everything that is drawn at random.", metavar="N")]
TrainedTokensOption = Annotated[
    bool, typer.Option("--token-vectors", help="Of an encoder: token vectors learn too, as reranking compares them.")
]
ShuffledOption = Annotated[
    bool, typer.Option("--shuffled", help="Learn from shuffled labels: a control, which must do badly.")
]
