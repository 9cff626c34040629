"""The public names of this package, and where each one stands."""

from .contents import (
    show_deleted as show_deleted,
    show_documents as show_documents,
    show_report as show_report,
    show_roots as show_roots,
    show_status as show_status,
)
from .document_records import (
    deleted_to_json as deleted_to_json,
    documents_to_json as documents_to_json,
)
from .evaluation_tables import (
    show_comparison as show_comparison,
    show_evaluation as show_evaluation,
    show_training as show_training,
)
from .model_tables import (
    show_models as show_models,
)
from .search_results import (
    LESS_RELEVANT as LESS_RELEVANT,
    also_in_line as also_in_line,
    context_notes as context_notes,
    heading as heading,
    hidden_line as hidden_line,
    injection_line as injection_line,
    last_relevant as last_relevant,
    ocr_line as ocr_line,
    place as place,
    plan_line as plan_line,
    relevance_label as relevance_label,
    relevance_line as relevance_line,
    searched_text as searched_text,
    show_context as show_context,
    show_hits as show_hits,
    stage_scores as stage_scores,
    timing_line as timing_line,
    understood_line as understood_line,
    warnings_of as warnings_of,
)
