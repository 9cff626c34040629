"""The words of a text as the text index has them, and the forms in which a query's word may stand there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from passagework.retrieval.words.code_names import CODE, words_of_names
from passagework.retrieval.words.folding import Folded, folded, folded_with_origins
from passagework.retrieval.words.inflection import STEMMED, stem, stems_version
from passagework.retrieval.words.unspaced import BEGINS, RUN, indexed_pieces, queried_pieces

WORDS_VERSION = f"2, {stems_version()}"
"""Another version's text index has other words for the same text."""

INDEXED_LANGUAGES = STEMMED | {CODE}
"""The languages of documents whose words stand in the text index otherwise than as they are written."""

_MARKS = "".join(
    character
    for character in map(chr, (*range(0x0483, 0x1AB0), *range(0xA66F, 0xABEE)))
    if unicodedata.category(character).startswith("M")
)
"""Marks that are parts of words in their scripts: points of Hebrew and Arabic, vowels of Hindi, Tamil and Thai."""

TERM = re.compile(rf"[\w\u0300-\u0331{_MARKS}]+")
"""A word with its accents and marks, which FTS5 takes for a part of it where they are characters of their own."""

_Piece = tuple[str, int, int]
"""A word as indexed, and `[start, end)` of what it stands for."""


def indexed(text: str, language: str = "") -> str:
    """Returns the words of a text in a language as the text index is to have them; the text itself where it is plain.

    `language` is one of STEMMED, CODE for source code, or any other for neither.
    """
    text = folded(text)
    if not _changes(text, language):
        return text
    return "".join(piece for piece, _, _ in _pieces(text, language))


def indexed_with_origins(text: str, language: str = "") -> Folded | None:
    """Returns the same with the places that each character stands for; None where nothing changes."""
    words = folded_with_origins(text)
    read = text if words is None else words.text
    if not _changes(read, language):
        return words
    pieces = list(_pieces(read, language))
    lengths = [len(piece) for piece, _, _ in pieces]
    same = [len(piece) == end - start and read[start:end] == piece for piece, start, end in pieces]
    begins = np.repeat([start for _, start, _ in pieces], lengths)
    closes = np.repeat([end for _, _, end in pieces], lengths)
    within = np.arange(sum(lengths)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    is_same = np.repeat(same, lengths)
    starts = np.where(is_same, begins + within, begins)
    ends = np.where(is_same, begins + within + 1, closes)
    if words is not None:
        starts, ends = words.original_spans(starts, ends)
    return Folded("".join(piece for piece, _, _ in pieces), starts, ends)


def word_forms(word: str, languages: Iterable[str] = ()) -> list[tuple[str, ...]]:
    """Returns what a word of a folded query is looked up by: itself and its stems in `languages`, each a form of it.

    A word in a script without blanks is several, whatever the languages.
    """
    if RUN.search(word) is None:
        return [_different([word, *(stem(word, language) for language in languages)])]
    parts: list[tuple[str, ...]] = []
    last = 0
    for run in [*RUN.finditer(word), None]:
        for part in TERM.findall(word[last : run.start() if run else None]):
            parts += word_forms(part, languages)
        if run:
            parts += [(piece,) for piece in queried_pieces(run[0])]
            last = run.end()
    return parts


def phrase_forms(phrase: str, languages: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the forms in which words of a folded query that follow one another may stand in the index."""
    phrase = phrase.replace(BEGINS, " ").rstrip()
    last = re.search(f"(?:{RUN.pattern})\\Z", phrase)
    if last is None:
        return _different([_in_a_row(phrase, language) for language in ("", *languages)])
    # The text may go on where the phrase ends: its last run has no shorter pieces.
    pieces = " ".join(queried_pieces(last[0]))
    before = phrase[: last.start()]
    return _different([f"{_in_a_row(before, language)} {pieces}".lstrip() for language in ("", *languages)])


def _in_a_row(phrase: str, language: str) -> str:
    """Returns words as they follow one another in the index: those that stand behind a passage of code do not."""
    return indexed(phrase, "" if language == CODE else language)


def _different(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))


def _changes(text: str, language: str) -> bool:
    return language in INDEXED_LANGUAGES or (not text.isascii() and RUN.search(text) is not None)


def _pieces(text: str, language: str) -> Iterator[_Piece]:
    """Yields the words of a folded text, and what stands between them, with the places of each."""
    last = 0
    for run in RUN.finditer(text):
        yield from _stemmed(text, last, run.start(), language)
        for start, end in indexed_pieces(run[0]):
            yield " ", run.start() + start, run.start() + start
            yield run[0][start:end], run.start() + start, run.start() + end
        yield " ", run.end(), run.end()
        last = run.end()
    yield from _stemmed(text, last, len(text), language)
    if language == CODE:
        yield from words_of_names(text)


def _stemmed(text: str, start: int, end: int, language: str) -> Iterator[_Piece]:
    if language not in STEMMED:
        yield text[start:end], start, end
        return
    last = start
    for word in TERM.finditer(text, start, end):
        yield text[last : word.start()], last, word.start()
        yield stem(word[0], language), word.start(), word.end()
        last = word.end()
    yield text[last:end], last, end


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns spans in order, those that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
