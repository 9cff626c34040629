"""Understands a query as it was typed, at one moment of a collection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from passagework.retrieval.lexical.bm25 import PLAIN_WORDS, STOP_WORDS, QueryReader, content_words
from passagework.retrieval.lexical.identifiers import identifiers_in
from passagework.retrieval.lexical.typed_words import TypedWords
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Column, Condition
from passagework.retrieval.store.vocabulary import stems
from passagework.retrieval.syntax.acronyms import ACRONYM, acronym_of, expansions_of, phrases_of
from passagework.retrieval.syntax.collection_words import CollectionWords
from passagework.retrieval.syntax.grammar import Part, PartKind, has_word, parse, searched_text
from passagework.retrieval.syntax.misspellings import corrected, parted
from passagework.retrieval.syntax.typed_filters import condition_of
from passagework.retrieval.understood import FieldValue, Reading, Understood
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import TERM
from passagework.retrieval.words.unspaced import RUN

MOST_CONDITIONS = 64
"""Different quotations, exclusions and fields of a query that are kept to: each is looked up by itself."""

MOST_UNHELD = 16
"""Words that no passage holds, of which it is asked what was meant."""

MOST_MISSPELT = 3
"""Words that may be misspelt together where a query has few others: more are of another language or other things."""

GUESS = 0.5
"""What a word counts for that is read in place of a misspelt one: it may be another word all the same."""

MOST_WORDS = 64
"""Words of a query that are looked into: a longer one is a text, and has enough of them."""

ALSO = 0.5
"""What another form of a word counts for beside one that passages hold as well."""

FEW = 4
"""Words of a query among which a guess counts for all that it is: the more words there are, the less it is needed."""

MOST_CHARACTERS = 1000
"""Characters of a query in which acronyms and compounds are looked for."""

_CONTRACTED = re.compile("['\u2019]\\w")
"""Follows what is no word of its own: `couldn't`."""
_COMPOUND = re.compile(r"(?<![\w-])[^\W\d_]+(?:-[^\W\d_]+)+(?![\w-])")


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """Is a query as it is read: the `text` to search for, what every hit must fulfil, and how its words are read.

    `typed` is the text before words were corrected: a model reads it better than a wrong guess.

    `is_filter_alone` where nothing is left to search for. `understood` is None for what was read as words alone.
    """

    text: str
    conditions: tuple[Condition, ...] = ()
    words: QueryReader = PLAIN_WORDS
    understood: Understood | None = None
    is_filter_alone: bool = False
    typed: str | None = None
    hints: tuple[str, ...] = ()

    @property
    def as_typed(self) -> str:
        """Returns the text that models read."""
        return self.text if self.typed is None else self.typed


def understood_query(query: str, snapshot: Snapshot, words: CollectionWords) -> ReadQuery:
    """Returns what a query asks for as it was typed; every text is one."""
    parts = parse(query, lambda field: words.remembered("field", field, lambda: _is_field(field, snapshot)))
    asked, conditions, hints = _kept_to(parts, snapshot)
    text = searched_text(parts)
    corrected, instead, also = _read_by_documents(parts, text, snapshot, words)
    typed, text = text, _replaced(text, corrected)
    is_filter_alone = bool(asked) and not has_word(text)
    return ReadQuery(
        query if is_filter_alone else text,
        conditions,
        _typed_words(text, corrected, instead, also),
        _understood(text, asked, corrected, [*instead, *also]),
        is_filter_alone,
        query if is_filter_alone else typed,
        hints,
    )


def _typed_words(
    text: str, corrected: Sequence[Reading], instead: Sequence[Reading], also: Sequence[Reading]
) -> TypedWords:
    """Returns how the words of a text are read, with what each guess counts for among so many words."""
    needed = min(1.0, FEW / max(1, len(content_words(text))))
    return TypedWords(
        (*((reading.read, needed) for reading in instead), *((reading.read, ALSO * needed) for reading in also)),
        tuple((reading.read, GUESS * needed) for reading in corrected),
    )


def _read_by_documents(
    parts: Sequence[Part], text: str, snapshot: Snapshot, words: CollectionWords
) -> tuple[list[Reading], list[Reading], list[Reading]]:
    """Returns how words are read by those of the documents: corrected, instead, and also.

    Where some documents may not be seen, there is none: a reading would tell of their words.
    """
    if snapshot.visible is not None:
        return [], [], []
    corrected, instead = _readings(_unheld(parts, snapshot, words), text.isupper(), snapshot, words)
    return corrected, instead, list(_expansions(folded(_replaced(text, corrected)[:MOST_CHARACTERS]), snapshot, words))


def _understood(
    text: str, asked: Sequence[Part], corrected: Sequence[Reading], expanded: Sequence[Reading]
) -> Understood:
    """Returns what the plan tells of a query."""
    fields = [part for part in asked if part.kind is PartKind.FIELD]
    others = [part for part in asked if part.kind is not PartKind.FIELD]
    return Understood(
        text,
        phrases=tuple(part.words for part in others if not part.excluded),
        excluded=tuple(part.words for part in others if part.excluded),
        fields=tuple(FieldValue(part.field, part.words, part.excluded) for part in fields),
        corrected=tuple(corrected),
        expanded=tuple(expanded),
    )


def _is_field(field: str, snapshot: Snapshot) -> bool:
    return field in {column.value for column in Column} or snapshot.has_field(field.removeprefix("metadata."))


def _first_asked(parts: Sequence[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Returns the different parts that hits must keep to, as many as are kept to, and a line where there are more."""
    different: dict[tuple[object, ...], Part] = {}
    for part in parts:
        if part.kind is not PartKind.TEXT:
            different.setdefault((part.kind, part.field, part.words.casefold(), part.excluded), part)
    asked = list(different.values())
    if len(asked) <= MOST_CONDITIONS:
        return asked, ()
    return asked[:MOST_CONDITIONS], (
        f"of {len(asked):,} quotations, exclusions and fields only the first {MOST_CONDITIONS} count",
    )


def _kept_to(parts: Sequence[Part], snapshot: Snapshot) -> tuple[list[Part], tuple[Condition, ...], tuple[str, ...]]:
    """Returns the parts that hits must keep to, with what each asks of a passage, and a line on what nothing fulfils.

    A quotation in the midst of other words that no passage has is not kept to: people quote from memory.
    """
    asked, hints = _first_asked(parts)
    conditions = [condition_of(part, snapshot) for part in asked]
    beside = any(part.kind is PartKind.TEXT and has_word(part.typed) for part in parts)
    kept: list[tuple[Part, Condition]] = []
    lines: list[str] = []
    for part, condition in zip(asked, conditions, strict=True):
        unheld = not part.excluded and not len(snapshot.matching(condition))
        if not (unheld and part.kind is PartKind.PHRASE and beside):
            kept.append((part, condition))
        if unheld:
            lines.append(_nothing_has(part, beside=beside))
    return [part for part, _ in kept], tuple(condition for _, condition in kept), (*hints, *lines)


def _nothing_has(part: Part, *, beside: bool) -> str:
    if part.kind is PartKind.FIELD:
        return f"no document has {part.field} {part.words!r}; ranges and types go into a filter (--where)"
    instead = "its words were looked for" if beside else "without quotes its words are looked for"
    return f"no passage has the exact words {part.words!r}: {instead}"


def _unheld(parts: Sequence[Part], snapshot: Snapshot, words: CollectionWords) -> list[str]:
    """Returns the words outside quotations that no passage holds: of letters, and no part of an identifier."""
    text = folded(" ".join(part.typed for part in parts if part.kind is PartKind.TEXT))
    different = list(
        dict.fromkeys(match[0] for match in TERM.finditer(text) if not _CONTRACTED.match(text, match.end()))
    )
    ordinary = [word for word in different[:MOST_WORDS] if word.isalpha() and word.lower() not in STOP_WORDS]
    unheld = [word for word in ordinary if RUN.search(word) is None and not words.holds(snapshot, word)]
    if len(unheld) > MOST_MISSPELT and 2 * len(unheld) > len(ordinary):
        return []
    taken = {word for found in identifiers_in(text) for word in TERM.findall(found.typed)} if unheld else set()
    return [word for word in unheld if word not in taken][:MOST_UNHELD]


def _readings(
    unheld: Sequence[str], shouted: bool, snapshot: Snapshot, words: CollectionWords
) -> tuple[list[Reading], list[Reading]]:
    """Returns how words that no passage holds are read: instead, and also."""
    instead: list[Reading] = []
    also: list[Reading] = []
    for word in unheld:
        if names := words.names_with(snapshot, word.lower()):
            also += [Reading(word, name) for name in names]
        elif apart := parted(word, snapshot, words):
            also.append(Reading(word, apart))
        elif (shouted or word[1:].islower()) and (read := corrected(word, snapshot, words)):
            instead.append(Reading(word, read))
    return instead, also


def _expansions(text: str, snapshot: Snapshot, words: CollectionWords) -> Iterator[Reading]:
    """Yields what acronyms stand for, the acronyms of words in a row, and compounds as one word."""
    shouted = text.isupper() and len(TERM.findall(text)) > 1
    typed = stems(TERM.findall(text))
    for acronym in dict.fromkeys(() if shouted else ACRONYM.findall(text)):
        for expansion in expansions_of(acronym, snapshot, words):
            if not set(stems(TERM.findall(expansion))) <= set(typed):
                yield Reading(acronym, expansion)
    for phrase in dict.fromkeys(phrases_of(text)):
        found = acronym_of(phrase, snapshot, words)
        if found and stems([found])[0] not in typed:
            yield Reading(phrase, found)
    for compound in dict.fromkeys(_COMPOUND.findall(text)):
        joined = compound.replace("-", "")
        if words.holds(snapshot, joined):
            yield Reading(compound, joined)


def _replaced(text: str, readings: Sequence[Reading]) -> str:
    """Returns the text with words read as others."""
    if not readings:
        return text
    read = {reading.typed: reading.read for reading in readings}
    return TERM.sub(lambda match: read.get(match[0], match[0]), folded(text))
