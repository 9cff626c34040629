"""Says where sentences, finished lines and paragraphs end, in scripts with and without blanks between words."""

from __future__ import annotations

import re
from itertools import pairwise

PARAGRAPH = re.compile(r"\n\s*\n")
LINE = re.compile(
    r"\n(?:(?<=[.!?;|…。！？；]\n)|(?<=[.!?;|…] \n)|(?<=[.!?…。！？][\"'”’»)\]」』）】]\n)"  # a finished line
    r"|(?=[^\S\n]*(?:[-*+•‣◦▪●■–·|]|\(?(?:\d{1,3}|[A-Za-z])[.)])[^\S\n]))"  # before an item or a row
)
# Of a row of stops, spaced or not, only the first one starts a match: the search stays linear in leaders of dots.
SENTENCE = re.compile(
    r"[.!?…؟।॥۔。！？｡．](?<![.!?…][.!?…])(?<![.!?…] [.!?…])[.!?…؟।॥۔。！？｡．]*[\"'”’」』）】》〉〕»)\]}*_]*"
    r"(?:(?=\s)|(?<=[。！？｡．”」』）】》〉〕]))"
)
# A short paragraph without a full stop, such as a heading that nobody marked, or any text that ends in a colon.
LEAD_IN = re.compile(r"(?:(?<=\n)[^\S\n]*\n(?=[^\n]{0,78}[^\W\d_])[^\n]{0,78}[^\s.!?;…。！？；”\"]|[:：])[^\S\n]*\n")
_TAIL = re.compile(r"[^\s(\[]*\Z")
_ABBREVIATION = re.compile(
    r"al|art|cf|ch|co|dept|dr|e\.g|eds?|eqs?|figs?|gen|gov|i\.e|jr|mr|mrs|ms|nos?|pars?|pp?|prof|refs?|rep|resp|sec"
    r"|sect|sen|sr|st|tab|u\.k|u\.s|viz|vols?|vs"
)
_SOMETIMES_LAST = re.compile(r"\w{1,3}|.*\..*|approx|corp|etc|inc")
"""Words that end a sentence unless it goes on in lower case."""


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Returns `[start, end)` of each sentence, finished line and paragraph, without the white space around it."""
    ends = {m.end() for m in SENTENCE.finditer(text) if not abbreviates(text, m)}
    ends.update(m.end() for pattern in (LINE, PARAGRAPH, LEAD_IN) for m in pattern.finditer(text))
    cuts = [0, *sorted(ends - {0, len(text)}), len(text)]
    pieces = [(start, end, text[start:end]) for start, end in pairwise(cuts)]
    return [
        (start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip()))
        for start, end, piece in pieces
        if piece.strip()
    ]


def abbreviates(text: str, match: re.Match[str]) -> bool:
    """Tells whether a full stop ends an abbreviation, an initial or a line's number, not a sentence."""
    stop = match.start()
    if match[0] != ".":
        return False
    tail = _TAIL.search(text, max(0, stop - 12), stop)
    word = tail[0].lower() if tail else ""
    if (len(word) == 1 and text[stop - 1].isupper()) or _ABBREVIATION.fullmatch(word):
        return True
    if word.isdigit() and len(word) <= 3:
        return text[stop - len(word) - 1 : stop - len(word)] in ("", "\n")
    goes_on = text[match.end() + 1 : match.end() + 2].islower()
    return goes_on and _SOMETIMES_LAST.fullmatch(word) is not None
