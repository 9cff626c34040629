"""Reads what servers answer, and believes nothing: counts, order, dimensions and numbers are checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.errors import EncodingError
from passagework.retrieval.types import Vectors


def vectors_of(answer: Any, count: int, server: str) -> Vectors:
    """Returns the vectors of an answer of `/embeddings`, in the order of its texts: (count, dimension) float32.

    They are placed by `index`; vectors are lists of numbers, or base64 of float32, whatever was asked for.
    Raises EncodingError for another count, vectors of several lengths, or what is no number.
    """
    rows = _rows(answer, ("data",), count, server)
    vectors = [_vector(row.get("embedding"), server) for row in rows]
    lengths = {len(vector) for vector in vectors}
    if len(lengths) != 1 or 0 in lengths:
        raise EncodingError(f"{server} gave vectors of {_listed(sorted(lengths))} dimensions in one answer")
    matrix = np.stack(vectors)
    if not np.all(np.isfinite(matrix)) or not np.all(np.any(matrix, axis=1)):
        raise EncodingError(f"{server} gave a vector that is not finite, or zero")
    return matrix


def scores_of(answer: Any, count: int, server: str) -> NDArray[np.float64]:
    """Returns the scores of an answer of `/rerank`, in the order of its passages; raises as `vectors_of` does."""
    rows = _rows(answer, ("results", "data"), count, server)
    try:
        scores = np.array([row.get("relevance_score", row.get("score")) for row in rows], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EncodingError(f"{server} gave a score that is no number") from error
    if not np.all(np.isfinite(scores)):
        raise EncodingError(f"{server} gave a score that is not finite")
    return scores


def tokens_read(answer: Any) -> int | None:
    """Returns how many tokens the server says it read; None where it says nothing."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    counts = [usage.get(name) for name in ("prompt_tokens", "total_tokens")] if isinstance(usage, dict) else []
    return next((count for count in counts if isinstance(count, int) and count > 0), None)


def _rows(answer: Any, names: Sequence[str], count: int, server: str) -> list[dict[str, Any]]:
    found = next((answer[name] for name in names if name in answer), None) if isinstance(answer, dict) else answer
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise EncodingError(f"{server} gave an answer of another form: expected a list under {' or '.join(names)}")
    if len(found) != count:
        raise EncodingError(f"{server} gave {len(found)} results for {count} texts")
    places = [row.get("index") for row in found]
    if all(place is None for place in places):
        return found
    if sorted(place if isinstance(place, int) else -1 for place in places) != list(range(count)):
        raise EncodingError(f"{server} gave results whose index is not each text's once")
    return sorted(found, key=lambda row: int(row["index"]))


def _vector(value: object, server: str) -> NDArray[np.float32]:
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32)
        if isinstance(value, list):
            with np.errstate(over="ignore"):  # what is too large for it is told as infinite
                return np.array(value, dtype=np.float32).reshape(len(value))
    except (binascii.Error, TypeError, ValueError) as error:
        raise EncodingError(f"{server} gave a vector that can't be read") from error
    raise EncodingError(f"{server} gave a text no vector")


def _listed(lengths: Sequence[int]) -> str:
    return " and ".join(map(str, lengths))
