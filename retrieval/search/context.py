"""Turns hits into cited text for a language model, within a budget of tokens.

A block is a line that says where its text is from, then the text, exactly as it stands in the document, but for what
its readers don't see: that is left out, and marked, for so documents speak to a language model behind people's backs.

    [1] Travel policy › Approval — policies/travel.pdf, pp. 3–4
    Trips abroad are approved by ...

Blocks are numbered from 1 in order of their best hit, a blank line apart. Text is quoted as is, so a document may hold
lines that look like such a header: what a citation says, `Context.citations` says, and nothing in the text can change
it. Titles, headings and paths are put on one line each, and can't start a line of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.hidden import cut_to, has_visible_text, without_hidden
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.text import collapsed, place_list
from passagework.retrieval.types import Hidden, Ocr

GAP = 200
"""Characters of one document between two passages, at most, that are quoted along rather than cited apart."""

SHINGLE = 5
"""Words of a shingle (Broder, On the resemblance and containment of documents, 1997)."""

CONTAINED = 0.8
"""Share of a passage's shingles that another must hold for the passage to say nothing new."""

# A word, or one character of a script that is written without spaces: Thai to Burmese, Khmer, Kana and Han.
_WORD = re.compile(r"[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")
_NUMBER = re.compile(r"[-+−]?\d+(?:[.,:/]\d+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？．]+[」』）”’]*|\S(?=\s*\n\s*\n)")
_WORD_END = re.compile(r"\S(?=\s|$)")
_VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class _Block:
    """Holds `[start, end)` of one document, with the hits in it, best first."""

    hits: tuple[Hit, ...]
    start: int
    end: int
    text: str
    hidden: tuple[Hidden, ...]

    def reaches(self, hit: Hit) -> bool:
        """Tells whether a hit overlaps it, touches it, or is so near that what is between may be quoted too."""
        return self.hits[0].uri == hit.uri and hit.start <= self.end + GAP and self.start <= hit.end + GAP

    def overlaps(self, hit: Hit) -> bool:
        return self.hits[0].uri == hit.uri and hit.start < self.end and self.start < hit.end


@dataclass(frozen=True, slots=True)
class _Content:
    """Holds a quoted passage in the forms that others are compared with."""

    folded: str
    shingles: frozenset[tuple[str, ...]]
    numbers: Counter[str]

    def covers(self, other: _Content) -> bool:
        """Tells whether the other passage adds nothing: it is equal but for case and white space, or nearly contained.

        One that has a number which this one lacks does add something, however much they share.
        """
        if self.folded == other.folded:
            return True
        if not other.shingles or other.numbers - self.numbers:
            return False
        return len(other.shingles & self.shingles) >= CONTAINED * len(other.shingles)


def build_context(
    hits: Hits,
    *,
    max_tokens: int,
    count_tokens: Callable[[str], int],
    slice_text: Callable[[Hit, int, int], str],
    hidden_in: Callable[[Hit, int, int], tuple[Hidden, ...]],
) -> Context:
    """Returns the best hits as cited text of at most `max_tokens`, counted by `count_tokens` over the whole of it.

    `slice_text(hit, start, end)` gives `[start, end)` of that hit's document, `hidden_in` what readers don't see of it.
    Hits of which they see nothing are left out. The others are taken in order of rank: one that
    says what a quoted one says is left out; those of one document that overlap or stand near each other become one
    block. The first that doesn't fit ends it, so that no hit is quoted in place of a better one; where that is the very
    first, it is cut at the end of a sentence or word, and its citation ends there. Raises ConfigError where the budget
    holds no text at all, saying the least that would.
    """
    if max_tokens < 1 and not hits:
        raise ConfigError(f"max_tokens is {max_tokens}: give at least 1")
    blocks: list[_Block] = []
    quoted: list[_Content] = []
    for hit in hits:
        if not has_visible_text(hit.text, hit.start, hit.hidden):
            continue
        content = _content_of(without_hidden(hit.text, hit.start, hit.hidden))
        if not any(block.overlaps(hit) for block in blocks) and any(passage.covers(content) for passage in quoted):
            continue
        wider = _with_hit(blocks, hit, slice_text, hidden_in)
        if count_tokens(_render(wider)) > max_tokens:
            blocks = blocks or [_cut(wider[0], max_tokens, count_tokens)]
            break
        blocks = wider
        quoted.append(content)
    text = _render(blocks)
    return Context(
        query=hits.query,
        text=text,
        tokens=count_tokens(text) if text else 0,
        max_tokens=max_tokens,
        citations=tuple(_citation(number, block) for number, block in enumerate(blocks, 1)),
        plan=hits.plan,
        relevant=hits.relevant,
    )


def _with_hit(
    blocks: Sequence[_Block],
    hit: Hit,
    slice_text: Callable[[Hit, int, int], str],
    hidden_in: Callable[[Hit, int, int], tuple[Hidden, ...]],
) -> list[_Block]:
    """Returns the blocks with one more hit, merged with those that it reaches, in the place of the best of them."""
    near = [block for block in blocks if block.reaches(hit)]
    start = min([hit.start, *(block.start for block in near)])
    end = max([hit.end, *(block.end for block in near)])
    members = sorted([hit, *(member for block in near for member in block.hits)], key=lambda member: member.rank)
    merged = _Block(tuple(members), start, end, slice_text(hit, start, end), hidden_in(hit, start, end))
    return sorted([merged, *(block for block in blocks if block not in near)], key=lambda block: block.hits[0].rank)


def _cut(block: _Block, max_tokens: int, count_tokens: Callable[[str], int]) -> _Block:
    """Returns the longest beginning of a block that fits, to the last end of a sentence, if that is at least half.

    Then to the last end of a word; a script without spaces, or a word longer than the budget, is cut at a character.
    """

    def cut_at(length: int) -> _Block:
        end = block.start + length
        return _Block(block.hits, block.start, end, block.text[:length], cut_to(block.hidden, block.start, end))

    def fits(length: int) -> bool:
        return count_tokens(_render([cut_at(length)])) <= max_tokens

    visible = _VISIBLE.search(block.text)
    first = visible.end() if visible else len(block.text)
    if not fits(first):
        least = count_tokens(_render([cut_at(first)]))
        raise ConfigError(f"max_tokens is {max_tokens}, too few for any text: give at least {least}")
    longest = first + bisect_right(range(first + 1, len(block.text)), False, key=lambda length: not fits(length))
    for pattern in (_SENTENCE_END, _WORD_END):
        ends = [match.end() for match in pattern.finditer(block.text) if longest / 2 <= match.end() <= longest]
        for end in reversed(ends):
            if fits(end):
                return cut_at(end)
    return cut_at(next(length for length in range(longest, 0, -1) if fits(length)))


def _content_of(text: str) -> _Content:
    words = _WORD.findall(text.casefold())
    return _Content(
        folded=" ".join(text.split()).casefold(),
        shingles=frozenset(zip(*(words[offset:] for offset in range(SHINGLE)), strict=False)),
        numbers=Counter(_NUMBER.findall(text)),
    )


def _render(blocks: Sequence[_Block]) -> str:
    return "\n\n".join(f"{_header(number, block)}\n{_shown(block)}" for number, block in enumerate(blocks, 1))


def _shown(block: _Block) -> str:
    return without_hidden(block.text, block.start, block.hidden) if block.hidden else block.text


def _header(number: int, block: _Block) -> str:
    """Returns one line: number, title and headings, path and record, pages or lines."""
    hit = block.hits[0]
    names = dict.fromkeys(name for name in map(collapsed, (hit.title, *_headings(block))) if name)
    place = [collapsed(hit.address if hit.path else hit.uri)]
    if within := place_list(_pages(block), _lines(block), _seconds(block)):
        place.append(within)
    return f"[{number}] " + " — ".join(part for part in (" › ".join(names), ", ".join(place)) if part)


def _headings(block: _Block) -> tuple[str, ...]:
    """Returns the headings that all of a block's hits stand under, outermost first."""
    shared = []
    for level in zip(*(hit.headings for hit in block.hits), strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return tuple(shared)


def _pages(block: _Block) -> tuple[int, ...]:
    return tuple(sorted({page for hit in block.hits for page in hit.pages}))


def _lines(block: _Block) -> tuple[int, ...]:
    lines = [line for hit in block.hits for line in hit.lines]
    return (min(lines), max(lines)) if lines else ()


def _seconds(block: _Block) -> tuple[float, ...]:
    seconds = [second for hit in block.hits for second in hit.seconds]
    return (min(seconds), max(seconds)) if seconds else ()


def _ocr(block: _Block) -> Ocr | None:
    """Returns the mean confidence over those of a block's hits that OCR read, by their length."""
    read = [(hit.ocr.confidence, hit.end - hit.start) for hit in block.hits if hit.ocr is not None]
    return Ocr(sum(mean * size for mean, size in read) / sum(size for _, size in read)) if read else None


def _citation(number: int, block: _Block) -> Citation:
    best = block.hits[0]
    return Citation(
        number=number,
        document=best.document,
        uri=best.uri,
        path=best.path,
        title=best.title,
        pages=_pages(block),
        start=block.start,
        end=block.end,
        headings=_headings(block),
        score=best.score,
        relevance=max((hit.relevance for hit in block.hits if hit.relevance is not None), default=None),
        text=_shown(block),
        metadata=best.metadata,
        hidden=block.hidden,
        root=best.root,
        lines=_lines(block),
        seconds=_seconds(block),
        ocr=_ocr(block),
    )
