"""English words that say the opposite of one another, by their stems: of two such words one turns a statement round."""

from __future__ import annotations

from snowballstemmer.english_stemmer import EnglishStemmer

_PAIRS = """
accept refuse; accept reject; allow forbid; allow prohibit; permit forbid; permit prohibit; allowed banned
allowed forbidden; permitted forbidden; allowed prohibited; permitted prohibited; allowed refused
always never; all none; before after; above below; over under; more less; more fewer; most least; higher lower
high low; highest lowest; increase decrease; increase reduce; rise fall; rose fell; raise lower; grow shrink; gain lose
gain loss; profit loss; win lose; won lost; winner loser; first last; early late; earlier later; earliest latest
begin end; start end; start finish; open close; open closed; opened closed; include exclude; included excluded
inside outside; indoors outdoors; inner outer; north south; northern southern; east west; eastern western; left right
large small; larger smaller; largest smallest; big small; bigger smaller; long short; longer shorter; longest shortest
old young; older younger; old new; oldest youngest; oldest newest; fast slow; faster slower; strong weak
stronger weaker; male female; man woman; men women; boy girl; father mother; son daughter
brother sister; husband wife; king queen; same different; similar different; safe dangerous; safe unsafe; legal illegal
possible impossible; able unable; likely unlikely; true false; right wrong; correct incorrect; positive negative
public private; buy sell; bought sold; import export; success failure; succeed fail; succeeded failed; agree disagree
support oppose; supported opposed; approve reject; approved rejected; enter leave; arrive depart; arrived departed
add remove; up down; day night; noon midnight;
morning evening; hot cold; warm cold; dry wet; full empty; easy difficult; easy hard; cheap expensive
best worst; better worse; maximum minimum; mandatory optional; required optional; voluntary compulsory; rich poor
majority minority; deep shallow; wide narrow; heavy light; standing sitting; stand sit; asleep awake; alive dead
"""

_STEMMER = EnglishStemmer()


def _stems_by_stem() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.replace("\n", ";").split(";"):
        if len(words := pair.split()) == 2:
            one, other = (_STEMMER.stemWord(word) for word in words)
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES = _stems_by_stem()
"""For each stem those of its opposites."""
