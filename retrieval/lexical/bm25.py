"""Finds passages by words: BM25 (Robertson and Zaragoza 2009) of SQLite FTS5, which fixes k1 = 1.2 and b = 0.75."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.lexical.compounds import compound_parts, joins_words
from passagework.retrieval.lexical.identifiers import is_identifier
from passagework.retrieval.lexical.word_forms import WeightedWord, different_forms, shares_of_one_word
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.fulltext import DECIMALS, any_of, matched_words
from passagework.retrieval.text import storable
from passagework.retrieval.words.code_names import PROGRAMMING_LANGUAGES
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import TERM, merged, phrase_forms, word_forms
from passagework.retrieval.words.questions import is_question_word

JOINED = re.compile(rf"(?<!{TERM.pattern[:-1]}){TERM.pattern}(?:[-./:@+#\u2010\u2011]{TERM.pattern})+")
"""Words that are joined, as in a part's number, a version, an address or a state-of-the-art compound."""

QUOTED = re.compile(r'["\u201c\u201e]([^"\u201c\u201d\u201e]+)["\u201d\u201c]')
"""Words that are to stand one after the other."""

MAX_CHARACTERS = 200
"""Characters of an identifier or a quotation that is looked up as it stands."""

MOST_COUNTED = 1000
"""Passages that hold a part of a compound, beyond which they are not counted: it is frequent."""

EVERY = (1 << 63) - 1
"""More than there can be."""

MAX_TERMS = 256
"""Different words of a query that are looked up: each costs a list of its own, and the rest of a page adds nothing."""


STOP_WORDS = frozenset(
    TERM.findall(
        "a about an and are as at be been but by can could did do does for from give given had has have how i if in "
        "into is it its me my no not of on or our should so such than that the their them then there these they this "
        "to up us was we were what when where which while who whom why will with would you your"
    )
)
"""English words of which questions are made, and which tell nothing of what is asked for.

Without them hybrid gained on four of five sets and lost on none, 0.005 on the mean (docs/first-stage.md).
"""

ENDINGS = frozenset(("d", "ll", "m", "re", "s", "t", "ve"))
"""What FTS5 takes for words behind an apostrophe: `Boeing's`, `don't`."""


class QueryReader(Protocol):
    """Reads the words of a query."""

    def words(self, snapshot: Snapshot, query: str) -> list[WeightedWord]:
        """Returns the query's words in their forms, with what each counts for."""


class PlainWords:
    """Reads a query as words that all count the same."""

    def words(self, snapshot: Snapshot, query: str) -> list[WeightedWord]:
        """Returns the query's words in their forms."""
        return weighted(searched_words(snapshot, query))


PLAIN_WORDS = PlainWords()


class LexicalRetriever(Protocol):
    """Finds passages by the words of a query."""

    def search(
        self,
        snapshot: Snapshot,
        query: str,
        k: int,
        allowed: AllowedIds | None,
        reader: QueryReader = PLAIN_WORDS,
    ) -> list[tuple[int, float]]:
        """Returns the best passages as (id, score), higher is better: `k` of them, and those equal to the last."""

    def holding(self, snapshot: Snapshot, forms: Sequence[str]) -> int:
        """Returns how many passages hold a word in one of its forms."""


class Bm25:
    """Scores by BM25 over title, headings and text, with Porter's stems; a passage needs one of the query's terms."""

    def search(
        self,
        snapshot: Snapshot,
        query: str,
        k: int,
        allowed: AllowedIds | None,
        reader: QueryReader = PLAIN_WORDS,
    ) -> list[tuple[int, float]]:
        """Returns the best passages as (id, score), higher is better: `k` of them, and those equal to the last."""
        words = reader.words(snapshot, query)
        if not words or k < 1:
            return []
        if all(len(word.forms) == 1 and word.weight == 1 for word in words):
            condition = None if allowed is None else allowed.condition
            return snapshot.match_text([form for word in words for form in word.forms], k, condition)
        return _best_by_forms(snapshot, words, k, allowed)

    def holding(self, snapshot: Snapshot, forms: Sequence[str]) -> int:
        """Returns how many passages hold a word in one of its forms."""
        return snapshot.count_holding(forms, EVERY)


def _best_by_forms(
    snapshot: Snapshot, words: Sequence[WeightedWord], k: int, allowed: AllowedIds | None
) -> list[tuple[int, float]]:
    """Returns the same where words have several forms, which FTS5 can't count as one, or weights."""
    passages = snapshot.passage_count()
    scores: defaultdict[int, float] = defaultdict(float)
    for word in words:
        gains = [snapshot.match_word(form) for form in word.forms]
        for share, of_form in zip(shares_of_one_word(list(map(len, gains)), passages), gains, strict=True):
            for passage, gain in of_form:
                scores[passage] += word.weight * share * gain
    passing = scores if allowed is None else scores.keys() & set(allowed.ids.tolist())
    rounded = [(passage, round(scores[passage], DECIMALS)) for passage in passing]
    return with_equals(sorted(rounded, key=lambda pair: (-pair[1], pair[0])), k)


def with_equals(best: list[tuple[int, float]], k: int) -> list[tuple[int, float]]:
    """Returns the first k of (id, score), best first, and those equal to the last."""
    if len(best) <= k:
        return best
    least = best[k - 1][1]
    return [pair for pair in best if pair[1] >= least]


def weighted(words: Sequence[tuple[str, ...]]) -> list[WeightedWord]:
    """Returns words, in their forms, that all count the same."""
    return [WeightedWord(forms) for forms in words]


def query_words(query: str, languages: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """Returns the query's different words, each in the forms that the text index may have: as written, and its stems.

    Words are folded but else as written, in order, as far as they are looked up; `languages` are those of the
    collection. A word of a script without blanks is several, pieces of it. Identifiers of joined words follow, each as
    one, and what stands in quotes: the text index looks for their parts one after the other, so that `SA-4471-B` is
    told from `SA-B-4471`. Case is FTS5's to fold: newer scripts than it knows must reach it as they reached the index.
    Stop words, and in other languages the words that questions begin with, are left out, unless there is nothing else,
    or they are written as names are: `WHO`, `IT`.
    """
    query = folded(query)
    content = [match[0] for match in content_words(query)]
    telling = [word for word in content if not is_question_word(word, languages)] or content
    words = [forms for word in telling for forms in word_forms(word, languages)]
    identifiers = [match[0] for match in JOINED.finditer(query) if is_identifier(match[0])]
    quoted = [match[1] for match in QUOTED.finditer(query) if TERM.search(match[1])]
    phrases = [phrase_forms(term, languages) for term in identifiers + quoted if len(term) <= MAX_CHARACTERS]
    different: dict[str, tuple[str, ...]] = {}
    for forms in [*words, *phrases]:
        different.setdefault(forms[0].lower(), forms)
    return [different_forms(forms) for forms in list(different.values())[:MAX_TERMS]]


def searched_words(snapshot: Snapshot, query: str) -> list[tuple[str, ...]]:
    """Returns the query's words with their forms, and of compounds that no passage holds, the parts.

    Only languages that join words have those. In a collection of code the names of programming languages are left out,
    unless there is nothing else.
    """
    languages = snapshot.languages()
    words = query_words(query, languages)
    if snapshot.is_code:
        words = [forms for forms in words if forms[0].lower() not in PROGRAMMING_LANGUAGES] or words
    if not joins_words(languages):
        return words
    unknown = [forms for forms in words if not any(snapshot.count_holding([form], 1) for form in forms)]
    found = [
        compound_parts(forms[0], languages, lambda part: snapshot.count_holding([part], MOST_COUNTED))
        for forms in unknown
    ]
    parts = dict.fromkeys((part,) for of_word in found for part in of_word)
    return [*words, *(part for part in parts if part not in words)][:MAX_TERMS]


def query_terms(query: str, languages: Sequence[str] = ()) -> list[str]:
    """Returns all forms of the query's words."""
    return list(dict.fromkeys(form for forms in query_words(query, languages) for form in forms))


def content_words(query: str) -> list[re.Match[str]]:
    """Returns every word of the query that is looked up, where it stands."""
    words = list(TERM.finditer(query))
    shouted = query.isupper()
    return [match for match in words if _is_content_word(match, shouted=shouted)] or words


def _is_content_word(match: re.Match[str], *, shouted: bool) -> bool:
    word = match[0]
    if word.lower() in ENDINGS and match.string[max(0, match.start() - 1) : match.start()] in ("'", "\u2019"):
        return False
    return word.lower() not in STOP_WORDS or (len(word) > 1 and word.isupper() and not shouted)


def match_expression(query: str, languages: Sequence[str] = ()) -> str:
    """Returns the query as FTS5 wants it: quoted, so that nothing in it is read as an operator; "" without words."""
    return any_of(query_terms(query, languages))


def matching_spans(query: str, texts: Sequence[str], languages: Sequence[str] = ()) -> list[list[tuple[int, int]]]:
    """Returns `[start, end)` of the words in each text that the lexical half finds it by in these languages."""
    expression = match_expression(query, languages)
    if not expression:
        return [[] for _ in texts]
    stored = [storable(text) for text in texts]
    found = [matched_words(stored, expression, language) for language in ("", *languages)]
    return [merged([span for spans in of_text for span in spans]) for of_text in zip(*found, strict=True)]
