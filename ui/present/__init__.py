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
from passagework.ui.present.search_results import (
    context_notes,
    heading,
    hidden_line,
    ocr_line,
    place,
    plan_line,
    searched_text,
    show_context,
    show_hits,
    stage_scores,
    timing_line,
    understood_line,
    warnings_of,
)

__all__ = [
    "context_notes",
    "deleted_to_json",
    "documents_to_json",
    "heading",
    "hidden_line",
    "ocr_line",
    "place",
    "plan_line",
    "searched_text",
    "show_comparison",
    "show_context",
    "show_deleted",
    "show_documents",
    "show_evaluation",
    "show_hits",
    "show_report",
    "show_roots",
    "show_status",
    "show_training",
    "stage_scores",
    "timing_line",
    "understood_line",
    "warnings_of",
]
