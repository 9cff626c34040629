"""The chunker with the real encoder, and with texts of many megabytes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.types import Document, Heading, Tokens
from tests.support.fakes import FakeEncoder

ODD = [
    "Plain words, and more of them. " * 40,
    "天文台的镜面很大，夜间观测需要望远镜。" * 30,
    "望遠鏡は夜に使う。カタカナとひらがなのことば、ながいぶんしょう。" * 20,
    "กล้องโทรทรรศน์ใช้ในเวลากลางคืน" * 40,
    "천문대의 망원경은 밤에 쓴다. " * 30 + "각" * 150,
    "مرصد النجوم ليلا. \u202bשלום עולם\u202c " * 30,
    "👨\u200d👩\u200d👧\u200d👦 🇫🇷 👍🏽 " * 40 + "👩\u200d" * 300,
    "e\u0301\u0302\u0323" * 200 + " o\u0308 " * 50 + "\u0301" * 250,
    "zero\u200bwidth\u00adsoft\x07bell\x1cfile\x85next\u2028line\ufffd " * 30,
    "≠∑→™ﷺﬁİǅΐ" * 80,
    "[SEP] [CLS][UNK][MASK] ##ing [SE" * 40,
    "....!?…---'''\"\"(((" * 80,
    "aGVsbG8gd29ybGQ+/" * 400,
    "x" * 3000,
    "1,234.56 $7.8 (9.0%) — 3M’s U.S. sales, e.g. Dr. No. 5\n" * 40,
]


@pytest.fixture(scope="module")
def encoder() -> BiEncoder:
    """The default encoder, with its window of 256."""
    return BiEncoder.load()


def check_against(encoder: BiEncoder, document: Document, settings: ChunkSettings) -> None:
    """Every input's ids are the tokens of its text and fit the window; every passage is its slice."""
    pairs = list(Chunker(encoder, settings).chunk(document))
    ids = [tokens.ids.tolist() for tokens in encoder.tokenize([seen.text for _, seen in pairs])]
    assert [seen.token_ids.tolist() for _, seen in pairs] == ids
    assert max(map(len, ids)) <= encoder.passage_budget == 254
    assert [document.text[passage.start : passage.end] for passage, _ in pairs] == [p.text for p, _ in pairs]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("passage_tokens", [8, 200])
def test_inputs_hold_the_tokens_of_their_text(encoder: BiEncoder, text: str, passage_tokens: int) -> None:
    """Reused tokens equal fresh ones of the input's text, in any script and for words of any length."""
    document = Document(
        text=text, media_type="", title="A title [SEP] and 題", headings=[Heading(1, "Süß x\u0301", 0, 0)]
    )
    check_against(encoder, document, ChunkSettings(passage_tokens=passage_tokens, overlap_tokens=3))


def test_inputs_hold_the_tokens_of_real_documents(encoder: BiEncoder, real_data: Path) -> None:
    """The same for a speech, an article with its references, and chat logs, which hold code and JSON."""
    for name in ("state_of_the_union.md", "wikitexts.md", "chatlogs.md"):
        text = (real_data / "files" / "chunking-eval" / "corpora" / name).read_text(encoding="utf-8")
        check_against(encoder, Document(text=text, media_type="text/markdown", title=name), ChunkSettings())


def test_a_speech_is_cut_at_its_paragraphs(encoder: BiEncoder, real_data: Path) -> None:
    """Passages of a real speech end with its sentences, most of them with its paragraphs, and are well filled."""
    text = (real_data / "files" / "chunking-eval" / "corpora" / "state_of_the_union.md").read_text(encoding="utf-8")
    pairs = list(Chunker(encoder, ChunkSettings(overlap_tokens=0)).chunk(Document(text=text, media_type="")))
    assert pairs[0][0].text.startswith("Good evening. Good evening. If I were smart, I’d go home now.")
    assert {passage.text[-1] in ".!?”" for passage, _ in pairs} == {True}
    assert sum(text[p.end : p.end + 2] == "\n\n" for p, _ in pairs) > 0.8 * len(pairs)
    assert 140 < np.mean([len(seen.token_ids) for _, seen in pairs]) <= 200


def test_nothing_is_lost_to_unknown_tokens_in_a_long_word(encoder: BiEncoder) -> None:
    """A word of 100,000 characters reaches the encoder as its pieces, none of them the unknown token."""
    unknown = encoder.tokenize(["x" * 101])[0].ids.tolist()
    pairs = list(Chunker(encoder, ChunkSettings()).chunk(Document(text="x" * 100_000, media_type="")))
    assert "".join(passage.text for passage, _ in pairs) == "x" * 100_000
    assert unknown not in [[token] for _, seen in pairs for token in seen.token_ids.tolist()]
    assert {seen.cut for _, seen in pairs} == {False}


class WordEncoder(FakeEncoder):
    """A token for each run between spaces, found fast enough for millions."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Ids are all 7."""
        found = []
        for text in texts:
            inked = np.concatenate([[0], np.frombuffer(text.encode("ascii"), np.uint8) > 32, [0]])
            edges = np.flatnonzero(np.diff(inked)).astype(np.int32).reshape(-1, 2)
            found.append(Tokens(np.full(len(edges), 7, np.int32), edges[:, 0], edges[:, 1]))
        return found


@pytest.mark.parametrize(
    ("make", "passages"),
    [
        pytest.param(lambda size: "some words of one paragraph " * (size // 28), 8929, id="one paragraph"),
        pytest.param(lambda size: "a" * size, 501, id="one word"),
        pytest.param(lambda size: " " * size + "a", 1, id="blank"),
        pytest.param(lambda size: ". " * (size // 2), 25_000, id="dots"),
        pytest.param(lambda size: "." * size, 2, id="one row of dots"),
        pytest.param(lambda size: "\n \n" * (size // 3) + "a", 1, id="blank lines"),
    ],
)
@pytest.mark.slow
def test_time_grows_with_the_text_alone(make: Callable[[int], str], passages: int) -> None:
    """10 MB of one paragraph, one word, blanks or dots take seconds: nothing is walked twice."""
    document = Document(text=make(10_000_000), media_type="")
    started = time.process_time()
    count = sum(1 for _ in Chunker(WordEncoder(window=256), ChunkSettings(overlap_tokens=0)).chunk(document))
    assert time.process_time() - started < 20
    assert count == passages


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text() -> None:
    """25 MB of text are cut, passage by passage, in a few MB beside the text, whatever its length."""
    line = "some words of a long text " * 12 + "and their end.\n"
    document = Document(text=line * (25_000_000 // len(line)), media_type="")
    chunker = Chunker(WordEncoder(window=1024), ChunkSettings(passage_tokens=1000))
    covered = 0
    tracemalloc.start()
    for passage, _ in chunker.chunk(document):
        covered = passage.end
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert covered == len(document.text) - 1
    assert peak < 23 << 20  # 16 of them whatever the length
