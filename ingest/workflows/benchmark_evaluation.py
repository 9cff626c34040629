"""Evaluates a benchmark from its files: read, put into a collection if it brings a corpus, searched and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from passagework.ingest.report import Progress
from passagework.ingest.workflows.benchmark_collection import BuildOptions, benchmark_collection
from passagework.retrieval import ConfigError, EvaluationError, Fusion, Stage
from passagework.retrieval.choices import choose
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.evaluation import (
    DEFAULT_MEASURES,
    Benchmark,
    Evaluation,
    evaluate,
    load_beir,
    load_trec,
    scan_corpus,
)
from passagework.retrieval.evaluation.evaluator import check_stages
from passagework.retrieval.evaluation.judged import Judged, JudgedDocuments
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judgments import read_judgments
from passagework.retrieval.evaluation.measures import check_measures
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.text import counted


def evaluate_benchmark(
    path: str | Path,
    *,
    collection: str | Path | None = None,
    qrels: str | Path | None = None,
    split: str = "test",
    stages: Sequence[Stage | str] = tuple(Stage),
    measures: Sequence[str] = DEFAULT_MEASURES,
    limit_queries: int | None = None,
    candidates: int = CANDIDATES,
    fusion: Fusion | str = Fusion.CONVEX,
    reranker: str | None = None,
    encoder: str | None = None,
    window: int | None = None,
    dimensions: int | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    passage_tokens: int | None = None,
    overlap: int | None = None,
    whole: bool = False,
    runs: str | Path | None = None,
    report: Callable[[str], object] | None = None,
    ingested: Callable[[Progress], None] | None = None,
    searched: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measures quality and latency stage by stage, on a BEIR folder, TREC topics, or judgments of one's own.

    `path` is a folder in BEIR layout, a file of TREC topics (`qrels` names its judgments), or a file of judgments. The
    corpus of a BEIR folder is ingested into a temporary folder, or into `collection`, which is kept, and reused where
    corpus, encoder and chunking are the same; topics and judgments are of the `collection` named, which is not changed.
    `limit_queries` takes so many queries, evenly spaced. `encoder`, `window`, `dimensions`, both prompts,
    `passage_tokens`, `overlap` and `whole` shape the collection of a BEIR folder as they do in `ingest`. `runs` is a
    folder that gets a TREC run a stage; `report` is given the HTML report. `ingested` and `searched` are told how far
    it is: the latter gets the queries done and in all.
    Raises EvaluationError where a file can't be read or the collection lacks the corpus, ConfigError for arguments that
    don't fit together, IndexMismatchError for a collection that is made otherwise, and what `Collection.search` raises.
    """
    path = Path(path)
    if limit_queries is not None and limit_queries < 1:
        raise ConfigError(f"limit_queries is {limit_queries}: give at least 1")
    fusion = choose(Fusion, fusion, "fusion")
    check_measures(measures)
    check_stages(stages)
    collection, runs, qrels = (None if path is None else Path(path) for path in (collection, runs, qrels))
    for written in (collection, runs):
        refuse_inside(written, path)
    building = BuildOptions(
        encoder, EncoderOptions(window, dimensions, query_prompt, passage_prompt), passage_tokens, overlap, whole
    )
    with _open_benchmark(path, qrels, split, limit_queries, collection, building, reranker, ingested) as (
        opened,
        judged,
        notes,
    ):
        evaluation = evaluate(
            opened,
            judged,
            stages=stages,
            measures=measures,
            candidates=candidates,
            fusion=fusion,
            runs=runs,
            notes=notes,
            progress=searched,
        )
        if report is not None:
            report(_page(opened, evaluation, judged))
    return evaluation


def load_benchmark(path: Path, qrels: Path | None, split: str) -> Benchmark:
    """Reads a folder in BEIR layout, or TREC topics with their `qrels`; raises EvaluationError where it can't."""
    if not path.exists():
        raise EvaluationError(f"{path} does not exist")
    if path.is_dir():
        if qrels is not None:
            raise ConfigError("qrels go with a file of TREC topics; a BEIR folder has its own, by split")
        return load_beir(path, split=split)
    if qrels is None:
        raise ConfigError(f"{path} is no folder in BEIR layout: give the qrels of its topics")
    return load_trec(path, qrels)


def refuse_inside(path: Path | None, benchmark: Path) -> None:
    """Raises ConfigError for a place within the benchmark's folder, or the file that is read: both are only read."""
    if path is not None and path.resolve().is_relative_to(benchmark.resolve()):
        raise ConfigError(f"{path} is, or lies in, {benchmark}, which is only read: name another place")


@contextmanager
def _open_benchmark(
    path: Path,
    qrels: Path | None,
    split: str,
    limit: int | None,
    collection: Path | None,
    building: BuildOptions,
    reranker: str | None,
    ingested: Callable[[Progress], None] | None,
) -> Iterator[tuple[Collection, Judged, list[str]]]:
    """Yields the collection to search, the benchmark, and notes on what does not fit together."""
    if path.is_dir():
        benchmark = load_benchmark(path, qrels, split)
        corpus = scan_corpus(path / "corpus.jsonl")
        with benchmark_collection(corpus, collection, building, reranker=reranker, progress=ingested) as opened:
            yield opened, JudgedDocuments(benchmark.limited(limit)), _notes(opened, benchmark)
        return
    if not path.exists():
        raise EvaluationError(f"{path} does not exist")
    if collection is None:
        raise ConfigError("name the collection that was judged")
    if building.asked:
        raise ConfigError("a collection of one's own is evaluated as it is: leave out how it should be made")
    with Collection.open(collection, reranker=reranker) as opened:
        if qrels is not None:
            benchmark = load_benchmark(path, qrels, split)
            yield opened, JudgedDocuments(benchmark.limited(limit)), _notes(opened, benchmark)
        else:
            places = JudgedPlaces(opened, read_judgments(path), name=path.stem, limit=limit)
            yield opened, places, [f"drifted: {line}" for line in places.drifted]


def _notes(collection: Collection, benchmark: Benchmark) -> list[str]:
    """Returns notes on what was left out, and on how many relevant documents no search can find."""
    relevant = {document for grades in benchmark.qrels.values() for document, grade in grades.items() if grade > 0}
    lost = len(relevant) - len(collection.documents_named(relevant))
    return [*benchmark.notes, *([f"{counted(lost, 'relevant document')} not in the collection"] if lost else [])]


def _page(collection: Collection, evaluation: Evaluation, judged: Judged) -> str:
    from passagework.retrieval.evaluation.report import answers_for, render_evaluation, worst_queries

    return render_evaluation(evaluation, answers_for(collection, evaluation, judged, worst_queries(evaluation)))
