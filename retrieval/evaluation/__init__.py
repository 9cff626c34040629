"""Measures of the live pipeline: benchmarks and judgments in, figures, TREC runs, comparisons and reports out."""

from __future__ import annotations

from passagework.retrieval.evaluation.benchmark import Benchmark, Corpus, load_beir, load_trec, read_qrels, scan_corpus
from passagework.retrieval.evaluation.compare import Comparison, compare
from passagework.retrieval.evaluation.evaluator import Evaluation, StageFigures, evaluate
from passagework.retrieval.evaluation.gate import Gate, load_gate
from passagework.retrieval.evaluation.measures import DEFAULT_MEASURES
from passagework.retrieval.evaluation.runs import read_run

__all__ = [
    "DEFAULT_MEASURES",
    "Benchmark",
    "Comparison",
    "Corpus",
    "Evaluation",
    "Gate",
    "StageFigures",
    "compare",
    "evaluate",
    "load_beir",
    "load_gate",
    "load_trec",
    "read_qrels",
    "read_run",
    "scan_corpus",
]
