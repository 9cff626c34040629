"""Promise 6: a new encoder or chunking is a new version, built beside the old one from what is stored, then swapped."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import Progress, ingest
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing import passage_writer
from passagework.retrieval import ConfigError, IndexMismatchError, ModelUnavailableError, StoreError
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import EncodingError
from passagework.retrieval.folder import publish
from passagework.retrieval.store import Snapshot, Store
from passagework.retrieval.types import TokenIds, Vectors
from tests.support.collection_checks import answers, assert_same_answers, brief, check_whole
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

QUERIES = ["red apples", "owl number 3", "about page 2"]
LONG = "\n\n".join(f"Paragraph {i} is about apples, pears and plums of kind {i}." for i in range(8))
OFFLINE = Settings(workers=1, offline=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long document, one with headings, one with pages, records with fields, and a file that failed."""
    base = tmp_path_factory.mktemp("rebuild")
    docs = base / "docs"
    docs.mkdir()
    (docs / "long.txt").write_text(LONG)
    (docs / "guide.md").write_text("---\nauthor: Ann\n---\n# Guide\n\nRed apples.\n\n## Store\n\nIn a cellar.\n")
    (docs / "print.pdf").write_bytes(typed([[f"All about page {i}"] for i in (1, 2, 3)]))
    (docs / "r.jsonl").write_text(
        "".join(json.dumps({"_id": f"r{i}", "text": f"owl number {i}"}) + "\n" for i in range(5))
    )
    (docs / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    report = ingest([docs], base / "c", encoder=FakeEncoder(), passage_tokens=40, overlap=0, settings=OFFLINE)
    assert [problem.path for problem in report.failed] == ["bad.pdf"]
    return base


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A copy of that collection."""
    shutil.copytree(template / "c", tmp_path / "c")
    return tmp_path / "c"


def versions(path: Path) -> list[str]:
    """Version folders there are."""
    return sorted(entry.name for entry in path.glob("v*"))


def hashes(version: Path) -> set[bytes]:
    """Of the texts that vectors are stored for."""
    with closing(sqlite3.connect(version / "store.db")) as connection:
        return {row[0] for row in connection.execute("SELECT hash FROM vectors")}


def everything(path: Path) -> tuple[Any, ...]:
    """What a collection holds besides passages: documents with text and structure, and the record of each file."""
    with Collection.open(path) as collection:
        rows = collection.documents()
        documents = [(collection.document(row.id), row.sha256, row.position) for row in rows]
        sources = [(s.uri, s.path, s.sha256, s.media_type, s.state, s.reason, s.notes) for s in collection.sources()]
        return documents, sources


class TestNewVersion:
    """What a rebuild makes, and what it leaves."""

    def test_another_encoder(self, template: Path, path: Path) -> None:
        """Everything is kept but the vectors; it answers as a collection made with that encoder from the files."""
        before = everything(path)
        other = FakeEncoder(seed="-2", dim=24)
        assert rebuild(path, encoder=other, settings=OFFLINE) == path / "v0002"
        assert everything(path) == before
        afresh = path.parent / "afresh"
        ingest([template / "docs"], afresh, encoder=other, passage_tokens=40, overlap=0, settings=OFFLINE)
        assert check_whole(path, other) == check_whole(afresh, other)
        assert_same_answers(answers(path, other, QUERIES), answers(afresh, other, QUERIES))

    def test_another_chunking(self, template: Path, path: Path) -> None:
        """Only the texts that are cut in another way are encoded; the other vectors are copied."""
        encoder = FakeEncoder()
        rebuild(path, encoder=encoder, passage_tokens=15, settings=OFFLINE)
        with Collection.open(path, encoder=encoder) as collection:
            assert collection.status().chunking == {"passage_tokens": 15, "overlap_tokens": 0, "whole": False}
            [row] = collection.documents(where={"path": "long.txt"})
            assert row.passages == 8
        texts, known = hashes(path / "v0002"), hashes(path / "v0001")
        assert encoder.encoded == len(texts - known) + 1  # the probe
        assert len(texts & known) >= 5  # the records
        afresh = path.parent / "afresh"
        ingest([template / "docs"], afresh, encoder=encoder, passage_tokens=15, overlap=0, settings=OFFLINE)
        assert_same_answers(answers(path, encoder, QUERIES), answers(afresh, encoder, QUERIES))

    def test_nothing_new(self, path: Path) -> None:
        """The same encoder and chunking: a version of the same answers, for which nothing is encoded."""
        expected = answers(path, FakeEncoder(), QUERIES)
        encoder = FakeEncoder()
        rebuild(path, encoder=encoder, settings=OFFLINE)
        assert encoder.encoded <= 1  # the probe
        assert answers(path, FakeEncoder(), QUERIES) == expected

    def test_the_version_before_is_kept(self, path: Path) -> None:
        """And those before that go; what else lies in the folder stays."""
        (path / "judgments.json").write_text("{}")
        for tokens, expected in ((15, ["v0001", "v0002"]), (20, ["v0002", "v0003"]), (25, ["v0003", "v0004"])):
            rebuild(path, encoder=FakeEncoder(), passage_tokens=tokens, settings=OFFLINE)
            assert versions(path) == expected
            assert (path / "CURRENT").read_text() == f"{expected[1]}\n"
        assert (path / "judgments.json").exists()

    def test_the_version_before_stays_as_it_is(self, path: Path) -> None:
        """Not even swept: what fails behind the new version's publication can't be told as a failure of it."""
        with Store.open(path / "v0001" / "store.db") as store, store.write() as writer:
            writer.expect_unused()
        before = (path / "v0001" / "store.db").read_bytes()
        rebuild(path, encoder=FakeEncoder(), passage_tokens=20, overlap=0, settings=OFFLINE)
        assert (path / "v0001" / "store.db").read_bytes() == before

    def test_ingest_goes_on_in_the_new_version(self, template: Path, path: Path, tmp_path: Path) -> None:
        """Files are known: what did not change is not read again, what failed is tried again."""
        docs = tmp_path / "docs"
        shutil.copytree(template / "docs", docs)
        other = FakeEncoder(seed="-2")
        rebuild(path, encoder=other, settings=OFFLINE)
        report = ingest([template / "docs"], path, encoder=other, settings=OFFLINE)
        assert (report.unchanged, report.added, report.updated) == (8, 0, 0)
        assert [problem.path for problem in report.failed] == ["bad.pdf"]

    def test_whole(self, path: Path) -> None:
        """One passage a document, cut at the window and counted as cut."""
        rebuild(path, encoder=FakeEncoder(), whole=True, settings=OFFLINE)
        with Collection.open(path, encoder=FakeEncoder()) as collection:
            status = collection.status()
            assert (status.documents, status.passages, status.cut) == (8, 8, 1)

    def test_progress(self, path: Path) -> None:
        """It is told file by file."""
        seen: list[Progress] = []
        rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE, progress=seen.append)
        assert [(one.files, one.total_files) for one in seen] == [(i, 5) for i in range(1, 6)]

    def test_of_an_empty_collection(self, path: Path) -> None:
        """Is empty."""
        delete(path, ["*"])
        rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE)
        with Collection.open(path, encoder=FakeEncoder(seed="-2")) as collection:
            assert collection.search("owl").hits == ()


class BreaksDown(FakeEncoder):
    """Fails at the n-th call."""

    def __init__(self, *, seed: str, calls: int) -> None:
        super().__init__(seed=seed)
        self.calls = calls

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """As FakeEncoder, until it breaks down."""
        self.calls -= 1
        if self.calls < 0:
            raise RuntimeError("out of memory")
        return super().encode_tokens(token_ids)


class TestInterrupted:
    """The old version answers until the new one is whole; the next rebuild goes on from where the last one stopped."""

    @pytest.fixture
    def half_way(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A rebuild that broke down when some documents were committed."""
        monkeypatch.setattr(passage_writer, "GROUP_DOCUMENTS", 2)
        with pytest.raises(EncodingError, match="out of memory"):
            rebuild(path, encoder=BreaksDown(seed="-2", calls=4), settings=OFFLINE)
        return path

    def test_goes_on(self, half_way: Path, template: Path) -> None:
        """In the same folder, encoding only the rest."""
        expected = answers(template / "c", FakeEncoder(), QUERIES)
        assert versions(half_way) == ["v0001", "v0002"]
        assert answers(half_way, FakeEncoder(), QUERIES) == expected
        encoder, uninterrupted = FakeEncoder(seed="-2"), FakeEncoder(seed="-2")
        assert rebuild(half_way, encoder=encoder, settings=OFFLINE).name == "v0002"
        assert versions(half_way) == ["v0001", "v0002"]
        shutil.copytree(template / "c", half_way.parent / "again")
        rebuild(half_way.parent / "again", encoder=uninterrupted, settings=OFFLINE)
        assert 0 < encoder.encoded < uninterrupted.encoded - 3
        found = answers(half_way, encoder, QUERIES)
        assert_same_answers(found, answers(half_way.parent / "again", encoder, QUERIES))

    def test_notices_what_changed_meanwhile(self, half_way: Path, template: Path) -> None:
        """A document updated, two deleted on purpose, one ingested by another path: as the live version has them."""
        delete(half_way, ["guide.md", "r1"])
        long = template / "docs" / "long.txt"
        long.write_text(LONG + "\n\nAnd one more about figs.")
        ingest([long], half_way, encoder=FakeEncoder(), settings=OFFLINE)
        long.write_text(LONG)
        ingest([template], half_way, include=["docs/print.pdf"], encoder=FakeEncoder(), settings=OFFLINE)
        before = everything(half_way)
        encoder = FakeEncoder(seed="-2")
        rebuild(half_way, encoder=encoder, settings=OFFLINE)
        assert everything(half_way) == before
        check_whole(half_way, encoder)
        with Collection.open(half_way, encoder=encoder) as collection:
            paths = [row.path for row in collection.documents()]
            assert paths == ["docs/print.pdf", "long.txt", *["r.jsonl"] * 4]
            assert "figs" in collection.search("one more about figs", k=1)[0].text
        report = ingest([template / "docs"], half_way, encoder=encoder, settings=OFFLINE)
        assert (report.added, report.updated, report.unchanged) == (2, 1, 5), "what was deleted counts as ingested"

    def test_to_something_else(self, half_way: Path) -> None:
        """An unfinished version for other settings is not taken up, and goes."""
        other = FakeEncoder(seed="-3")
        assert rebuild(half_way, encoder=other, settings=OFFLINE).name == "v0003"
        assert versions(half_way) == ["v0001", "v0003"]
        check_whole(half_way, other)


class TestIdentity:
    """A collection remembers its encoder and refuses another, naming both. Backend and precision are not identity."""

    def test_another_encoder_is_refused_after_the_swap(self, path: Path) -> None:
        """The old one now is the other."""
        rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE)
        message = (
            r"built with fake-2 \(weights .*\), not with fake \(weights .*\): use that encoder, or run `passagework reb"
        )
        with pytest.raises(IndexMismatchError, match=message):
            Collection.open(path, encoder=FakeEncoder())

    def test_a_reader_with_the_old_encoder_is_told(self, path: Path) -> None:
        """It goes on by words, and refuses to compare its vectors with the new ones."""
        with Collection.open(path, encoder=FakeEncoder()) as collection:
            collection.search("owl", stage="dense")
            rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE)
            assert collection.search("owl", stage="lexical", k=1)[0].text.startswith("owl")
            with pytest.raises(IndexMismatchError, match="built with fake-2"):
                collection.search("owl", stage="dense")

    def test_swap_in_the_midst_of_a_search(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A search that began in the old version ends there, with the old version's encoder."""
        rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE)
        publish(path, path / "v0001")
        original = Snapshot.last_change

        def swapping(snapshot: Snapshot) -> int:
            found = original(snapshot)
            publish(path, path / "v0002")
            return found

        with Collection.open(path, encoder=FakeEncoder()) as collection:
            expected = brief(collection.search("owl number 3"))
            monkeypatch.setattr(Snapshot, "last_change", swapping)
            assert brief(collection.search("owl number 3")) == expected
            publish(path, path / "v0001")
            assert collection.context("owl number 3", k=1).citations[0].document == "r3"
            with pytest.raises(IndexMismatchError, match="built with fake-2"):
                collection.search("owl number 3")

    @pytest.mark.parametrize(("noise", "accepted"), [(0.02, True), (0.2, False)])
    def test_another_backend(self, path: Path, noise: float, accepted: bool) -> None:
        """Is accepted where a probe's vectors agree to 0.995, by open and by ingest; else refused, with the cosine."""

        class Elsewhere(FakeEncoder):
            backend = "torch elsewhere bf16"

            def _encode(self, token_ids: Sequence[TokenIds]) -> Vectors:
                rows = super()._encode(token_ids)
                rows = rows + noise * np.roll(rows, 1, axis=1)
                return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

        if accepted:
            with Collection.open(path, encoder=Elsewhere()) as collection:
                assert collection.search("owl number 3", k=1)[0].document == "r3"
                assert collection.status().backend == "fake"
            return
        message = (
            r"fake on torch elsewhere bf16 gives other vectors than on fake.*cosine is 0\.9\d+, expected at least 0.995"
        )
        with pytest.raises(IndexMismatchError, match=message):
            Collection.open(path, encoder=Elsewhere())
        with pytest.raises(IndexMismatchError, match=message):
            ingest([Path(__file__)], path, encoder=Elsewhere(), settings=OFFLINE)


class TestRefused:
    """What can't be done leaves everything as it was."""

    def test_model_that_is_not_there(self, path: Path) -> None:
        """No version is begun."""
        with pytest.raises(ModelUnavailableError, match="no/such-model"):
            rebuild(path, encoder="no/such-model", settings=OFFLINE)
        assert versions(path) == ["v0001"]

    def test_impossible_chunking(self, path: Path) -> None:
        """Likewise."""
        with pytest.raises(ConfigError, match="passage_tokens is 500"):
            rebuild(path, encoder=FakeEncoder(), passage_tokens=500, settings=OFFLINE)
        with pytest.raises(ConfigError, match="overlap_tokens is 30"):
            rebuild(path, encoder=FakeEncoder(), passage_tokens=40, overlap=30, settings=OFFLINE)
        assert versions(path) == ["v0001"]

    def test_no_collection(self, tmp_path: Path) -> None:
        """Says so, and makes none."""
        with pytest.raises(StoreError, match="no collection at"):
            rebuild(tmp_path / "x", encoder=FakeEncoder(), settings=OFFLINE)
        assert list(tmp_path.iterdir()) == []
