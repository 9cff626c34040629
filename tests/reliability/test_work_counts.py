"""How much work an ingest does, counted, not timed: a slow machine changes none of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, event

from passagework.ingest import ingest
from passagework.ingest.writing.passage_writer import GROUP_DOCUMENTS, GROUP_TOKENS
from passagework.retrieval import BiEncoder
from passagework.retrieval.config import Settings
from passagework.retrieval.models.backends.openvino_library import openvino_available
from passagework.retrieval.types import TokenIds, Tokens, Vectors
from tests.support.collection_checks import NOUNS
from tests.support.fakes import WORDS, FakeEncoder

pytestmark = pytest.mark.slow

MOST_PADDING = {"openvino": 0.05, "torch": 0.12}
"""Share of the model's tokens: torch wants batches of few shapes (see `passagework.retrieval.models.batching`)."""

SHARED = "The same notice stands in every file: keep the doors shut."


class CountingEncoder(FakeEncoder):
    """Keeps every text it is asked to tokenise, and every list of token ids that it encodes, call by call."""

    def __init__(self) -> None:
        super().__init__(window=256)
        self.tokenised: Counter[str] = Counter()
        self.calls: list[list[tuple[int, ...]]] = []

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """As the fake does."""
        self.tokenised.update(texts)
        return super().tokenize(texts)

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """As the fake does."""
        self.calls.append([tuple(int(one) for one in ids) for ids in token_ids])
        return super().encode_tokens(token_ids)

    def forget(self) -> None:
        """Counts from here on."""
        self.tokenised.clear()
        self.calls.clear()
        self.encoded = 0


@contextmanager
def transactions() -> Iterator[list[str]]:
    """The writing transactions of every database meanwhile, each by how it ended: COMMIT or ROLLBACK."""
    ended: list[str] = []

    def end(how: str) -> Any:
        def note(connection: Any) -> None:
            if connection.get_execution_options().get("immediate"):
                ended.append(how)

        return note

    committed, rolled_back = end("COMMIT"), end("ROLLBACK")
    event.listen(Engine, "commit", committed)
    event.listen(Engine, "rollback", rolled_back)
    try:
        yield ended
    finally:
        event.remove(Engine, "commit", committed)
        event.remove(Engine, "rollback", rolled_back)


@contextmanager
def masks(encoder: BiEncoder) -> Iterator[list[NDArray[np.int32]]]:
    """The attention masks that the encoder's model gets meanwhile: 1 for a token, 0 for padding."""
    seen: list[NDArray[np.int32]] = []
    run = encoder._backend.text_vectors

    def noted(ids: NDArray[np.int32], mask: NDArray[np.int32], *, prompt_length: int) -> Vectors:
        seen.append(mask.copy())
        return run(ids, mask, prompt_length=prompt_length)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder._backend, "text_vectors", noted)
        yield seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve text files of words that differ, each with one paragraph that all share."""
    draw = random.Random(5)
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(12):
        own = " ".join(f"{draw.choice(NOUNS)}{draw.randrange(1000)}" for _ in range(300))
        (made / f"{number}.txt").write_text(f"{own}.\n\n{SHARED}\n", encoding="utf-8")
    return made


def test_each_text_is_tokenised_once(folder: Path, tmp_path: Path) -> None:
    """Chunking and encoding share one tokenisation: the words of a file go to the tokeniser once, never as passages."""
    encoder = CountingEncoder()
    report = ingest(folder, tmp_path / "c", encoder=encoder)
    assert report.passages > 12
    seen = Counter(word for text, times in encoder.tokenised.items() for word in WORDS.findall(text) * times)
    written = Counter(word for file in folder.iterdir() for word in WORDS.findall(file.read_text(encoding="utf-8")))
    own = {word for word in written if word.rstrip("0123456789") in NOUNS and word not in NOUNS}
    assert len(own) > 2000
    assert {word: seen[word] for word in own} == {word: written[word] for word in own}


def test_no_text_is_encoded_twice(tmp_path: Path) -> None:
    """Equal passages of many documents are one text to the encoder, in whichever group of a commit they come."""
    (tmp_path / "docs").mkdir()
    records = "".join(f'{{"_id": "{n}", "text": "{NOUNS[n % 5]} rests beside the {NOUNS[5]}"}}\n' for n in range(600))
    (tmp_path / "docs" / "r.jsonl").write_text(records, encoding="utf-8")
    encoder = CountingEncoder()
    report = ingest(tmp_path / "docs", tmp_path / "c", encoder=encoder)
    assert (report.passages, report.encoded) == (600, 5)
    texts = [ids for call in encoder.calls for ids in call if len(ids) == 5]
    assert len(texts) == len(set(texts)) == 5


def test_nothing_is_encoded_again(folder: Path, tmp_path: Path) -> None:
    """The second run over the same files tokenises no word of them, and encodes none."""
    encoder = CountingEncoder()
    ingest(folder, tmp_path / "c", encoder=encoder)
    encoder.forget()
    assert ingest(folder, tmp_path / "c", encoder=encoder).unchanged == 12
    assert encoder.encoded <= 1  # the probe at most
    assert not any(noun in text for text in encoder.tokenised for noun in NOUNS)


@pytest.mark.parametrize(("documents", "groups"), [(GROUP_DOCUMENTS // 2, 0), (4 * GROUP_DOCUMENTS, 4)])
def test_one_writing_transaction_a_group(documents: int, groups: int, tmp_path: Path) -> None:
    """Documents are committed by the group: to what a run of one document writes, each full group adds one transaction.

    The rest of the documents come with the record of their file, which a run of one has too.
    """
    encoder = FakeEncoder(window=256)
    ended = _transactions_of(_records(tmp_path / "docs", documents), tmp_path / "c", encoder)
    fixed = _transactions_of(_records(tmp_path / "one", 1), tmp_path / "d", encoder)
    assert set(ended) == {"COMMIT"}
    assert len(ended) - len(fixed) == groups


def test_long_texts_are_committed_by_their_tokens(tmp_path: Path) -> None:
    """A group also ends where its tokens are enough, so that a kill costs seconds: no call encodes many more."""
    encoder = CountingEncoder()
    (tmp_path / "docs").mkdir()
    draw = random.Random(6)
    for number in range(6):
        words = " ".join(f"{draw.choice(NOUNS)}{draw.randrange(100_000)}" for _ in range(GROUP_TOKENS // 2))
        (tmp_path / "docs" / f"{number}.txt").write_text(words, encoding="utf-8")
    ingest(tmp_path / "docs", tmp_path / "c", encoder=encoder)
    sizes = [sum(map(len, call)) for call in encoder.calls if len(call) > 1]
    assert sum(sizes) >= 6 * (GROUP_TOKENS // 2)
    assert max(sizes) < 2 * GROUP_TOKENS
    assert len(sizes) <= 1 + sum(sizes) // GROUP_TOKENS


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_little_of_what_the_model_reads_is_padding(backend: str) -> None:
    """Of the passages of a group, at most MOST_PADDING of the tokens that the model reads are padding."""
    if backend == "openvino" and not openvino_available():
        pytest.skip("the fast extra isn't installed")
    draw = random.Random(7)
    lengths = [draw.randint(60, 215) for _ in range(GROUP_TOKENS // 137)]
    encoder = BiEncoder.load(settings=Settings(backend=backend, device="cpu", offline=True))
    with masks(encoder) as seen:
        encoder.encode_tokens([np.full(length, 2054, dtype=np.int32) for length in lengths])
    read, real = sum(mask.size for mask in seen), sum(int(mask.sum()) for mask in seen)
    assert real >= sum(lengths) + 2 * len(lengths)
    assert 1 - real / read <= MOST_PADDING[backend]


def _records(folder: Path, count: int) -> Path:
    folder.mkdir()
    lines = "".join(f'{{"_id": "{n}", "text": "note {n} of {NOUNS[n % 30]}"}}\n' for n in range(count))
    (folder / "r.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _transactions_of(folder: Path, collection: Path, encoder: FakeEncoder) -> list[str]:
    with transactions() as ended:
        ingest(folder, collection, encoder=encoder)
    return ended
