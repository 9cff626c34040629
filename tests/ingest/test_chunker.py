"""The chunker's promises, as properties over made-up documents."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from passagework.ingest.chunker import Chunker, ChunkSettings, EncoderInput
from passagework.retrieval.types import Document, Heading, Page, Passage, Tokens
from passagework.retrieval.words.folding import folded
from tests.support.fakes import FakeEncoder

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


def chunk(
    document: Document, encoder: FakeEncoder | None = None, *, passage_tokens: int = 20, overlap_tokens: int = 0
) -> Pairs:
    """The document's passages, small ones and without overlap unless it is asked for."""
    chunking = ChunkSettings(passage_tokens=passage_tokens, overlap_tokens=overlap_tokens)
    return list(Chunker(encoder or FakeEncoder(), chunking).chunk(document))


ODD = (
    "望遠鏡は夜に使う。 天文台的镜面很大！ กล้องโทรทรรศน์ใช้ในเวลากลางคืน 천문대의 망원경 مرصد النجوم \u202bשלום\u202c "
    "e\u0301\u0302\u0323 👨\u200d👩\u200d👧\u200d👦 🇫🇷 👍🏽 \u200b \u00ad \x07 \x1c \u2028 ... --- !? ∑→≠ ﷺ [SEP] [UNK]"
)
PLAIN = "the of mirror telescope, night. Then! (see below) e.g. Dr. 3.14 a naïve don't state-of-the-art x."
WORDS = st.sampled_from([*PLAIN.split(" "), *ODD.split(" ")])
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
    text = draw(PROSE)
    headings: list[Heading] = []
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


@pytest.mark.slow
@given(document=st.one_of(documents(), unruly()), chunking=CHUNKINGS, encoder=ENCODERS)
@settings(max_examples=150, deadline=None)
def test_passages_are_slices_that_cover_the_text_in_order(
    document: Document, chunking: ChunkSettings, encoder: FakeEncoder
) -> None:
    """Passages equal their slices, are stripped and not blank, in order, leaving only blanks out."""
    text, covered, start = document.text, set[int](), -1
    for ordinal, (passage, _) in enumerate(Chunker(encoder, chunking).chunk(document)):
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert (passage.ordinal, passage.start > start) == (ordinal, True)
        start = passage.start
        covered |= set(range(passage.start, passage.end))
    assert [c for place, c in enumerate(text) if place not in covered and not c.isspace()] == []


@pytest.mark.slow
@given(document=st.one_of(documents(), unruly()), chunking=CHUNKINGS, encoder=ENCODERS)
@example(
    document=Document(
        text="\n\na b c d e f g h\n\n",
        media_type="",
        headings=[Heading(1, "Mirrors", 0, 0), Heading(2, "a b c d e f g h", 2, 17)],
    ),
    chunking=ChunkSettings(passage_tokens=15, overlap_tokens=0),
    encoder=ByteEncoder(window=64),
)
@settings(max_examples=150, deadline=None)
def test_what_the_encoder_reads_fits_and_is_what_its_text_says(
    document: Document, chunking: ChunkSettings, encoder: FakeEncoder
) -> None:
    """Context and passage fit the budget, the passage its own limit, and the ids are those of the text named.

    A passage that is nothing but its context is read once.
    """
    for passage, seen in Chunker(encoder, chunking).chunk(document):
        assert len(seen.token_ids) <= encoder.passage_budget
        read = folded(passage.text).strip()
        context = " > ".join(part for part in map(folded, (document.title, *passage.headings)) if part)
        if context == read:
            context = ""
        if not seen.cut:
            assert seen.text.startswith(f"{context}\n" if context else "")
            own = seen.text[len(context) + 1 if context else 0 :]
            assert len(encoder.tokenize([own])[0]) <= chunking.passage_tokens
            assert own.replace(" ", "") == read.replace(" ", "")
        if encoder.max_word_chars is not None:
            assert seen.token_ids.tolist() == encoder.tokenize([seen.text])[0].ids.tolist()
        elif not seen.cut:  # whole characters, all of their bytes
            assert bytes(seen.token_ids.tolist()) == (context + read).encode()


@given(document=documents(), chunking=CHUNKINGS)
@settings(max_examples=150, deadline=None)
def test_headings_and_pages_are_those_of_the_passage(document: Document, chunking: ChunkSettings) -> None:
    """Headings are the path at the passage's first body character; pages are those that share a character with it."""
    for passage, _ in Chunker(FakeEncoder(window=200), chunking).chunk(document):
        body = next((i for i in range(passage.start, passage.end) if is_body(document, i)), None)
        if body is not None:
            assert passage.headings == path_at(document, body)
        touched = [p.number for p in document.pages if max(p.start, passage.start) < min(p.end, passage.end)]
        assert passage.pages == tuple(touched)


@given(document=documents(), chunking=CHUNKINGS)
@settings(max_examples=150, deadline=None)
def test_passages_share_no_more_than_the_overlap(document: Document, chunking: ChunkSettings) -> None:
    """A passage starts in the one before by at most `overlap_tokens`, and behind it where that is 0."""
    encoder = FakeEncoder(window=200)
    passages = [passage for passage, _ in Chunker(encoder, chunking).chunk(document)]
    for before, after in pairwise(passages):
        shared = document.text[after.start : before.end]
        assert after.start >= before.end or len(encoder.tokenize([folded(shared)])[0]) <= chunking.overlap_tokens


@given(document=documents())
@settings(max_examples=150, deadline=None)
def test_no_passage_ends_in_a_heading_above_text(document: Document) -> None:
    """A heading goes with the text below it; at a passage's end it stands only where no text follows."""
    for passage, _ in chunk(document, FakeEncoder(window=400), passage_tokens=150):
        if not is_body(document, passage.end - 1):
            rest = range(passage.end, len(document.text))
            assert "".join(document.text[i] for i in rest if is_body(document, i) and document.text[i].isalnum()) == ""
