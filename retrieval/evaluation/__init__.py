"""Measures of the live pipeline: benchmarks and judgments in, figures, TREC runs, comparisons and reports out."""

from __future__ import annotations

from passagework.retrieval.evaluation.benchmark import (
    Benchmark,
    Corpus,
    Qrels,
    load_beir,
    load_trec,
    read_qrels,
    scan_corpus,
)
from passagework.retrieval.evaluation.compare import Comparison, Difference, Move, QueryDifference, compare
from passagework.retrieval.evaluation.evaluator import Evaluation, StageFigures, evaluate
from passagework.retrieval.evaluation.gate import Gate, Threshold, load_gate
from passagework.retrieval.evaluation.judged import Judged
from passagework.retrieval.evaluation.judged_places import JudgedPlaces
from passagework.retrieval.evaluation.judged_relevance import Reliability
from passagework.retrieval.evaluation.judgments import Judgment, add_judgments, read_judgments
from passagework.retrieval.evaluation.measures import DEFAULT_MEASURES, PerQuery, Run
from passagework.retrieval.evaluation.runs import read_run

__all__ = [
    "DEFAULT_MEASURES",
    "Benchmark",
    "Comparison",
    "Corpus",
    "Difference",
    "Evaluation",
    "Gate",
    "Judged",
    "JudgedPlaces",
    "Judgment",
    "Move",
    "PerQuery",
    "Qrels",
    "QueryDifference",
    "Reliability",
    "Run",
    "StageFigures",
    "Threshold",
    "add_judgments",
    "compare",
    "evaluate",
    "load_beir",
    "load_gate",
    "load_trec",
    "read_judgments",
    "read_qrels",
    "read_run",
    "scan_corpus",
]
