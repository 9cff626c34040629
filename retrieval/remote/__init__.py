"""Collections that an engine serves: their passages, texts and vectors lie there, and are searched there.

passage_card.py     what every engine keeps of a passage beside its vectors, and gives back with each that it finds
typed_tokens.py     a filter as an engine can keep to it: everything that it lets through, and perhaps more
card_check.py       the same filter held against cards, exactly
engine.py           what is asked of an engine
qdrant_shards.py    Qdrant's own shards, in this process
qdrant.py           a server of Qdrant
word_table.py       the words of a collection, with how many passages hold each: what BM25 has to know of all
served_words.py     BM25, and words that follow one another
served_passages.py  what a searcher asks (see `first_stage`)
served_snapshot.py  what else is asked of a collection's contents
served_version.py   a version's folder that names an engine
"""
