"""BM25 over large collections: the postings of frequent words, derived from the text index, scored as FTS5 does.

    postings.py   which passages hold a word, and how often: arrays, counted once
    ranking.py    the best passages without looking at every match: MaxScore
    live.py       LiveWords: saved postings with what came and went since, as an immutable value
    saved.py      the file: written atomically, its digest known before anyone trusts it

FTS5 looks at every passage that holds any word of a query; in 200,000 passages a question with frequent words took
seconds. What is kept here are counts, not scores, so that scores are FTS5's own at every moment of the collection.
"""

from __future__ import annotations

from passagework.retrieval.word_index.live import LiveWords
from passagework.retrieval.word_index.postings import Postings
from passagework.retrieval.word_index.saved import load_postings, save_postings

__all__ = ["LiveWords", "Postings", "load_postings", "save_postings"]
