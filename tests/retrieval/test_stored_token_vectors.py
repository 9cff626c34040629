"""Rules of token vectors kept at ingest: whose they are, when they come and go, and that a search reads them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import Progress, ingest
from passagework.ingest.maintenance.doctor import Remedy, examine, repair, token_checks
from passagework.ingest.maintenance.exchange import export_collection, import_collection, snapshot_collection
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.writing import passage_writer, token_vectors
from passagework.retrieval import BiEncoder, ConfigError
from passagework.retrieval.collection.status import TokenVectorsStatus
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import EncodingError, StoreError
from passagework.retrieval.folder import current_version
from passagework.retrieval.late_interaction.kept_tokens import KeptTokens
from passagework.retrieval.late_interaction.stored_tokens import (
    TOKEN_RECORD,
    NoTokenVectors,
    TokenRecord,
    recorded_tokens,
)
from passagework.retrieval.late_interaction.token_encoder import token_vectors_of, token_windows
from passagework.retrieval.models.reranker_input import reranker_text_of
from passagework.retrieval.store import Snapshot, Store, token_rows
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import TokenIds, Vectors
from tests.reliability.test_kill import Target
from tests.support.collection_checks import brief, check_whole
from tests.support.fakes import WORDS, FakeEncoder, FakeTokenEncoder
from tests.support.tiny_encoders import tiny_encoder
from tests.ui.test_cli import run

OFFLINE = Settings(workers=1, offline=True)
QUERY = "ripe apples of the river"
TEXTS = {
    "a.md": "# Fruit\n\nRipe apples grow by the river.\n\n## Store\n\nIn a cellar, says the keeper.\n",
    "b.txt": "\n\n".join(f"Paragraph {i} is about apples, pears and plums of kind {i}." for i in range(24)),
    "c.jsonl": "".join(
        json.dumps({"_id": f"r{i}", "title": "Owls", "text": f"owl number {i // 2} by the river"}) + "\n"
        for i in range(6)
    ),
}


class Wordless(FakeTokenEncoder):
    """Has no token vectors after all."""

    has_token_vectors = False


class Twofold(FakeTokenEncoder):
    """Gives the vectors of texts and of their tokens of one pass."""

    def encode_tokens_twofold(self, token_ids: Sequence[TokenIds], take: Callable[[int, Vectors], None]) -> Vectors:
        """As both methods do, the longest text first."""
        for place in sorted(range(len(token_ids)), key=lambda place: -len(token_ids[place])):
            (vectors,) = super().encode_token_vectors([token_ids[place]], query=True)
            take(place, vectors)
        return self.encode_tokens(token_ids)


class BreaksDown(FakeTokenEncoder):
    """Fails at the n-th passage whose tokens are encoded."""

    def __init__(self, *, passages: int) -> None:
        super().__init__()
        self.left = passages

    def encode_token_vectors(self, token_ids: Sequence[TokenIds], *, query: bool = False) -> list[Vectors]:
        """As FakeTokenEncoder, until it breaks down."""
        self.left -= len(token_ids)
        if self.left < 0:
            raise RuntimeError("out of memory")
        return super().encode_token_vectors(token_ids, query=query)


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files; of the records two and two say the same."""
    folder = tmp_path_factory.mktemp("tokens") / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A server of tasks."""
    found = Target()
    yield found
    found.close()


def made(docs: Path, path: Path, **options: Any) -> Path:
    """A collection of them."""
    options = {"encoder": FakeTokenEncoder(), "settings": OFFLINE, **options}
    if not path.exists():
        options = {"passage_tokens": 40, "overlap": 8, **options}
    ingest([docs], path, **options)
    return path


@pytest.fixture(scope="module")
def kept(docs: Path) -> Path:
    """With token vectors, as by default."""
    return made(docs, docs.parent / "kept")


@pytest.fixture(scope="module")
def plain(docs: Path) -> Path:
    """Told to keep none."""
    return made(docs, docs.parent / "plain", token_vectors=False)


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    """A copy of the one that keeps them."""
    shutil.copytree(kept, tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def bare(plain: Path, tmp_path: Path) -> Path:
    """A copy of the other, as of a time when nothing was said of token vectors."""
    shutil.copytree(plain, tmp_path / "plain")
    edit(tmp_path / "plain", f"DELETE FROM meta WHERE key = '{TOKEN_RECORD}'")
    return tmp_path / "plain"


@contextmanager
def opened(path: Path) -> Iterator[Snapshot]:
    """A look into its database."""
    with Store.open(current_version(path) / "store.db") as store, store.read() as snapshot:
        yield snapshot


def stored(path: Path) -> dict[bytes, tuple[int, bytes]]:
    """Every row of token vectors, by hash."""
    with closing(sqlite3.connect(current_version(path) / "store.db")) as connection:
        return {row[0]: row[1:] for row in connection.execute("SELECT hash, tokens, codes FROM token_vectors")}


def record(path: Path) -> TokenRecord | None:
    """What it says of them."""
    with opened(path) as snapshot:
        return recorded_tokens(snapshot)


def check_kept(path: Path, encoder: FakeTokenEncoder | None = None) -> None:
    """Asserts that what is stored is, code by code, what would be made now: for every passage, and no more."""
    encoder = encoder or FakeTokenEncoder()
    with opened(path) as snapshot:
        found = recorded_tokens(snapshot)
        assert found is not None
        assert found.filled
        texts = {reranker_text_of(row) for row in snapshot.passages(list(range(1000)))}
        assert token_rows.count_without(snapshot) == 0
        assert token_rows.count_with(snapshot) == snapshot.passage_count()
    expected = {}
    for text in texts:
        windows = [window for at_once in token_windows(encoder, [text], found.kept) for window in at_once]
        codes = b"".join(found.codec.encode(window.vectors) for window in windows)
        expected[text_hash(text)] = (sum(window.tokens for window in windows), codes)
    assert stored(path) == expected
    assert examine(path, encoder=encoder).findings == ()


class TestIngest:
    """When they come and go."""

    def test_come_with_the_passages(self, kept: Path) -> None:
        """For each the token vectors of its text below title and headings; what is said twice is stored once."""
        check_kept(kept)
        with opened(kept) as snapshot:
            assert snapshot.passage_count() > len(stored(kept))
            found = record(kept)
            assert found == TokenRecord(1, 32, FakeTokenEncoder().fingerprint, filled=True)

    def test_are_of_content_words(self, kept: Path) -> None:
        """Stop words and punctuation have none; what counts as read is all of the text."""
        tokens, codes = stored(kept)[text_hash("Owls\nowl number 1 by the river")]
        (vectors,) = token_vectors_of(FakeTokenEncoder(), ["Owls owl number 1 river"])
        found = record(kept)
        assert found is not None
        assert (tokens, codes) == (7, found.codec.encode(vectors))

    def test_are_not_kept_where_none_were_wanted(self, plain: Path, docs: Path, tmp_path: Path) -> None:
        """Nor by later ingests, until they are asked for."""
        assert (stored(plain), record(plain)) == ({}, None)
        shutil.copytree(plain, tmp_path / "c")
        encoder = FakeTokenEncoder()
        with opened(tmp_path / "c") as snapshot:
            assert snapshot.meta(TOKEN_RECORD) == NoTokenVectors.UNWANTED.value
        for asked, keeps in ((None, False), (True, True)):
            ingest([docs], tmp_path / "c", encoder=encoder, token_vectors=asked, settings=OFFLINE)
            assert bool(stored(tmp_path / "c")) is keeps
        check_kept(tmp_path / "c")

    def test_one_pass_gives_both(self, docs: Path, tmp_path: Path, kept: Path) -> None:
        """Of an encoder that can: no passage is read twice, and what is stored is the same."""
        encoder = Twofold()
        made(docs, tmp_path / "c", encoder=encoder)
        assert encoder.encoded == len(stored(kept)) + 2  # and the probes
        assert stored(tmp_path / "c") == stored(kept)
        check_kept(tmp_path / "c")

    def test_of_what_is_there_already(self, bare: Path, kept: Path, docs: Path) -> None:
        """Passages of a collection made before get them with the next ingest, and progress tells; then all is done."""
        encoder, seen = FakeTokenEncoder(), list[Progress]()
        report = ingest([docs], bare, encoder=encoder, settings=OFFLINE, progress=seen.append)
        assert (report.unchanged, report.passages) == (8, 0)
        with opened(bare) as snapshot:
            count = snapshot.passage_count()
        assert report.token_vectors == count
        assert (seen[-1].filled, seen[-1].to_fill) == (count, count)
        check_kept(bare)
        assert stored(bare) == stored(kept)
        again = FakeTokenEncoder()
        assert ingest([docs], bare, encoder=again, settings=OFFLINE).token_vectors == 0
        assert again.encoded == 0

    def test_later_ingests_go_on_untold(self, path: Path, docs: Path, tmp_path: Path) -> None:
        """What comes gets them, what goes takes its own along, what others say too stays."""
        own = tmp_path / "docs"
        shutil.copytree(docs, own)
        moved = made(own, tmp_path / "c")
        (own / "d.txt").write_text("Quinces are ripe in October.")
        (own / "b.txt").write_text(TEXTS["b.txt"].replace("plums", "quinces"))
        made(own, moved)
        check_kept(moved)
        delete(moved, ["r0", "b.txt"])
        check_kept(moved)
        (own / "a.md").unlink()
        ingest([own], moved, encoder=FakeTokenEncoder(), delete_missing=True, settings=OFFLINE)
        check_kept(moved)

    def test_of_an_older_form(self, path: Path, kept: Path, docs: Path) -> None:
        """Of all tokens in four bits: searched as they are, looked at by doctors, and made anew by the next ingest."""
        as_of_old(path)
        with Collection.open(path, encoder=FakeTokenEncoder()) as collection:
            hits = collection.search(QUERY, k=20)
            assert collection.status().token_vectors == TokenVectorsStatus(
                bits=4,
                passages=collection.status().passages,
                bytes=sum(len(codes) for _, codes in stored(path).values()),
            )
        assert hits.plan.to_json()["token_vectors"] == "stored"
        check_kept(path)
        seen = list[Progress]()
        report = ingest([docs], path, encoder=FakeTokenEncoder(), settings=OFFLINE, progress=seen.append)
        assert (report.passages, report.token_vectors, seen[-1].filled) == (0, seen[-1].to_fill, seen[-1].to_fill)
        assert stored(path) == stored(kept)
        check_kept(path)

    def test_a_model_that_is_away_decides_nothing(self, bare: Path, docs: Path, tmp_path: Path) -> None:
        """A run that encodes nothing goes on without it; what to keep is decided when it is there again."""
        ingest([docs], bare, settings=OFFLINE)
        assert (stored(bare), record(bare)) == ({}, None)
        ingest([docs], bare, encoder=FakeTokenEncoder(), settings=OFFLINE)
        check_kept(bare)

    def test_an_encoder_that_gives_none_is_asked_once(self, docs: Path, tmp_path: Path) -> None:
        """It is recorded, so that a run that changes nothing loads no model."""
        path = made(docs, tmp_path / "c", encoder=FakeEncoder())
        with opened(path) as snapshot:
            assert snapshot.meta(TOKEN_RECORD) == NoTokenVectors.NOT_GIVEN.value
        assert examine(path, encoder=FakeEncoder()).well
        assert ingest([docs], path, settings=OFFLINE).unchanged == 8  # there is no model of that name to load

    def test_passages_are_counted(self, docs: Path, tmp_path: Path) -> None:
        """Each that got them, also where another says the same: so many as where they come later."""
        options: dict[str, Any] = {"encoder": FakeTokenEncoder(), "token_vectors": True, "settings": OFFLINE}
        report = ingest([docs], tmp_path / "c", **options)
        assert report.token_vectors == report.passages > len(stored(tmp_path / "c"))
        assert ingest([docs], tmp_path / "c", **options).token_vectors == 0

    def test_taken_out(self, path: Path, docs: Path) -> None:
        """All, with the record; the next ingest makes none."""
        for _ in range(2):
            ingest([docs], path, encoder=FakeEncoder(), token_vectors=False, settings=OFFLINE)
            assert (stored(path), record(path)) == ({}, None)
        made(docs, path)
        assert stored(path) == {}
        assert examine(path, encoder=FakeEncoder()).well

    def test_a_long_document_brings_them_ahead(self, docs: Path, tmp_path: Path, monkeypatch: Any) -> None:
        """Its passages are encoded in several commits before it comes; what breaks off in between is swept."""
        monkeypatch.setattr(passage_writer, "GROUP_TOKENS", 40)
        monkeypatch.setattr(passage_writer, "GROUP_DOCUMENTS", 3)
        with pytest.raises(EncodingError):
            made(docs, tmp_path / "c", encoder=BreaksDown(passages=14), token_vectors=True)
        left = stored(tmp_path / "c")
        assert left
        made(docs, tmp_path / "c")
        check_kept(tmp_path / "c")

    def test_long_passages_are_kept_in_windows(self, docs: Path, tmp_path: Path) -> None:
        """One passage a document, longer than the window: the windows' vectors one after another."""
        encoder = FakeTokenEncoder(window=16)
        ingest([docs], tmp_path / "c", encoder=encoder, whole=True, passage_tokens=10, token_vectors=True)
        check_kept(tmp_path / "c", FakeTokenEncoder(window=16))
        assert max(tokens for tokens, _ in stored(tmp_path / "c").values()) > 100
        with Collection.open(tmp_path / "c", encoder=FakeTokenEncoder(window=16)) as collection:
            hits = collection.search(QUERY, k=20)
            longer = [len(WORDS.findall(reranker_text_of(hit))) > 14 for hit in hits]
            assert hits.plan.reranked_in_windows == longer.count(True) == 2

    def test_beyond_all_measure(self, docs: Path, tmp_path: Path, monkeypatch: Any) -> None:
        """A passage too long to keep them is encoded when it is reranked; nothing is missing."""
        monkeypatch.setattr(token_vectors, "LONGEST", 60)
        path = made(docs, tmp_path / "c", token_vectors=True)
        assert {len(codes) > 0 for _, codes in stored(path).values()} == {True, False}
        assert examine(path, encoder=FakeTokenEncoder()).well
        with Collection.open(path, encoder=FakeTokenEncoder()) as collection:
            assert collection.search(QUERY, k=5).plan.to_json()["token_vectors"] == "partly stored"

    @pytest.mark.parametrize("encoder", [FakeEncoder(), Wordless()])
    def test_an_encoder_without(self, docs: Path, tmp_path: Path, bare: Path, path: Path, encoder: FakeEncoder) -> None:
        """Is refused before anything is written: new, asked for later, and where they are kept."""
        before = (bare / "v0001" / "store.db").read_bytes(), (path / "v0001" / "store.db").read_bytes()
        for collection, asked in ((tmp_path / "new", True), (bare, True), (path, None)):
            for dry in (True, False):
                if dry and not asked:
                    continue
                with pytest.raises(ConfigError, match="fake gives no vectors of tokens, so none can be kept"):
                    ingest([docs], collection, encoder=encoder, token_vectors=asked, settings=OFFLINE, dry_run=dry)
        assert not (tmp_path / "new").exists()
        assert ((bare / "v0001" / "store.db").read_bytes(), (path / "v0001" / "store.db").read_bytes()) == before


class TestInterrupted:
    """Filling in goes on where it stopped."""

    def test_goes_on(self, bare: Path, kept: Path, docs: Path, monkeypatch: Any) -> None:
        """Without being told again; only the rest is encoded, and doctors find nothing to mend meanwhile."""
        monkeypatch.setattr(token_vectors, "FILLED_AT_ONCE", 3)
        with pytest.raises(EncodingError, match="out of memory"):
            ingest([docs], bare, encoder=BreaksDown(passages=8), token_vectors=True, settings=OFFLINE)
        done = len(stored(bare))
        assert 0 < done < len(stored(kept))
        diagnosis = examine(bare, encoder=FakeTokenEncoder())
        assert diagnosis.well
        assert any("wait for the next ingest" in check.detail for check in diagnosis.checks)
        encoder = FakeTokenEncoder()
        ingest([docs], bare, encoder=encoder, settings=OFFLINE)
        assert encoder.encoded == len(stored(kept)) - done
        check_kept(bare)

    def test_long_passages_are_committed_alone(self, bare: Path, kept: Path, docs: Path, monkeypatch: Any) -> None:
        """However many passages a commit may hold, its text has a limit, and one beyond it has its own commit."""
        monkeypatch.setattr(token_vectors, "FILLED_CHARACTERS", 1)
        sizes: list[int] = []
        put = token_rows.put_reranker_hashes

        def counted(writer: Any, hashes: Any) -> None:
            sizes.append(len(hashes))
            put(writer, hashes)

        monkeypatch.setattr(token_rows, "put_reranker_hashes", counted)
        ingest([docs], bare, encoder=FakeTokenEncoder(), token_vectors=True, settings=OFFLINE)
        assert set(sizes) == {1}
        assert len(sizes) >= len(stored(kept))
        check_kept(bare)

    def test_half_of_them(self, bare: Path, docs: Path, monkeypatch: Any) -> None:
        """A search takes what is stored, encodes the rest, and answers the same whatever was asked before."""
        monkeypatch.setattr(token_vectors, "FILLED_AT_ONCE", 3)
        with pytest.raises(EncodingError):
            ingest([docs], bare, encoder=BreaksDown(passages=8), token_vectors=True, settings=OFFLINE)
        with Collection.open(bare, encoder=FakeTokenEncoder()) as collection:
            first = collection.search(QUERY, k=20)
            assert first.plan.to_json()["token_vectors"] == "partly stored"
            assert brief(collection.search(QUERY, k=20)) == brief(first)

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize(
        ("where", "call"),
        [
            ("passagework.ingest.writing.token_vectors:token_codes", 1),
            ("passagework.ingest.writing.token_vectors:token_codes", 2),
            ("passagework.retrieval.store.token_rows:put_codes", 2),
            ("passagework.retrieval.store.token_rows:put_reranker_hashes", 1),
            ("passagework.retrieval.late_interaction.stored_tokens:TokenRecord.complete", 1),
        ],
    )
    @pytest.mark.faults
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="the process that is killed is a fork")
    def test_killed(self, bare: Path, kept: Path, docs: Path, where: str, call: int, when: str, target: Target) -> None:
        """At any step, in the midst of a transaction too."""
        task = {"docs": str(docs), "collection": str(bare), "log": str(bare.parent / "log"), "token_vectors": True}
        assert target.run({**task, "filled_at_once": 5, "crash": [where, call, when]}) == -signal.SIGKILL
        check_whole(bare, FakeTokenEncoder())
        made(docs, bare, token_vectors=True)
        check_kept(bare)
        assert stored(bare) == stored(kept)


class TestSearch:
    """What is stored is what the reranker reads."""

    def test_encodes_no_passage(self, kept: Path, plain: Path) -> None:
        """The plan says so; scores are those of the vectors themselves, but for the coding."""
        encoder = FakeTokenEncoder()
        with Collection.open(kept, encoder=encoder) as collection:
            hits = collection.search(QUERY, k=20)
            assert hits.plan.to_json()["token_vectors"] == "stored"
            assert encoder.encoded == 0
            assert collection.search(QUERY, stage="hybrid").plan.to_json().get("token_vectors") is None
        with Collection.open(plain, encoder=FakeTokenEncoder()) as collection:
            expected = {(hit.path, hit.start, hit.document): hit.score for hit in collection.search(QUERY, k=20)}
            assert "token_vectors" not in collection.search(QUERY, k=20).plan.to_json()
        found = {(hit.path, hit.start, hit.document): hit.score for hit in hits}
        assert found.keys() == expected.keys()
        for place, score in found.items():
            assert score == pytest.approx(expected[place], abs=0.25)  # 32 dimensions: coarser than 384

    def test_whatever_memory_holds(self, kept: Path) -> None:
        """Earlier queries change nothing."""
        with Collection.open(kept, encoder=FakeTokenEncoder()) as collection:
            expected = collection.search(QUERY, k=20)
            for row in collection.search(QUERY, k=20):
                collection._models._memory.put(reranker_text_of(row), np.zeros((3, 32), np.float16))
            assert brief(collection.search(QUERY, k=20)) == brief(expected)

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE token_vectors SET codes = substr(codes, 2)",
            "UPDATE token_vectors SET tokens = 0",
            "UPDATE token_vectors SET codes = 'text'",
            f"UPDATE meta SET value = json_set(value, '$.encoder.weights', 'other') WHERE key = '{TOKEN_RECORD}'",
            f"UPDATE meta SET value = json_set(value, '$.bits', 3) WHERE key = '{TOKEN_RECORD}'",
            f"UPDATE meta SET value = json_set(value, '$.dim', 64) WHERE key = '{TOKEN_RECORD}'",
        ],
    )
    def test_what_is_damaged_is_not_read(self, path: Path, kept: Path, plain: Path, damage: str) -> None:
        """Passages are encoded, and compared as what the record says they were; a doctor names it."""
        edit(path, damage)
        with Collection.open(path, encoder=FakeTokenEncoder()) as collection:
            hits = collection.search(QUERY, k=20)
            assert "token_vectors" not in hits.plan.to_json()
        with Collection.open(plain if "UPDATE meta" in damage else kept, encoder=FakeTokenEncoder()) as collection:
            assert brief(hits) == brief(collection.search(QUERY, k=20))
        assert {finding.remedy for finding in examine(path, encoder=FakeTokenEncoder()).findings} == {Remedy.TOKENS}

    def test_an_ingest_refuses_a_damaged_record(self, path: Path, docs: Path) -> None:
        """In a line that says what mends it, and nothing is lost; a record beyond all models is not even read."""
        edit(path, f"UPDATE meta SET value = json_set(value, '$.dim', 64) WHERE key = '{TOKEN_RECORD}'")
        before = stored(path)
        (docs / "new.md").write_text("# A new one\n\nThe ferry is new.", encoding="utf-8")
        with pytest.raises(StoreError, match=r"damaged \(64 dimensions, not 32\); mend it with `passagework doctor"):
            ingest([docs], path, encoder=FakeTokenEncoder(), settings=OFFLINE)
        assert stored(path) == before
        edit(path, f"UPDATE meta SET value = json_set(value, '$.dim', 65536) WHERE key = '{TOKEN_RECORD}'")
        with opened(path) as snapshot:
            assert recorded_tokens(snapshot) is None

    def test_of_a_real_transformer(self, docs: Path, tmp_path: Path) -> None:
        """What ingest stores is what late interaction would encode, to the last code."""
        folder = tiny_encoder(tmp_path / "tiny", prompts={"query": "river: ", "passage": "stone: "})
        encoder = BiEncoder.load(folder, settings=Settings(device="cpu", precision="fp32", offline=True))
        path = tmp_path / "c"
        ingest([docs], path, encoder=encoder, token_vectors=True, settings=OFFLINE)
        with opened(path) as snapshot:
            found = recorded_tokens(snapshot)
            assert found is not None
            rows = snapshot.passages(list(range(100)))
        codes = stored(path)
        for row in rows:
            (vectors,) = token_vectors_of(encoder, [reranker_text_of(row)], found.kept)
            assert codes[text_hash(reranker_text_of(row))][1] == found.codec.encode(vectors)
        with Collection.open(path, encoder=encoder) as collection:
            assert collection.search(QUERY).plan.to_json()["token_vectors"] == "stored"


class TestRebuild:
    """A new version keeps what the old one kept."""

    def test_with_another_encoder(self, path: Path) -> None:
        """Its own."""
        other = FakeTokenEncoder(seed="-2", dim=24)
        rebuild(path, encoder=other, settings=OFFLINE)
        check_kept(path, FakeTokenEncoder(seed="-2", dim=24))

    def test_copies_what_is_the_same(self, path: Path) -> None:
        """Nothing is encoded where neither encoder nor chunking changed."""
        encoder = FakeTokenEncoder()
        before = stored(path)
        rebuild(path, encoder=encoder, settings=OFFLINE)
        assert encoder.encoded <= 2  # the probes
        assert stored(path) == before
        check_kept(path)

    def test_of_another_chunking(self, path: Path) -> None:
        """Those of the new passages, and no others."""
        rebuild(path, encoder=FakeTokenEncoder(), passage_tokens=12, settings=OFFLINE)
        check_kept(path)

    def test_of_another_window(self, docs: Path, tmp_path: Path) -> None:
        """A text beyond the old window, which was read in parts, is read anew: in other parts, or whole."""
        options = {"whole": True, "passage_tokens": 10, "overlap": 4, "token_vectors": True}
        for window in (48, 4096):
            path = made(docs, tmp_path / f"{window}", encoder=FakeTokenEncoder(window=16), **options)
            rebuild(path, encoder=FakeTokenEncoder(window=window), settings=OFFLINE)
            check_kept(path, FakeTokenEncoder(window=window))

    def test_to_an_encoder_without(self, path: Path) -> None:
        """Keeps none; back to one that gives some, it keeps them again."""
        rebuild(path, encoder=FakeEncoder(seed="-2"), settings=OFFLINE)
        assert (stored(path), record(path)) == ({}, None)
        assert examine(path, encoder=FakeEncoder(seed="-2")).well
        rebuild(path, encoder=FakeTokenEncoder(), settings=OFFLINE)
        check_kept(path)

    def test_of_a_collection_without(self, plain: Path, bare: Path, tmp_path: Path) -> None:
        """Keeps none where none were wanted; where nothing was said, it keeps them."""
        shutil.copytree(plain, tmp_path / "c")
        rebuild(tmp_path / "c", encoder=FakeTokenEncoder(), passage_tokens=12, settings=OFFLINE)
        assert (stored(tmp_path / "c"), record(tmp_path / "c")) == ({}, None)
        rebuild(bare, encoder=FakeTokenEncoder(), passage_tokens=12, settings=OFFLINE)
        check_kept(bare)


class TestExchange:
    """They are derived: an export leaves them out, an import has them made again."""

    def test_export_and_import(self, path: Path, docs: Path, tmp_path: Path) -> None:
        """The record comes along; the next ingest fills them in, and meanwhile searches encode."""
        export_collection(path, tmp_path / "out")
        import_collection(tmp_path / "out", tmp_path / "new")
        found = record(tmp_path / "new")
        assert found is not None
        assert (stored(tmp_path / "new"), found.filled) == ({}, False)
        assert examine(tmp_path / "new", encoder=FakeTokenEncoder()).well
        with Collection.open(tmp_path / "new", encoder=FakeTokenEncoder()) as collection:
            assert "token_vectors" not in collection.search(QUERY).plan.to_json()
        ingest([docs], tmp_path / "new", encoder=FakeTokenEncoder(), settings=OFFLINE)
        check_kept(tmp_path / "new")

    def test_that_none_are_wanted_comes_along(self, plain: Path, docs: Path, tmp_path: Path) -> None:
        """The next ingest makes none."""
        export_collection(plain, tmp_path / "out")
        import_collection(tmp_path / "out", tmp_path / "new")
        ingest([docs], tmp_path / "new", encoder=FakeTokenEncoder(), settings=OFFLINE)
        assert (stored(tmp_path / "new"), record(tmp_path / "new")) == ({}, None)

    def test_a_snapshot_has_them(self, path: Path, tmp_path: Path) -> None:
        """It is a copy of the database."""
        snapshot_collection(path, tmp_path / "copy")
        assert stored(tmp_path / "copy") == stored(path)
        check_kept(tmp_path / "copy")


def edit(path: Path, *statements: str) -> None:
    """Changes the database behind everybody's back, and takes the seal away that would tell."""
    with closing(sqlite3.connect(path / "v0001" / "store.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    (path / "v0001" / "store.db.seal").unlink(missing_ok=True)


def as_of_old(path: Path) -> None:
    """Makes the collection's token vectors what they were once: four bits a coordinate, of every token."""
    before = TokenRecord(4, 32, FakeTokenEncoder().fingerprint, filled=True, kept=KeptTokens.ALL)
    with Store.open(current_version(path) / "store.db") as store, store.write() as writer:
        texts = {text_hash(text): text for text in map(reranker_text_of, writer.passages(list(range(1000))))}
        token_rows.drop_codes(writer, list(texts))
        token_rows.put_codes(writer, token_vectors.token_codes(FakeTokenEncoder(), before, texts))
        record = before.to_json()
        del record["kept"]
        writer.set_meta(TOKEN_RECORD, record)


DAMAGE = {
    "missing": ["DELETE FROM token_vectors WHERE id = 2"],
    "unread": ["DELETE FROM readings WHERE passage_id = 3"],
    "orphan": [
        "INSERT INTO token_vectors (hash, tokens, codes) VALUES (x'0102', 1, zeroblob(18))",
        "DELETE FROM meta WHERE key = 'unswept'",
    ],
    "short": ["UPDATE token_vectors SET codes = x'00' WHERE id = 2"],
    "swapped": ["UPDATE token_vectors SET (tokens, codes) = (SELECT tokens, codes FROM token_vectors WHERE id = 1)"],
    "of another text": ["UPDATE readings SET hash = (SELECT hash FROM readings WHERE passage_id = 1)"],
    "of another encoder": [
        f"UPDATE meta SET value = json_set(value, '$.encoder.weights', 'other') WHERE key = '{TOKEN_RECORD}'"
    ],
    "of other dimensions": [f"UPDATE meta SET value = json_set(value, '$.dim', 64) WHERE key = '{TOKEN_RECORD}'"],
    "no record": [f"UPDATE meta SET value = '{{}}' WHERE key = '{TOKEN_RECORD}'"],
}


class TestDoctor:
    """What is wrong with them is named, and mended."""

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_is_mended(self, path: Path, damage: str) -> None:
        """Dropped and made again, until all is as it was."""
        before = stored(path)
        edit(path, *DAMAGE[damage])
        diagnosis = examine(path, encoder=FakeTokenEncoder())
        assert {finding.remedy for finding in diagnosis.findings} == {Remedy.TOKENS}
        assert {finding.check for finding in diagnosis.findings} <= {"token vectors", "token encoder"}
        done = repair(path, encoder=FakeTokenEncoder())
        assert (done.failed, done.after.findings) == ((), ())
        assert done.done[0] == Remedy.TOKENS.value
        assert stored(path) == before
        check_kept(path)

    @pytest.mark.parametrize("factor", ["007e", "007c", "ff7b", "0180", "0100"])
    def test_every_one_is_looked_at(self, path: Path, monkeypatch: pytest.MonkeyPatch, factor: str) -> None:
        """What multiplies a vector's levels: no number, infinite, huge, below 0, tiny; in the sample or not."""
        monkeypatch.setattr(token_checks, "SAMPLE_PASSAGES", 1)
        before = stored(path)
        edit(path, f"UPDATE token_vectors SET codes = CAST(x'{factor}' || substr(codes, 3) AS BLOB) WHERE id = 5")
        assert [one.text for one in examine(path, encoder=FakeTokenEncoder()).findings] == [
            "those of 1 text hold what no vector is coded as"
        ]
        assert repair(path, encoder=FakeTokenEncoder()).after.well
        assert stored(path) == before

    def test_there_though_none_are_kept(self, path: Path) -> None:
        """They go; no encoder is needed."""
        edit(path, f"DELETE FROM meta WHERE key = '{TOKEN_RECORD}'")
        assert [one.text for one in examine(path, encoder=FakeEncoder()).findings] == [
            "there are some, though the collection keeps none"
        ]
        assert repair(path, encoder=FakeEncoder()).after.well
        assert stored(path) == {}


class TestCommands:
    """Told, and shown."""

    def test_status(self, kept: Path, plain: Path) -> None:
        """Of how many passages, in how many bytes; None where none are kept."""
        with Collection.open(kept) as collection:
            status = collection.status()
        size = sum(len(codes) for _, codes in stored(kept).values())
        assert status.token_vectors == TokenVectorsStatus(bits=1, passages=status.passages, bytes=size)
        with Collection.open(plain) as collection:
            assert collection.status().token_vectors is None
        without = "token vectors  none: reranking encodes the passages that it reads"
        assert without not in run("status", "--collection", kept).out
        assert without in run("status", "--collection", plain).out

    @pytest.mark.parametrize("flag", [[], ["--token-vectors"], ["--no-token-vectors"]])
    def test_flag(self, docs: Path, tmp_path: Path, flag: list[str]) -> None:
        """Of the ingest, with the default encoder: kept unless it says no."""
        outcome = run("ingest", docs, "--collection", tmp_path / "c", "--include", "a.md", *flag, "--json")
        assert outcome.code == 0, outcome.err
        asked = flag != ["--no-token-vectors"]
        assert (json.loads(outcome.out)["token_vectors"] > 0, record(tmp_path / "c") is not None) == (asked, asked)
