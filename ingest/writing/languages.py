"""Tells in which language a document is, by which its words are indexed: as somebody said, or by its letters.

Identified by py3langid (Lui and Baldwin 2012; offline). docs/languages.md has its errors, those of others, and what
they cost: a word is found by its wrong stem, too, wherever a query has it in the same form.
"""

from __future__ import annotations

import tempfile
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from passagework.ingest.loaders.formats import Format
from passagework.ingest.writing.code_text import is_code
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.files import write_problem
from passagework.retrieval.lexical.bm25 import STOP_WORDS
from passagework.retrieval.store import Store, schema as t
from passagework.retrieval.store.indexed_words import index_words_anew
from passagework.retrieval.types import Document
from passagework.retrieval.words.code_names import CODE
from passagework.retrieval.words.folding import folded
from passagework.retrieval.words.indexed import INDEXED_LANGUAGES, TERM, WORDS_VERSION
from passagework.retrieval.words.inflection import STEMMED

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

AUTO, OTHER = "auto", "other"
LANGUAGES = (AUTO, "en", *sorted(STEMMED), OTHER)
"""What can be said of the language of a collection's documents: each tells its own, one for all, or none with stems."""

LANGUAGE, WORDS = "language", "words"
"""Where a collection's database has what was said, and the version by which its words are indexed."""

SAMPLE = 2000
"""Characters that a language is told by."""
LEAST_LETTERS = 20
"""Letters below which nothing is told: a name may be of any language."""
ENGLISH_SHARE, ENGLISH_WORDS = 0.25, 2
"""So many words are of those that English questions are made of, or the text may be in another language: `a`, `no`."""
LEAST_CERTAINTY = 0.5

_SAME = {"nb": "no", "nn": "no", "arz": "ar", "wuu": "zh", "zh-yue": "zh", "hr": "sr", "bs": "sr"}
"""Labels of what is close enough to share stems, or is written alike."""


def check_language(language: str | None) -> None:
    """Raises ConfigError for what is none of LANGUAGES."""
    if language is not None and language not in LANGUAGES:
        raise ConfigError(f"{language!r} is no language that is known here: give one of {', '.join(LANGUAGES)}")


class Languages:
    """Tells the language of the documents of one collection."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._said: str | None = None

    def of(self, document: Document) -> str:
        """Returns the code of a document's language (ISO 639-1), CODE for source code; "" where it can't be told."""
        if self._said is None:
            with self._store.read() as snapshot:
                self._said = str(snapshot.meta(LANGUAGE) or AUTO)
        return identified(document.text, document.media_type) if self._said == AUTO else self._said


def identified(text: str, media_type: str = "") -> str:
    """Returns the code of the language that a text is most certainly in, "" where it can't be told.

    CODE for a source file, and for what is code by its lines.
    """
    if media_type == Format.CODE.value or is_code(text[:SAMPLE]):
        return CODE
    sample = folded(text[:SAMPLE])
    words = TERM.findall(sample.lower())
    if sum(map(str.isalpha, sample)) < LEAST_LETTERS:
        return ""
    if sum(word in STOP_WORDS for word in words) >= max(ENGLISH_WORDS, ENGLISH_SHARE * len(words)):
        return "en"  # most certainly, and without a model
    code, certainty = _identifier().classify(sample)
    code = _SAME.get(code, code)
    return code if certainty >= LEAST_CERTAINTY and len(code) == 2 else ""  # longer ones are creoles, or no language


def settle_languages(store: Store, said: str | None) -> None:
    """Records what was said, None for nothing new, and indexes words anew that another language or version has.

    So are words of documents that came before languages were told apart.
    """
    d = t.documents.c
    with store.read() as snapshot:
        before = str(snapshot.meta(LANGUAGE) or AUTO)
        same_words = snapshot.meta(WORDS) == WORDS_VERSION
        unknown = snapshot.connection.execute(select(d.id).where(d.language.is_(None)).limit(1)).first() is not None
    now = said or before
    if same_words and now == before and not unknown:
        return
    with store.write() as writer:
        beginning = t.segments.c.text
        query = select(d.id, d.language, d.media_type, beginning).join(t.segments, t.segments.c.document_id == d.id)
        query = query.where(t.segments.c.ordinal == 0)
        if same_words and now == before:
            query = query.where(d.language.is_(None))
        rows = writer.connection.execute(query.execution_options(yield_per=1000))
        told = [(row.id, row.language, identified(row.text, row.media_type) if now == AUTO else now) for row in rows]
        for document_id, language, right in told:
            if language != right:
                writer.connection.execute(update(t.documents).where(d.id == document_id).values(language=right))
        if not same_words or any({right, language} & INDEXED_LANGUAGES for _, language, right in told):
            index_words_anew(writer.connection.connection.dbapi_connection)
            writer.connection.execute(t.generations.delete().where(t.generations.c.kind == "words"))
        writer.set_meta(LANGUAGE, now)
        writer.set_meta(WORDS, WORDS_VERSION)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it is unpacked into a file
        reason = write_problem(error)
        raise StoreError(
            f"{tempfile.gettempdir()} can't be written, where py3langid unpacks its model: {reason}"
        ) from error
