"""The settings of an evaluation in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from passagework.retrieval.types import Json

NAMES = {
    "encoder": "Encoder",
    "backend": "Backend",
    "window": "Window (tokens)",
    "chunking": "Chunking",
    "passages": "Passages",
    "cut": "Passages cut at the window",
    "index": "Index",
    "candidates": "Candidates a retriever",
    "fusion": "Fusion",
    "reranker": "Reranker",
    "rerank_depth": "Rerank depth",
    "depth": "Judged to rank",
}
DIGEST = re.compile(r"[0-9a-f]{40,}")
DIGEST_SHOWN = 12


def readable_settings(settings: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Returns each setting by its name and value as a person reads them, in the order of NAMES, unknown ones last."""
    known_names = [name for name in NAMES if name in settings]
    other_names = [name for name in settings if name not in NAMES]
    return [(NAMES.get(name, name), _words(settings[name])) for name in known_names + other_names]


def _words(value: Json) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            texts = {key: _words(item) for key, item in value.items() if item not in (None, "")}
            # a model's name needs no word before it
            parts = (text if key == "model" else f"{key.replace('_', ' ')} {text}" for key, text in texts.items())
            return " · ".join(parts) or "none"
        case list():
            return ", ".join(_words(item) for item in value) or "none"
        case _:
            text = str(value)
            return f"{text[:DIGEST_SHOWN]}…" if DIGEST.fullmatch(text) else text
