"""Words that line ends of a PDF cut: which hyphens belong to the word, and which only to the line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from passagework.ingest.loaders.pdf.pdf_edits import Edit, PageText, rewritten
from passagework.ingest.loaders.pdf.pdf_page import HYPHEN

_REACH = 64
"""How far to look for the two halves of a hyphenated word, in characters."""

_WORD = r"[^\W_]"
_COMPOUND = re.compile(rf"{_WORD}+(?:[-{HYPHEN}]{_WORD}+)*")


_PREFIXES = (
    " anti auto bio com con counter cyber de dis down electro em en ex extra fore geo hydro hyper im in infra "
    "inter intra kilo macro mal mega meta micro mid mini mis mono multi nano neo out over par para per peri "
    "photo poly post pre pro pseudo quasi radio re retro semi sub super sur sym syn tele thermo trans tri ultra un "
    "under uni up "
)
_ENDINGS = (
    " able ably age ally ance ant ate ated ates ation ative cal ence ent ers est ful fully hood ial ible ic ical "
    "ics ies ing ings ion ional ions ious ish ism ist ists ite ities ity ive ization ize less lier lies ling "
    "lings ly man men ment mental ments ness nesses ous ship some son sion sional sions ter ters tic tical ting "
    "tion tional tions tive ton tor tors ture tures ure ward wards ways wise "
)
"""What words are put together with, and is a word of its own in the list of words all the same; between blanks."""
_LEAST_PART = 3


@dataclass(frozen=True, slots=True)
class _Known:
    """How the document itself spells words, and compounds of two parts."""

    words: Collection[str]
    compounds: Collection[tuple[str, str]]


def join_hyphens(pages: Sequence[PageText]) -> list[PageText]:
    """The pages with the words that line ends cut made whole: `infor-` `mation`, while `non-` `GAAP` stays hyphenated.

    The document decides: by how it spells the word elsewhere; else whether both halves are English words, and the whole
    is none. A word that the end of a page cuts is made whole too: that page then `runs_on`.
    """
    cut = [_is_cut(page.text, after.text) for page, after in pairwise(pages)]
    if not any(cut) and not any(HYPHEN in page.text for page in pages):
        return list(pages)
    known = _known(pages)
    joined: list[PageText] = []
    for index, page in enumerate(pages):
        runs_on = index < len(cut) and cut[index]
        following = pages[index + 1].text if runs_on else ""
        edits = _hyphens(page.text, following, known)
        joined.append(replace(rewritten(page, edits), runs_on=runs_on))
    return joined


def _is_cut(text: str, following: str) -> bool:
    """Whether a page's last word goes on upon the next page."""
    return text[-1:] in (HYPHEN, "-", "\u2010") and text[-2:-1].isalpha() and following[:1].islower()


def _known(pages: Sequence[PageText]) -> _Known:
    words: set[str] = set()
    compounds: set[tuple[str, str]] = set()
    for token in {token for page in pages for token in _COMPOUND.findall(page.text.lower())}:
        parts = token.split("-")
        words.update(part for part in parts if HYPHEN not in part)
        compounds.update(pair for pair in pairwise(parts) if HYPHEN not in "".join(pair))
    return _Known(words, compounds)


def _hyphens(text: str, following: str, known: _Known) -> Iterator[Edit]:
    """Edits that settle each marked hyphen, and that at the end of a page that runs on: nothing or `-`."""
    places = [match.start() for match in re.finditer(HYPHEN, text)]
    if following and not text.endswith(HYPHEN):
        places.append(len(text) - 1)
    for at in places:
        before = re.search(rf"{_WORD}*\Z", text[max(0, at - _REACH) : at])
        after = re.match(rf"{_WORD}*", text[at + 1 : at + 1 + _REACH] or following[:_REACH])
        left, right = before[0] if before else "", after[0] if after else ""
        yield at, at + 1, "-" if _stays(left, right, known) else ""


def _stays(left: str, right: str, known: _Known) -> bool:
    """Whether a hyphen at a line's end belongs to the word."""
    a, b = left.lower(), right.lower()
    if (a, b) in known.compounds or not a or not b:
        return True
    if a + b in known.words:
        return False
    if not (left[-1].islower() and right[0].islower()):
        return True
    english = _english()
    if a + b in english:
        return False
    if a in known.words and b in known.words:
        return True
    if f" {a} " in _PREFIXES or f" {b} " in _ENDINGS:
        return False
    return min(len(a), len(b)) >= _LEAST_PART and a in english and b in english


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """22,000 frequent English words, such as the vocabulary of the default encoder has."""
    return frozenset(Path(__file__).with_name("english_words.txt").read_text(encoding="ascii").split())
