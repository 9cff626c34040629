"""Looks for duplicates among lines of text, which are in no collection: sentences, questions, titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from passagework.retrieval.duplicates.candidates import TextPlace, digest_of
from passagework.retrieval.duplicates.duplicate_search import Duplicates, duplicates_among
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.ids import Mask
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_scale import scale_of
from passagework.retrieval.types import Ids, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class LineCandidates:
    """Holds lines that are not blank, with their places in the file and their vectors."""

    vectors: Vectors
    digests: Sequence[bytes]
    lines: Sequence[str]
    found: Sequence[TextPlace]

    def overlapping(self, first: Ids, second: Ids) -> Mask:
        """Tells of no pair: a line is no part of another."""
        del second
        mask: Mask = np.zeros(len(first), np.bool_)
        return mask

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """Returns the lines in these rows."""
        return {row: self.lines[row] for row in rows}

    def places(self, rows: Sequence[int]) -> dict[int, TextPlace]:
        """Returns where these lines stand."""
        return {row: self.found[row] for row in rows}


def paraphrases(
    lines: Sequence[str], encoder: Encoder, *, threshold: float | None = None, name: str = "lines"
) -> Duplicates:
    """Returns clusters of lines that say the same, as `Collection.duplicates` does of passages.

    Lines are encoded as queries are: that is the prompt for sentences that are set beside one another, where a model
    has one. Blank ones are passed over; `name` is the `document` and `path` of members, whose `line` counts from 1.
    Raises ConfigError where no line has text, and for a threshold out of range.
    """
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if not filled:
        raise ConfigError(f"{name}: no line has any text")
    kept = [lines[at] for at in filled]
    places = [TextPlace(name, name, starts[at], starts[at] + len(lines[at]), name, at + 1) for at in filled]
    different = list(dict.fromkeys(kept))
    row_of = {line: row for row, line in enumerate(different)}
    vectors = encoder.encode_queries(different)[[row_of[line] for line in kept]]
    candidates = LineCandidates(vectors, [digest_of(line) for line in kept], kept, places)
    return duplicates_among(candidates, threshold, scale_of(encoder))


def read_lines(file: Path) -> list[str]:
    """Returns the lines of a text in UTF-8, without their ends; raises ConfigError where it can't be read as one."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = "it is no text in UTF-8" if isinstance(error, UnicodeError) else getattr(error, "strerror", None)
        raise ConfigError(f"{file} can't be read: {reason or error}") from error
    return text.split("\n")
