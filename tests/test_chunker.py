"""The chunker's promises, as properties over made-up documents, and as examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunker import Chunker, ChunkSettings
from retrieval.errors import ConfigError
from retrieval.types import Document, EncoderInput, Heading, Page, Passage, Tokens
from tests.fakes import FakeEncoder

Pairs = list[tuple[Passage, EncoderInput]]


class ByteEncoder(FakeEncoder):
    """A token for each byte, blank ones too, so that many characters have several; no limit to words."""

    max_word_chars = None

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Each byte's value; all bytes of a character have its offsets."""
        found = []
        for text in texts:
            lengths = [len(character.encode()) for character in text]
            at = np.repeat(np.arange(len(text), dtype=np.int32), lengths)
            found.append(Tokens(np.frombuffer(text.encode(), np.uint8).astype(np.int32), at, at + 1))
        return found


class RecordingEncoder(FakeEncoder):
    """Remembers what it was asked to tokenise."""

    def __init__(self, *, window: int = 64) -> None:
        super().__init__(window=window)
        self.seen: list[str] = []

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """As the fake does."""
        self.seen += texts
        return super().tokenize(texts)


def chunk(document: Document, encoder: FakeEncoder | None = None, **numbers: int) -> Pairs:
    """The document's passages under these settings, with no overlap unless it is given."""
    chunking = ChunkSettings(**{"passage_tokens": 20, "overlap_tokens": 0, **numbers})
    return list(Chunker(encoder or FakeEncoder(), chunking).chunk(document))


def texts(pairs: Pairs) -> list[str]:
    """The passages' texts."""
    return [passage.text for passage, _ in pairs]


def markdown(text: str, title: str = "") -> Document:
    """A document whose `#` lines are its headings."""
    headings = [
        Heading(len(match[1]), match[2], match.start(), match.end())
        for match in re.finditer(r"^(#+) (.*)$", text, re.MULTILINE)
    ]
    return Document(text=text, media_type="text/markdown", title=title, headings=headings)


def plain(text: str, title: str = "") -> Document:
    """A document without structure."""
    return Document(text=text, media_type="text/plain", title=title)


WORDS = st.sampled_from(
    "the of mirror telescope, night. Then! (see below) e.g. Dr. 3.14 a naïve don't state-of-the-art x. "
    "望遠鏡は夜に使う。 天文台的镜面很大！ กล้องโทรทรรศน์ใช้ในเวลากลางคืน 천문대의 망원경 مرصد النجوم \u202bשלום\u202c e\u0301\u0302\u0323 "
    "👨\u200d👩\u200d👧\u200d👦 🇫🇷 👍🏽 \u200b \u00ad \x07 \x1c \u2028 ... --- !? ∑→≠ ﷺ [SEP] [UNK]".split(" ")
)
LONG = st.builds(
    lambda unit, count: unit * count,
    st.sampled_from(["ab", "กา", "がぎ", "각", "e\u0301", "\u0301"]),
    st.integers(20, 130),
)
SPACES = st.sampled_from([" ", " ", " ", " ", "\n", "\n\n", "\n- ", "", "\u00a0", " \n \n", "\t", "\x0c", "。"])
PROSE = st.lists(st.tuples(st.one_of(WORDS, WORDS, WORDS, LONG), SPACES), max_size=60).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)
HEADS = st.tuples(
    st.integers(0, 3), st.sampled_from(["Mirrors", "Night work", "On", "望遠鏡", "Title", "a b c d e f g h"])
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Prose under headings, some without a place of their own, on pages that may be empty or missing."""
    text, headings = draw(PROSE), []
    for level, title in draw(st.lists(HEADS, max_size=5)):
        if level == 0:  # from an outline, with no position found
            headings.append(Heading(1 + len(headings) % 3, title, len(text), len(text)))
        else:
            text += "\n\n"
            headings.append(Heading(level, title, len(text), len(text) + len(title)))
            text += title + "\n\n"
        text += draw(PROSE)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pages = [Page(n, str(n), start, end) for n, (start, end) in enumerate(pairwise(cuts), start=1)]
    return Document(
        text=text,
        media_type="",
        title=draw(st.sampled_from(["", "Title", "A longer title"])),
        headings=headings,
        pages=pages,
    )


@st.composite
def unruly(draw: st.DrawFn) -> Document:
    """Any characters at all, with headings and pages anywhere."""
    text = draw(st.text(max_size=300))
    places = st.integers(0, len(text))
    spans = sorted(tuple(sorted(span)) for span in draw(st.lists(st.tuples(places, places), max_size=4)))
    headings = [Heading(1 + n % 2, f"H {n}", start, end) for n, (start, end) in enumerate(spans)]
    return Document(text=text, media_type="", title=draw(st.sampled_from(["", "\u200b", "T"])), headings=headings)


CHUNKINGS = st.builds(
    lambda tokens, share: ChunkSettings(passage_tokens=tokens, overlap_tokens=int(share * (tokens - 1) // 2)),
    st.integers(8, 60),
    st.sampled_from([0, 0.5, 1]),
)
ENCODERS = st.sampled_from([FakeEncoder(window=64), FakeEncoder(window=200), ByteEncoder(window=64)])


def path_at(document: Document, place: int) -> tuple[str, ...]:
    """The heading path in force, told the slow way."""
    path: list[Heading] = []
    for heading in document.headings:
        if heading.start <= place:
            path = [*(above for above in path if above.level < heading.level), heading]
    return tuple(heading.title for heading in path if heading.title != document.title)


def is_body(document: Document, place: int) -> bool:
    """Whether a character is neither blank nor a heading's."""
    return not document.text[place].isspace() and not any(h.start <= place < h.end for h in document.headings)


@given(document=st.one_of(documents(), unruly()), chunking=CHUNKINGS, encoder=ENCODERS)
@settings(max_examples=300, deadline=None)
def test_passages_are_slices_that_cover_the_text_in_order(
    document: Document, chunking: ChunkSettings, encoder: FakeEncoder
) -> None:
    """Passages equal their slices, are stripped and not blank, start one behind the other, and leave only blanks out."""
    text, covered, start = document.text, set[int](), -1
    for ordinal, (passage, _) in enumerate(Chunker(encoder, chunking).chunk(document)):
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert (passage.ordinal, passage.start > start) == (ordinal, True)
        start = passage.start
        covered |= set(range(passage.start, passage.end))
    assert [c for place, c in enumerate(text) if place not in covered and not c.isspace()] == []


@given(document=st.one_of(documents(), unruly()), chunking=CHUNKINGS, encoder=ENCODERS)
@settings(max_examples=300, deadline=None)
def test_what_the_encoder_reads_fits_and_is_what_its_text_says(
    document: Document, chunking: ChunkSettings, encoder: FakeEncoder
) -> None:
    """Context and passage fit the budget, the passage its own limit, and the ids are those of the text named."""
    for passage, given_input in Chunker(encoder, chunking).chunk(document):
        assert len(given_input.token_ids) <= encoder.passage_budget
        head, _, body = given_input.text.partition("\n")
        context = " > ".join(part for part in (document.title, *passage.headings) if part)
        if not given_input.cut and context.strip("\u200b"):
            assert head == context
        own = (
            [encoder.tokenize([part])[0] for part in (head, body)]
            if context.strip("\u200b")
            else [encoder.tokenize([given_input.text])[0]]
        )
        assert len(own[-1]) <= chunking.passage_tokens
        if encoder.max_word_chars is not None:
            assert given_input.token_ids.tolist() == encoder.tokenize([given_input.text])[0].ids.tolist()
            assert re.sub(r"\s", "", given_input.text).endswith(re.sub(r"\s", "", passage.text))


@given(document=documents(), chunking=CHUNKINGS)
@settings(max_examples=200, deadline=None)
def test_headings_and_pages_are_those_of_the_passage(document: Document, chunking: ChunkSettings) -> None:
    """Headings are the path at the passage's first body character; pages are those that share a character with it."""
    for passage, _ in Chunker(FakeEncoder(window=200), chunking).chunk(document):
        body = next((i for i in range(passage.start, passage.end) if is_body(document, i)), None)
        if body is not None:
            assert passage.headings == path_at(document, body)
        touched = [p.number for p in document.pages if max(p.start, passage.start) < min(p.end, passage.end)]
        assert passage.pages == tuple(touched)
