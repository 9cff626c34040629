"""Says whether a text is supported by passages: claim by claim, with the characters that say so.

claims.py          an answer cut into claims, each with the `[n]` that it names
compared_facts.py  numbers with units, dates and names of a text, read so that they can be compared
comparison.py      a claim beside a sentence: facts, negations and opposites, compared explicitly
support.py         the protocol of engines: how far a passage supports a claim, whichever model tells
token_evidence.py  the default engine: vectors of tokens, and words
nli_support.py     the other: an NLI cross-encoder that a user names (`known_nli.py` has a table)
verification.py    verdicts of claims, and the score of the answer
verifier.py        all of it: evidence for each claim, in citations or in the collection
"""
