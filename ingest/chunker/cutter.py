"""Decides where the passages of a document begin and end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.chunker.boundaries import Level
from passagework.ingest.chunker.outline import Outline
from passagework.ingest.chunker.passage_context import ContextBuilder, PassageContext
from passagework.ingest.chunker.token_stream import TokenStream
from passagework.retrieval.types import TokenIds

_SMALL_SHARE = 4
"""A section of less than one in so many of a passage's tokens is joined by the next, and no cut makes less of text."""

_BALANCED = 4
"""A rest of up to so many passages is cut evenly; of a longer one, a full passage is cut first."""

_WORTH = np.array([-0.9, -0.6, 0.0, 0.12, 0.2, 0.4, 0.45, 0.6])
"""By Level: by how much of a passage's tokens a cut there may miss the best size, against a cut between words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts of tokens: at most in a passage, in the encoder's budget for passage and context, shared by passages.

    `least` is what a passage has room for under the longest context.
    """

    passage: int
    budget: int
    least: int
    overlap: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be, from `start`: its text, the headings and the context above it, what the encoder sees of it."""

    start: int
    text: str
    headings: tuple[str, ...]
    context: PassageContext
    encoder_text: str
    ids: TokenIds
    cut: bool


class Cutter:
    """Walks once through one document, and cuts it into pieces."""

    def __init__(
        self, text: str, stream: TokenStream, outline: Outline, contexts: ContextBuilder, limits: Limits
    ) -> None:
        self._text = text
        self._stream = stream
        self._outline = outline
        self._contexts = contexts
        self._limits = limits

    def pieces(self) -> Iterator[Piece]:
        """Yields the passages in order, and none where the text has no tokens."""
        stream, fresh, opens = self._stream, 0, True  # atoms in front of `fresh` are in the last passage too
        while True:
            stream.load((_BALANCED + 2) * self._limits.passage)
            if fresh >= len(stream):
                return
            body = self._outline.body(stream.offset(0))
            headings = self._outline.path(body)
            context = self._contexts.context((self._outline.searched_title, *headings))
            room = min(self._limits.passage, self._limits.budget - len(context.ids))
            section = self._section_end(fresh)
            if section is not None and stream.size(0, section) <= room:
                end = self._joined(section, room) if opens and not self._outline.is_code else section
            else:
                end = self._best_cut(fresh, room, section, body)
            yield self._piece(end, headings, context, room)
            opens = section is not None and end >= section
            next_start = end if opens else self._overlap_start(end, body)
            stream.drop(next_start)
            fresh = end - next_start

    def _section_end(self, atom: int) -> int | None:
        """Returns the first atom of the section after that of `atom`; None where the window doesn't reach it."""
        stream = self._stream
        boundary = self._outline.next_section(stream.offset(atom))
        end = len(stream) if boundary is None else int(stream.starts.searchsorted(boundary))
        return end if end < len(stream) or stream.exhausted else None

    def _joined(self, end: int, room: int) -> int:
        """Returns the end of a passage of whole sections: small ones take in the next that fits, if its rank is no
        higher."""
        stream, outline = self._stream, self._outline
        rank = outline.rank(stream.offset(0))
        while end < len(stream) and stream.size(0, end) * _SMALL_SHARE < room:
            further = self._section_end(end)
            if further is None or stream.size(0, further) > room or outline.rank(stream.offset(end)) < rank:
                break
            end = further
        return end

    def _best_cut(self, fresh: int, room: int, section: int | None, body: int) -> int:
        """Returns the best end within a section for a passage of at most `room` tokens, behind some of its text."""
        stream = self._stream
        last = max(stream.fitting(room), fresh + 1)
        if last >= len(stream):
            return len(stream)
        enough = int(stream.core.searchsorted(stream.first[fresh] + room // _SMALL_SHARE)) + 1
        below_heading = int(stream.starts.searchsorted(body, side="right"))
        low = min(max(fresh + 1, enough, below_heading), last)
        sizes = stream.core[low - 1 : last] - stream.first[0]
        misses = np.abs(sizes - self._best_size(fresh, room, section)) / room
        scores = _WORTH[stream.levels[low : last + 1]] - misses
        self._keep_rows(scores, low, last, room)
        return last - int(np.argmax(scores[::-1]))  # the later of equals

    def _keep_rows(self, scores: NDArray[np.float64], low: int, last: int, room: int) -> None:
        """Makes cuts from `low` to `last` worse: within a table that fits a passage, and within a row of another."""
        stream = self._stream
        for table in self._outline.tables_touching(stream.offset(low - 1), stream.offset(last)):
            first, behind = (int(stream.starts.searchsorted(place)) for place in (table.start, table.end))
            inside = np.arange(max(first + 1, low), min(behind, last + 1))
            fits = first >= low and stream.size(first, min(behind, len(stream))) <= room
            at_row = np.array([self._opens_line(stream.offset(int(atom))) for atom in inside], dtype=np.bool_)
            scores[inside - low] -= 2.0 if fits else np.where(at_row, 0.0, 1.0)

    def _opens_line(self, offset: int) -> bool:
        line = self._text.rfind("\n", 0, offset) + 1
        return not self._text[line:offset].strip()

    def _best_size(self, fresh: int, room: int, section: int | None) -> float:
        """Returns how many tokens a passage takes so that it leaves a rest of full or of even passages."""
        rest = None if section is None else self._stream.size(fresh, section)
        if rest is None or rest > _BALANCED * room:
            return room
        shared = int(self._stream.first[fresh] - self._stream.first[0])
        overlap = self._limits.overlap
        more = -(-(shared + rest - room) // (room - overlap))  # passages behind this one, of which each shares
        return min(room, (shared + rest + more * overlap) / (more + 1))

    def _overlap_start(self, end: int, body: int) -> int:
        """Returns the first atom of the passage after one ending at `end`: `end`, or one of the sentence before."""
        stream, limits = self._stream, self._limits
        least = max(stream.first[end] - limits.overlap, stream.core[end] - limits.least)
        low = max(1, int(stream.first.searchsorted(least)), int(stream.starts.searchsorted(body)))
        if any(self._outline.tables_touching(stream.offset(end), stream.offset(end) + 1)):
            return next((atom for atom in range(low, end) if self._opens_line(stream.offset(atom))), end)
        levels = stream.levels[low:end]
        for level in (Level.SENTENCE, Level.CLAUSE, Level.WORD):
            positions = np.flatnonzero(levels >= level)
            if len(positions):
                return low + int(positions[0])
        return end

    def _piece(self, end: int, headings: tuple[str, ...], context: PassageContext, room: int) -> Piece:
        stream = self._stream
        start = stream.offset(0)
        text = self._text[start : stream.offset(end)].rstrip()
        ids = stream.ids(0, end)
        return Piece(
            start=start,
            text=text,
            headings=headings,
            context=context,
            ids=ids[:room],
            encoder_text=stream.as_encoded(start, start + len(text)),
            cut=len(ids) > room,  # only a character of more tokens than a passage may have
        )
