"""Adapts an encoder to a collection's language without anybody's questions, and measures whether that helped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from passagework.ingest.maintenance.exchange import snapshot_collection
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.report import Progress
from passagework.ingest.workflows.benchmark_evaluation import evaluate_benchmark, load_benchmark
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, TrainingError
from passagework.retrieval.evaluation import Evaluation
from passagework.retrieval.evaluation.judgments import read_judgments
from passagework.retrieval.extras import require
from passagework.retrieval.folder import JUDGMENTS
from passagework.retrieval.models.identity import locate_encoder, recorded_encoder
from passagework.retrieval.training import (
    ENCODER_OPTIONS,
    Pair,
    TrainingOptions,
    TrainingRun,
    Watch,
    check_output_folder,
    train_encoder,
    training_lock,
    working_folder,
)
from passagework.retrieval.training.adaptation import MEASURE, Adaptation, compared_set
from passagework.retrieval.training.card import RECORD
from passagework.retrieval.training.collection_pairs import collection_pairs, passage_texts
from passagework.retrieval.types import Stage

ADAPTATION = "adaptation.json"
"""The record, beside the weights, of what was measured."""


def adapt(
    collection: str | Path,
    out: str | Path,
    *,
    base: str | None = None,
    judgments: str | Path | None = None,
    general: Sequence[str | Path] = (),
    options: TrainingOptions | None = None,
    settings: Settings | None = None,
    command: str = "",
    ingested: Callable[[Progress], None] | None = None,
    searched: Callable[[int, int], None] | None = None,
    watch: Watch | None = None,
) -> Adaptation:
    """Fine-tunes an encoder on pairs that a collection gives of itself, and tells whether it is better than before.

    `base` is by default the collection's own encoder, with which the adapted one is compared in any case: on
    `judgments` of the collection (default: those in its folder), for which a copy of it is rebuilt, and on each of
    `general`, a folder in BEIR layout that the encoder shall not become worse on. The collection itself stays as it is.
    The model in the new folder `out` comes when all is measured, recommended or not; killed, the same call goes on.
    `options` are by default those of an encoder. Raises as `train` does, EvaluationError where a set can't be
    evaluated.
    """
    settings, options = settings or Settings.from_environment(), options or ENCODER_OPTIONS
    collection, out = Path(collection), Path(out)
    require("train")
    check_output_folder(out)
    judged = _judgments(collection, judgments)
    _check_sets(judged, general)
    with training_lock(out):
        work = working_folder(out)
        trained = work / "model"
        is_trained = trained.exists() and _check_options(trained, options)
        current, pairs, texts = _learned_from(collection, base, options, settings, needed=not is_trained)
        if not is_trained:
            train_encoder(
                pairs,
                trained,
                base=base or current,
                texts=texts,
                options=options,
                settings=settings,
                command=command,
                watch=watch,
            )
        sets = []
        if judged is not None:
            with rebuilt_copy(collection, trained, work / "collection", settings, ingested) as copy:
                runs = [evaluated(judged, each, None, None, searched) for each in (collection, copy)]
            sets.append(compared_set(*runs, own=True))
        for benchmark in map(Path, general):
            runs = [evaluated(benchmark, None, each, ingested, searched) for each in (current, str(trained))]
            sets.append(compared_set(*runs, own=False))
        done = Adaptation(_run_of(trained), tuple(sets))
        (trained / ADAPTATION).write_text(json.dumps(done.to_json(), indent=1) + "\n", encoding="utf-8")
        if out.exists():
            out.rmdir()
        trained.rename(out)
        shutil.rmtree(working_folder(trained), ignore_errors=True)
    return done


def _judgments(collection: Path, named: str | Path | None) -> Path | None:
    """Returns the file of judgments: the one named, else the collection's own where there is one."""
    own = collection / JUDGMENTS
    return Path(named) if named is not None else own if own.exists() else None


def _check_sets(judged: Path | None, general: Sequence[str | Path]) -> None:
    """Raises EvaluationError for what can't be measured on: better now than after the training."""
    if judged is not None:
        read_judgments(judged)
    for benchmark in map(Path, general):
        load_benchmark(benchmark, None, "test")


def _learned_from(
    collection: Path, base: str | None, options: TrainingOptions, settings: Settings, *, needed: bool
) -> tuple[str, list[Pair], list[str]]:
    """Returns the collection's encoder, and where they are needed its pairs, and passages whose tokens are masked."""
    with Collection.open(collection, settings=settings) as opened:
        with opened._reading() as (live, snapshot):
            if base is None and recorded_encoder(snapshot).remote:
                raise ConfigError("the collection's encoder is behind an address: name a base that can be trained")
            current = locate_encoder(snapshot, live.folder.parent)
        if not needed:
            return current, [], []
        texts = passage_texts(opened, options.masked_steps * options.batch, seed=options.seed)
        return current, collection_pairs(opened, seed=options.seed), texts


@contextmanager
def rebuilt_copy(
    collection: Path, encoder: Path, copy: Path, settings: Settings, ingested: Callable[[Progress], None] | None
) -> Iterator[Path]:
    """Gives a copy of a collection, encoded anew, which goes when it was measured."""
    if not copy.exists():  # one that is there was rebuilt in part: it goes on
        snapshot_collection(collection, copy)
    rebuild(copy, encoder=str(encoder), settings=settings, progress=ingested)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def evaluated(
    benchmark: Path,
    collection: Path | None,
    encoder: str | None,
    ingested: Callable[[Progress], None] | None,
    searched: Callable[[int, int], None] | None,
) -> Evaluation:
    """Returns what `adapt` measures: a collection by judgments, or a benchmark's own corpus by an encoder."""
    return evaluate_benchmark(
        benchmark,
        collection=collection,
        encoder=encoder,
        stages=[stage for stage in Stage if stage is not Stage.LEXICAL],
        measures=[MEASURE],
        ingested=ingested,
        searched=searched,
    )


def _check_options(trained: Path, options: TrainingOptions) -> bool:
    """Returns True; raises TrainingError where a model was trained in an earlier call, and otherwise."""
    if json.loads((trained / RECORD).read_text(encoding="utf-8"))["options"] != options.to_json():
        work = trained.parent
        raise TrainingError(f"{work} holds a training with other options: remove it, or name another --out")
    return True


def _run_of(trained: Path) -> TrainingRun:
    """Returns the course of a training, from the record beside its weights: it may have ended in an earlier call."""
    course = json.loads((trained / RECORD).read_text(encoding="utf-8"))["course"]
    course |= {name: [tuple(value) for value in course[name]] for name in ("measures", "losses")}
    return TrainingRun(**course)
