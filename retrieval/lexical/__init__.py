"""The lexical half of the first stage: BM25 by SQLite FTS5, and by saved postings where a collection is large.

    bm25.py               the words of a query, and BM25 as FTS5 has it
    postings.py           which passages hold a word, and how often: arrays, counted once
    maxscore.py           the best passages without looking at every match
    live_postings.py      LivePostings: saved postings with what came and went since, as an immutable value
    postings_file.py      the file: written atomically, its digest known before anyone trusts it
    saved_postings.py     which postings are saved, and when they are made anew

FTS5 looks at every passage that holds any word of a query; in 200,000 passages a question with frequent words took
seconds. What is kept here are counts, not scores, so that scores are FTS5's own at every moment of the collection.
"""
