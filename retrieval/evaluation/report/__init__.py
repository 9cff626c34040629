"""Evaluations and comparisons as one HTML file each: charts, the worst queries, every figure; nothing is fetched."""

from __future__ import annotations

from passagework.retrieval.evaluation.report.answers import QueryAnswer, answers_for, worst_queries
from passagework.retrieval.evaluation.report.comparison_page import render_comparison
from passagework.retrieval.evaluation.report.evaluation_page import render_evaluation

__all__ = ["QueryAnswer", "answers_for", "render_comparison", "render_evaluation", "worst_queries"]
