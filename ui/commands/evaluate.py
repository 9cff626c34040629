"""The commands `evaluate` and `compare`: a benchmark in, figures, runs and reports out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from passagework.retrieval.errors import ConfigError, EvaluationError
from passagework.retrieval.files import write_atomically
from passagework.ui.commands import options as opt
from passagework.ui.commands.outcome import FAILED, answer, complain

if TYPE_CHECKING:
    from passagework.retrieval import Collection
    from passagework.retrieval.evaluation import Benchmark, Evaluation
    from passagework.retrieval.evaluation.judged import Judged
    from passagework.ui.commands.benchmark_collection import Building


def evaluate(
    benchmark: opt.BenchmarkArgument,
    collection: opt.MaybeCollectionOption = None,
    qrels: opt.QrelsOption = None,
    stages: opt.StagesOption = "dense,lexical,hybrid,rerank",
    measures: opt.MeasuresOption = None,
    split: opt.SplitOption = "test",
    limit_queries: opt.LimitOption = None,
    candidates: opt.CandidatesOption = None,
    fusion: opt.FusionOption = "convex",
    reranker: opt.RerankerOption = None,
    whole: opt.WholeOption = False,
    encoder: opt.EncoderOption = None,
    window: opt.WindowOption = None,
    passage_tokens: opt.PassageTokensOption = None,
    overlap: opt.OverlapOption = None,
    runs: opt.RunsOption = None,
    report: opt.ReportOption = None,
    gate: opt.GateOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Measure quality and latency, stage by stage, on a benchmark or on one's own judgments."""
    from passagework.retrieval.config import CANDIDATES
    from passagework.retrieval.evaluation import DEFAULT_MEASURES, load_gate
    from passagework.retrieval.evaluation import evaluate as measure
    from passagework.retrieval.evaluation.evaluator import check_stages
    from passagework.retrieval.evaluation.measures import check_measures
    from passagework.retrieval.types import Fusion
    from passagework.ui.commands.benchmark_collection import Building
    from passagework.ui.commands.progress import query_bar
    from passagework.ui.present import show_evaluation

    if limit_queries is not None and limit_queries < 1:
        raise ConfigError(f"limit-queries is {limit_queries}: give at least 1")
    if fusion not in {one.value for one in Fusion}:
        raise ConfigError(f"fusion is {fusion!r}: give one of {', '.join(one.value for one in Fusion)}")
    asked = check_measures([one.strip() for one in measures.split(",")] if measures else DEFAULT_MEASURES)
    bars = None if gate is None else load_gate(gate)
    names = check_stages([one.strip() for one in stages.split(",") if one.strip()])
    for written in (collection, runs, report):
        _refuse_inside(written, benchmark)
    building = Building(encoder, window, passage_tokens, overlap, whole)
    with _judged(benchmark, qrels, split, limit_queries, collection, building, reranker) as (opened, judged, notes):
        with query_bar() as progress:
            found = measure(
                opened,
                judged,
                stages=names,
                measures=(*asked, *(bars.measures if bars else ())),
                candidates=CANDIDATES if candidates is None else candidates,
                fusion=fusion,
                runs=runs,
                notes=notes,
                progress=progress,
            )
        page = None if report is None else _report(opened, found, judged)
    missed = bars.missed(found) if bars else []
    out = found.to_json()
    if bars:
        out["gate"] = {"passed": not missed, "missed": list(missed)}
    held = len(bars.thresholds) if bars and not missed else 0
    answer(out, as_json, lambda console: show_evaluation(console, found, held=held))
    if report is not None and page is not None:  # what was measured is told first, whatever the disk says
        _write(report, page)
    for line in missed:
        complain(f"gate: {line}")
    if missed:
        raise typer.Exit(FAILED)


def compare(
    benchmark: opt.ComparedArgument,
    a: opt.RunArgument,
    b: opt.RunArgument,
    collection: opt.JudgedCollectionOption = None,
    qrels: opt.QrelsOption = None,
    measures: opt.MeasuresOption = None,
    split: opt.SplitOption = "test",
    report: opt.ReportOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Compare two TREC runs on a benchmark or on one's own judgments: differences, chance, and what moved."""
    from passagework.retrieval.evaluation import compare as set_against
    from passagework.retrieval.evaluation import read_run
    from passagework.retrieval.evaluation.benchmark import corpus_texts
    from passagework.ui.present import show_comparison

    _refuse_inside(report, benchmark)
    judged = _benchmark(benchmark, qrels, split) if collection is None else _own(benchmark, qrels, collection)
    names = (a.stem, b.stem) if a.stem != b.stem else (str(a), str(b))
    chosen = [one.strip() for one in measures.split(",")] if measures else ()
    found = set_against(judged, read_run(a), read_run(b), names=names, measures=chosen)
    answer(found.to_json(), as_json, lambda console: show_comparison(console, found))
    if report is not None:
        from passagework.retrieval.evaluation.report import render_comparison

        corpus = benchmark / "corpus.jsonl"
        wanted = {move.document for one in found.queries for move in one.moves}
        titles = {one: title for one, (title, _) in corpus_texts(corpus, wanted).items()} if corpus.is_file() else {}
        _write(report, render_comparison(found, titles))


def _refuse_inside(path: Path | None, benchmark: Path) -> None:
    """Nothing is ever written into a benchmark's folder, or over the file that is read."""
    if path is not None and path.resolve().is_relative_to(benchmark.resolve()):
        raise ConfigError(f"{path} is, or lies in, {benchmark}, which is only read: name another place")


@contextmanager
def _judged(
    path: Path,
    qrels: Path | None,
    split: str,
    limit: int | None,
    collection: Path | None,
    building: Building,
    reranker: str | None,
) -> Iterator[tuple[Collection, Judged, list[str]]]:
    """The collection to search, what is judged, and notes on what does not fit together."""
    from passagework.retrieval import Collection
    from passagework.retrieval.evaluation import scan_corpus
    from passagework.retrieval.evaluation.judged import JudgedDocuments
    from passagework.retrieval.evaluation.judged_places import JudgedPlaces
    from passagework.retrieval.evaluation.judgments import read_judgments
    from passagework.ui.commands.benchmark_collection import benchmark_collection
    from passagework.ui.commands.progress import progress_bar

    if path.is_dir():
        benchmark = _benchmark(path, qrels, split)
        corpus = scan_corpus(path / "corpus.jsonl")
        with ExitStack() as stack:
            with progress_bar() as progress:
                made = benchmark_collection(corpus, collection, building, reranker=reranker, progress=progress)
                opened = stack.enter_context(made)
            yield opened, JudgedDocuments(benchmark.limited(limit)), _notes(opened, benchmark)
        return
    if not path.exists():
        raise EvaluationError(f"{path} does not exist")
    if collection is None:
        raise ConfigError("name the collection that was judged with --collection")
    if building.asked:
        raise ConfigError("a collection of one's own is evaluated as it is: leave out how it should be made")
    with Collection.open(collection, reranker=reranker) as opened:
        if qrels is not None:
            benchmark = _benchmark(path, qrels, split)
            yield opened, JudgedDocuments(benchmark.limited(limit)), _notes(opened, benchmark)
        else:
            places = JudgedPlaces(opened, read_judgments(path), name=path.stem, limit=limit)
            yield opened, places, [f"drifted: {line}" for line in places.drifted]


def _notes(collection: Collection, benchmark: Benchmark) -> list[str]:
    """What was left out, and how many relevant documents no search can find."""
    from passagework.retrieval.text import counted

    relevant = {one for grades in benchmark.qrels.values() for one, grade in grades.items() if grade > 0}
    lost = len(relevant) - len(collection.documents_named(relevant))
    return [*benchmark.notes, *([f"{counted(lost, 'relevant document')} not in the collection"] if lost else [])]


def _benchmark(path: Path, qrels: Path | None, split: str) -> Benchmark:
    from passagework.retrieval.evaluation import load_beir, load_trec

    if not path.exists():
        raise EvaluationError(f"{path} does not exist")
    if path.is_dir():
        if qrels is not None:
            raise ConfigError("--qrels goes with a file of TREC topics; a BEIR folder has its own, see --split")
        return load_beir(path, split=split)
    if qrels is None:
        raise ConfigError(
            "give a folder in BEIR layout, a file of TREC topics with --qrels, or one's own judgments with --collection"
        )
    return load_trec(path, qrels)


def _own(path: Path, qrels: Path | None, collection: Path) -> Benchmark:
    """What was judged of a collection, named as the runs that `evaluate` wrote name it."""
    from passagework.retrieval import Collection
    from passagework.retrieval.evaluation.judged_places import JudgedPlaces
    from passagework.retrieval.evaluation.judgments import read_judgments

    if path.is_dir() or qrels is not None:
        raise ConfigError("--collection goes with a file of one's own judgments, such as judgments.jsonl")
    with Collection.open(collection) as opened:
        return JudgedPlaces(opened, read_judgments(path), name=path.stem).benchmark()


def _report(collection: Collection, evaluation: Evaluation, judged: Judged) -> str:
    from passagework.retrieval.evaluation.report import answers_for, render_evaluation, worst_queries

    answers = answers_for(collection, evaluation, judged, worst_queries(evaluation))
    return render_evaluation(evaluation, answers)


def _write(path: Path, page: str) -> None:
    """Whole or not at all: an earlier report stays where this one can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, page.encode())
    except OSError as error:
        raise EvaluationError(f"the report can't be written to {path}: {error.strerror or error}") from error
