"""Defines the commands `evaluate` and `compare`: a benchmark in, figures, runs and reports out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from passagework.retrieval.config import default_collection
from passagework.retrieval.errors import ConfigError, EvaluationError
from passagework.retrieval.files import write_atomically
from passagework.ui.commands import model_options as model_opt, options as opt, search_options as find
from passagework.ui.commands.output import FAILED, print_message, print_result

if TYPE_CHECKING:
    from passagework.retrieval.evaluation import Benchmark


def evaluate(
    benchmark: opt.BenchmarkArgument,
    collection: opt.MaybeCollectionOption = None,
    qrels: opt.QrelsOption = None,
    stages: opt.StagesOption = "dense,lexical,hybrid,rerank",
    measures: opt.MeasuresOption = None,
    split: opt.SplitOption = "test",
    limit_queries: opt.LimitOption = None,
    candidates: find.CandidatesOption = None,
    fusion: find.FusionOption = "convex",
    reranker: find.RerankerOption = None,
    whole: opt.WholeOption = False,
    encoder: opt.EncoderOption = None,
    window: opt.WindowOption = None,
    dimensions: model_opt.DimensionsOption = None,
    query_prompt: model_opt.QueryPromptOption = None,
    passage_prompt: model_opt.PassagePromptOption = None,
    passage_tokens: opt.PassageTokensOption = None,
    overlap: opt.OverlapOption = None,
    runs: opt.RunsOption = None,
    report: opt.ReportOption = None,
    gate: opt.GateOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Measure quality and latency, stage by stage, on a benchmark or on one's own judgments."""
    from passagework.ingest import evaluate_benchmark
    from passagework.ingest.workflows.benchmark_evaluation import refuse_inside
    from passagework.retrieval.config import CANDIDATES
    from passagework.retrieval.evaluation import DEFAULT_MEASURES, load_gate
    from passagework.retrieval.evaluation.measures import check_measures
    from passagework.ui.commands.progress import SuccessiveBars, progress_bar, query_bar
    from passagework.ui.present import show_evaluation

    if limit_queries is not None and limit_queries < 1:
        raise ConfigError(f"limit-queries is {limit_queries}: give at least 1")
    chosen = check_measures([measure.strip() for measure in measures.split(",")] if measures else DEFAULT_MEASURES)
    loaded_gate = None if gate is None else load_gate(gate)
    refuse_inside(report, benchmark)
    if collection is None and benchmark.is_file():
        collection = default_collection()
    if benchmark.is_dir():
        _refuse_qrels(qrels)
    elif benchmark.exists() and collection is None:
        raise ConfigError("name the collection that was judged with --collection")
    pages: list[str] = []
    with SuccessiveBars() as bars:
        evaluation = evaluate_benchmark(
            benchmark,
            collection=collection,
            qrels=qrels,
            split=split,
            stages=[stage.strip() for stage in stages.split(",") if stage.strip()],
            measures=(*chosen, *(loaded_gate.measures if loaded_gate else ())),
            limit_queries=limit_queries,
            candidates=CANDIDATES if candidates is None else candidates,
            fusion=fusion,
            reranker=reranker,
            encoder=encoder,
            window=window,
            dimensions=dimensions,
            query_prompt=query_prompt,
            passage_prompt=passage_prompt,
            passage_tokens=passage_tokens,
            overlap=overlap,
            whole=whole,
            runs=runs,
            report=None if report is None else pages.append,
            ingested=bars.callback(progress_bar),
            searched=bars.callback(query_bar),
        )
    missed = loaded_gate.missed(evaluation) if loaded_gate else []
    out = evaluation.to_json()
    if loaded_gate:
        out["gate"] = {"passed": not missed, "missed": list(missed)}
    held = len(loaded_gate.thresholds) if loaded_gate and not missed else 0
    print_result(out, as_json, lambda console: show_evaluation(console, evaluation, held=held))
    if report is not None:  # what was measured is told first, whatever the disk says
        _write(report, pages[0])
    for line in missed:
        print_message(f"gate: {line}")
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
    from passagework.ingest.workflows.benchmark_evaluation import refuse_inside
    from passagework.retrieval.evaluation import compare as set_against, read_run
    from passagework.retrieval.evaluation.benchmark import corpus_texts
    from passagework.ui.present import show_comparison

    refuse_inside(report, benchmark)
    if collection is None and qrels is None and benchmark.is_file():
        collection = default_collection()
    judged = (
        _benchmark(benchmark, qrels, split) if collection is None else _judged_documents(benchmark, qrels, collection)
    )
    names = (a.stem, b.stem) if a.stem != b.stem else (str(a), str(b))
    chosen = [measure.strip() for measure in measures.split(",")] if measures else ()
    comparison = set_against(judged, read_run(a), read_run(b), names=names, measures=chosen)
    print_result(comparison.to_json(), as_json, lambda console: show_comparison(console, comparison))
    if report is not None:
        from passagework.retrieval.evaluation.report import render_comparison

        corpus = benchmark / "corpus.jsonl"
        moved = {move.document for query in comparison.queries for move in query.moves}
        titles = (
            {document: title for document, (title, _) in corpus_texts(corpus, moved).items()}
            if corpus.is_file()
            else {}
        )
        _write(report, render_comparison(comparison, titles))


def _benchmark(path: Path, qrels: Path | None, split: str) -> Benchmark:
    from passagework.ingest.workflows.benchmark_evaluation import load_benchmark

    if path.is_dir():
        _refuse_qrels(qrels)
    elif path.exists() and qrels is None:
        raise ConfigError(
            "give a folder in BEIR layout, a file of TREC topics with --qrels, or one's own judgments with --collection"
        )
    return load_benchmark(path, qrels, split)


def _refuse_qrels(qrels: Path | None) -> None:
    if qrels is not None:
        raise ConfigError("--qrels goes with a file of TREC topics; a BEIR folder has its own, see --split")


def _judged_documents(path: Path, qrels: Path | None, collection: Path) -> Benchmark:
    """Returns the judgments of a collection, named as the runs that `evaluate` wrote name them."""
    from passagework import Collection
    from passagework.retrieval.evaluation.judged_places import JudgedPlaces
    from passagework.retrieval.evaluation.judgments import read_judgments

    if path.is_dir() or qrels is not None:
        raise ConfigError("--collection goes with a file of one's own judgments, such as judgments.jsonl")
    with Collection.open(collection) as opened:
        return JudgedPlaces(opened, read_judgments(path), name=path.stem).benchmark()


def _write(path: Path, page: str) -> None:
    """Writes whole or not at all: an earlier report stays where this one can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, page.encode())
    except OSError as error:
        raise EvaluationError(f"the report can't be written to {path}: {error.strerror or error}") from error
