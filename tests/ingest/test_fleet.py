"""A collection that an engine serves answers as the one that lies here, through updates and crashes, and comes back."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.fleet import Loaded, fetch_collection, load_collection, loading, verify_collection
from passagework.ingest.maintenance.doctor import examine, repair
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import StoreError
from passagework.retrieval.collection.one_version import CollectionVersion
from passagework.retrieval.config import Settings
from passagework.retrieval.folder import publish
from passagework.retrieval.remote.engine import FOUND, ROWS, SEARCH_SECONDS, TOKENS, Engine, every_point
from passagework.retrieval.remote.qdrant import QdrantServer
from passagework.retrieval.remote.remote_record import RemoteRecord
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.served_version import ServedVersion
from passagework.retrieval.remote.typed_tokens import DOCUMENT, PASSAGE, HasToken, Some
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Stage
from tests.reliability.test_kill import write_documents
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder
from tests.support.kill_target import SETTINGS
from tests.support.pdf_files import typed
from tests.support.served_stores import database
from tests.ui.test_cli import run

pytestmark = pytest.mark.slow  # every format is ingested, and asked many times

FACT = "---\nyear: 2020\ntags: [a, b]\n---\n# Apple\n\nA river of stone, SA-4471-B. The number SA-B-4471 is another.\n"
QUERIES = (
    *("apple river stone", '"river of stone"', "SA-4471-B", "stones rivers winter", "copper", "-river apple"),
    *("year:2020 apple", "harbour one", "lantern lantern", "nothing of the kind"),
)
FILTERS: tuple[dict[str, Any] | None, ...] = (
    *(None, {"year": 2020}, {"path": {"$glob": "*.pdf"}}, {"path": {"$glob": "sub/*"}}, {"pages": {"$gte": 2}}),
    {"$not": {"title": {"$gt": "B"}}},
)


def made(folder: Path) -> Path:
    """A collection of files of every kind."""
    write_documents(folder / "docs", seed=4, each=2, records=30, long_words=300)
    (folder / "docs" / "fact.md").write_text(FACT)
    (folder / "docs" / "two pages.pdf").write_bytes(typed([["Harbour one."], ["Winter two."]]))
    brought_up(folder)
    return folder / "c"


def brought_up(folder: Path) -> None:
    """Brings the collection up to date with its files."""
    ingest(
        [folder / "docs"],
        folder / "c",
        encoder=FakeEncoder(),
        settings=SETTINGS,
        passage_tokens=40,
        overlap=8,
        delete_missing=True,
    )


@dataclass(frozen=True)
class Both:
    """The folder of a collection that lies here, with its documents beside it, and of the same one served."""

    folder: Path
    served: Path

    @property
    def here(self) -> Path:
        """The collection that lies here."""
        return self.folder / "c"

    @property
    def counts(self) -> tuple[int, int]:
        """How many documents and passages the engine holds, of whatever moment."""
        with self.engine() as engine:
            return engine.count(HasToken((DOCUMENT,))), engine.count(HasToken((PASSAGE,)))

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine that serves it."""
        version = self.served / "v0001"
        engine = RemoteRecord.read(version).connect(version, seconds=20)
        yield engine
        engine.close()

    def load(self) -> Loaded:
        """Loads what changed."""
        return load_collection(self.here, self.served)


def both(folder: Path, served: Path, engine: str) -> Both:
    """Loads a collection into an engine for the first time."""
    address = database() if engine == "postgres" else "4"
    load_collection(folder / "c", served, engine=engine, address=address, name=served.name)
    return Both(folder, served)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a collection and its documents."""
    folder = tmp_path_factory.mktemp("fleet")
    made(folder)
    return folder


@pytest.fixture(scope="module", params=["qdrant-edge", "postgres"])
def whole(request: pytest.FixtureRequest, local: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A collection that lies here, and the same served, verified; neither is changed."""
    loaded = both(local, tmp_path_factory.mktemp("served"), request.param)
    assert not (loaded.served / "CURRENT").exists()
    verified = verify_collection(loaded.here, loaded.served, queries=QUERIES[:4], encoder=FakeEncoder())
    assert verified.problems == ()
    assert (verified.recall, verified.identical, verified.compared) == (1.0, 1.0, 24)
    return loaded


@pytest.fixture
def changing(whole: Both, tmp_path: Path) -> Iterator[Both]:
    """Another, to be changed. What lies here is put back where it was: documents are known by their place."""
    shutil.copytree(whole.folder, tmp_path / "kept")
    record = RemoteRecord.read(whole.served / "v0001")
    loaded = both(whole.folder, tmp_path / f"served-{time.time_ns()}", record.engine)
    publish(loaded.served, loaded.served / "v0001")
    yield loaded
    shutil.rmtree(whole.folder)
    shutil.copytree(tmp_path / "kept", whole.folder)


def opened(path: Path) -> Collection:
    """A collection with the encoder that it was made with."""
    return Collection.open(path, encoder=FakeEncoder())


def told(collection: Collection, every: int = 5) -> Iterator[tuple[Any, list[float]]]:
    """What a collection answers, to be compared: hits and contexts, and behind them all scores and relevance.

    Of filters and stages only one in `every` is asked with each query, others with the next.
    """
    asked = list(itertools.product(FILTERS, (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID, Stage.RERANK)))
    for number, query in enumerate(QUERIES):
        for where, stage in asked[number % every :: every]:
            hits = collection.search(query, k=5, stage=stage, where=where)
            shown = [
                (hit.id, hit.path, hit.start, hit.pages, hit.headings, hit.metadata, hit.text, hit.lines, hit.also_in)
                for hit in hits
            ]
            numbers = [score.score for hit in hits for score in hit.stages.values()]
            yield (query, where, stage, shown), [*numbers, *(hit.relevance or 0.0 for hit in hits)]
        context = collection.context(query, max_tokens=200, min_relevance=0.0, expand="section")
        yield (context.text, [(citation.path, citation.start, citation.end) for citation in context.citations]), []


def assert_alike(here: Path, there: Path, every: int = 5) -> None:
    """Every answer is the same, and every document."""
    with opened(here) as ours, opened(there) as theirs:
        for (shown, numbers), (shown_there, numbers_there) in zip(told(ours, every), told(theirs, every), strict=True):
            assert shown_there == shown
            assert numbers_there == pytest.approx(numbers, abs=2e-5), shown
        assert theirs.documents() == ours.documents()
        for row in ours.documents():
            assert theirs.document(row.id) == ours.document(row.id)
        hit = ours.search("apple river stone", k=1)[0]
        assert theirs.neighbours(hit) == ours.neighbours(hit)


def test_a_served_collection_answers_as_the_one_that_lies_here(whole: Both) -> None:
    """Hits, scores, traces, relevance, filters, typed filters, phrases, contexts and documents, over four shards."""
    assert_alike(whole.here, whole.served, every=1)
    with opened(whole.served) as served, opened(whole.here) as local:
        plan = served.search("apple river", where={"path": {"$glob": "sub/*"}}, stage="hybrid").plan.to_json()
        assert (plan["index"], plan["shards"]) in (("qdrant-edge", 4), ("postgres", 1))
        assert plan["filter"] == {"strategy": "inside the engine"}
        checked = served.search("apple river", where={"path": {"$glob": "*.pdf"}}, stage="hybrid").plan.to_json()
        assert "inside the engine, and checked here" in json.dumps(checked["filter"])
        status, same = served.status().to_json(), local.status().to_json()
        alike = ("documents", "passages", "cut", "vectors", "encoder", "window", "chunking", "languages", "fields")
        assert {name: status[name] for name in alike} == {name: same[name] for name in alike}


def test_what_changed_is_loaded_and_the_old_is_never_answered(changing: Both) -> None:
    """Changed, deleted and new documents: one moment is answered or the other, and nothing of the old is kept."""
    with opened(changing.served) as served:
        assert served.search('"river of stone"', k=1)[0].path == "fact.md"
        (changing.folder / "docs" / "fact.md").write_text(FACT.replace("river of stone", "river of glass"))
        (changing.folder / "docs" / "new.md").write_text("# New\n\nA lantern of copper.\n")
        delete(changing.here, ["sub/guide_0.md"])
        (changing.folder / "docs" / "sub" / "guide_0.md").unlink()
        brought_up(changing.folder)
        assert "river of glass" not in served.search("river of glass", k=1, stage="lexical")[0].text
        loaded = changing.load()
        assert (loaded.put if not loaded.weighed_anew else 2, loaded.ended) == (2, 2)
        assert "river of glass" in served.search('"river of glass"', k=1)[0].text
    assert_alike(changing.here, changing.served, every=12)
    with opened(changing.here) as local:
        counts = local.status().documents, local.status().passages
    assert changing.counts == counts
    assert changing.load().put == 0


@pytest.mark.parametrize("broken", ["_ended", "_commit"])
def test_a_load_that_ends_halfway_changes_no_answer(
    changing: Both, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment before is answered, whole; the next load goes on, and nothing is left of the one that ended."""
    with opened(changing.served) as served:
        before = list(told(served, every=24))
        (changing.folder / "docs" / "fact.md").write_text(FACT.replace("river of stone", "river of glass"))
        brought_up(changing.folder)
        with monkeypatch.context() as patch:
            patch.setattr(loading._Load, broken, _killed)
            with pytest.raises(RuntimeError, match="killed"):
                changing.load()
        assert list(told(served, every=24)) == before
        found = examine(changing.served)
        assert [finding.check for finding in found.findings] == ["moments"]
        if broken == "_commit":  # the doctor takes it away as well as the next load
            assert repair(changing.served).after.well
            assert list(told(served, every=24)) == before
        changing.load()
        assert examine(changing.served).well
    assert_alike(changing.here, changing.served, every=12)
    with opened(changing.here) as local:
        assert changing.counts == (local.status().documents, local.status().passages)


def _killed(*_: object) -> None:
    raise RuntimeError("killed")


def test_longer_passages_are_weighed_anew(changing: Both) -> None:
    """Where the average length has moved by more than 1 %, every passage gets other weights; scores stay alike."""
    (changing.folder / "docs" / "long.md").write_text("# Long\n\n" + "copper lantern river apple winter " * 400)
    brought_up(changing.folder)
    assert changing.load().weighed_anew
    assert_alike(changing.here, changing.served, every=12)


def test_back_from_the_engine(whole: Both, tmp_path: Path) -> None:
    """What is fetched is whole, and answers as the collection does that was loaded."""
    fetched = fetch_collection(whole.served, tmp_path / "back")
    assert_alike(whole.here, tmp_path / "back")
    with opened(whole.here) as local:
        assert (fetched.documents, fetched.passages) == (local.status().documents, local.status().passages)
    assert check_whole(tmp_path / "back", FakeEncoder()) == check_whole(whole.here, FakeEncoder())
    with pytest.raises(StoreError, match="is not served by an engine"):
        fetch_collection(whole.here, tmp_path / "other")


def test_what_differs_is_not_published(changing: Both) -> None:
    """A passage that the engine lost, or another vector, is found as all is read back; CURRENT stays as it was."""
    (changing.served / "CURRENT").unlink()
    with changing.engine() as engine:
        first = next(every_point(engine, HasToken((PASSAGE,)), (*FOUND, TOKENS, ROWS)))
        kept = engine.fetch([first.id], (), vectors=True)[0].vector
        assert kept is not None
        engine.put([replace(first, vector=np.roll(kept, 1), words={1: 1.0})])
    verified = verify_collection(changing.here, changing.served, queries=QUERIES[:1], encoder=FakeEncoder())
    assert "a vector of the engine is not that of the collection" in verified.problems
    with changing.engine() as engine:
        engine.delete([first.id])
    publish(changing.served, changing.served / "v0001")
    assert [finding.text for finding in examine(changing.served).findings] == [
        "1 parts of documents are missing: load the collection again"
    ]
    (changing.served / "CURRENT").unlink()
    with pytest.raises(StoreError, match="lacks a part of document"):
        verify_collection(changing.here, changing.served, queries=QUERIES[:1], encoder=FakeEncoder())
    assert not (changing.served / "CURRENT").exists()
    for command in (("search", "stone"), ("ingest", changing.folder / "docs")):
        refused = run(*command, "--collection", changing.served)
        assert refused.code == 1
        assert "was loaded into an engine and not verified yet: run `passagework fleet verify`" in refused.err


def test_the_commands(changing: Both) -> None:
    """`fleet load`, `fleet verify` and `fleet fetch` print their JSON; a mistake is one line."""
    loaded = run("fleet", "load", changing.here, "--collection", changing.served, "--json").json
    assert (loaded["put"], loaded["ended"], loaded["weighed_anew"]) == (0, 0, False)
    fetched = run("fleet", "fetch", "--collection", changing.served, "--out", changing.folder / "back", "--json")
    assert fetched.json["documents"] == loaded["documents"]
    wrong = run("fleet", "load", changing.here, "--collection", changing.folder / "n", "--engine", "oracle")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.endswith("there is no engine 'oracle': there are qdrant, qdrant-edge, postgres\n")
    refused = run("ingest", changing.folder / "docs", "--collection", changing.served)
    assert refused.code == 1
    assert "is served by an engine: change the collection that was loaded into it" in refused.err
    never = run("fleet", "verify", changing.here, "--collection", changing.folder / "never")
    assert (never.code, never.err.count("\n")) == (1, 1)
    assert "was never loaded" in never.err


def test_an_engine_that_is_gone_is_one_line(tmp_path: Path) -> None:
    """Nobody listens: the error names the address and the next step, in time."""
    began = time.monotonic()
    engine = QdrantServer("http://127.0.0.1:9", "c", seconds=SEARCH_SECONDS)
    with pytest.raises(StoreError, match=r"^Qdrant at http://127.0.0.1:9 didn't answer .*: look whether it runs"):
        engine.count(Some(()))
    assert time.monotonic() - began < SEARCH_SECONDS
    engine.close()


def test_the_search_after_a_fault_works(changing: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that the engine breaks off is one line, and the next is answered."""
    with opened(changing.served) as served:
        expected = [hit.id for hit in served.search("apple")]
        with monkeypatch.context() as patch:
            live = served._current()
            assert isinstance(live, ServedVersion)
            patch.setattr(type(live.engine), "nearest", _gone)
            with pytest.raises(StoreError, match="didn't answer"):
                served.search("apple")
        assert [hit.id for hit in served.search("apple")] == expected


def _gone(*_: object, **__: object) -> None:
    raise StoreError("the engine didn't answer")


def test_a_served_collection_is_not_shown_in_part(changing: Both) -> None:
    """A token's filter would have to hold for counts and words as well, which the engine has of all: it is refused."""
    from passagework.retrieval.collection.restricted import RestrictedCollection

    with opened(changing.served) as served:
        part = RestrictedCollection(served, {"year": 2020})
        with pytest.raises(StoreError, match="can't be shown in part"):
            part.search("apple")


def test_what_compares_all_passages_is_refused(whole: Both) -> None:
    """The engine has them all; nothing is made of the little that was read here."""
    with opened(whole.served) as served:
        for asked in (
            lambda: served.duplicates(),
            lambda: served.duplicates(of="documents"),
            lambda: served.similar(served.documents()[0].uri),
        ):
            with pytest.raises(StoreError, match="ask the collection that it was loaded from"):
                asked()


def test_nothing_is_read_from_the_empty_database() -> None:
    """Whatever a snapshot tells, one that is served tells by the engine or the catalogue, or refuses."""
    told = {name for kind in Snapshot.__mro__ for name in vars(kind) if not name.startswith("_")}
    own = {name for kind in ServedSnapshot.__mro__ for name in vars(kind) if kind not in Snapshot.__mro__}
    assert told - own == {"dim", "visible", "folders_named", "documents_by_name", "document_named", "id_named"}


def test_another_version_is_opened_beside_the_live_one(whole: Both) -> None:
    """Verifying reads a version that CURRENT doesn't name."""
    version = CollectionVersion(whole.served / "v0001", encoder=FakeEncoder(), settings=Settings.from_environment())
    with version:
        assert version.search("apple").plan.index in ("qdrant-edge", "postgres")
