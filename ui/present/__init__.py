"""Prints results for a person at a terminal; no control code or markup of a document reaches it."""

from __future__ import annotations

from passagework.ui.present.contents import (
    deleted_to_json,
    documents_to_json,
    show_deleted,
    show_documents,
    show_report,
    show_roots,
    show_status,
)
from passagework.ui.present.evaluation_tables import show_comparison, show_evaluation, show_training
from passagework.ui.present.model_tables import show_models
from passagework.ui.present.search_results import (
    LESS_RELEVANT,
    also_in_line,
    context_notes,
    heading,
    hidden_line,
    injection_line,
    last_relevant,
    ocr_line,
    place,
    plan_line,
    relevance_label,
    relevance_line,
    searched_text,
    show_context,
    show_hits,
    stage_scores,
    timing_line,
    understood_line,
    warnings_of,
)

__all__ = [
    "LESS_RELEVANT",
    "also_in_line",
    "context_notes",
    "deleted_to_json",
    "documents_to_json",
    "heading",
    "hidden_line",
    "injection_line",
    "last_relevant",
    "ocr_line",
    "place",
    "plan_line",
    "relevance_label",
    "relevance_line",
    "searched_text",
    "show_comparison",
    "show_context",
    "show_deleted",
    "show_documents",
    "show_evaluation",
    "show_hits",
    "show_models",
    "show_report",
    "show_roots",
    "show_status",
    "show_training",
    "stage_scores",
    "timing_line",
    "understood_line",
    "warnings_of",
]
