"""An ingest by many workers makes the collection that one on one machine makes, whatever dies on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from passagework import Collection
from passagework.ingest import Report, ingest
from passagework.ingest.distributed import Cluster, UnitOptions, fleet_ingest
from passagework.ingest.distributed.job_folder import SHARDS, JobFolder, cut_into_units
from passagework.ingest.distributed.ray_workers import ray_cluster
from passagework.ingest.report import IngestStage, Progress
from passagework.ingest.scan import FoundFile
from passagework.retrieval import ConfigError, PassageworkError, StoreError, extras
from passagework.retrieval.store import token_rows
from tests.support.every_format import write_every_format, write_unread
from tests.ui.test_cli import run

pytest.importorskip("ray", reason='pip install "passagework[fleet]"')

UNIT = 25_000
"""Bytes of a unit: the files make about a dozen."""


@dataclass(frozen=True)
class Local:
    """The files, and what an ingest on one machine makes of them."""

    docs: list[str]
    collection: Path
    report: Report


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Local:
    """A file of every format, one of them elsewhere, with some that can't be read and one that is broken."""
    folder = tmp_path_factory.mktemp("fleet-ingest")
    docs = folder / "docs"
    write_every_format(docs)
    write_unread(docs)
    (docs / "broken.docx").write_bytes(b"no zip")
    (docs / "empty.txt").write_bytes(b"")
    (docs / "long.md").write_text("# Long\n\n" + "The heron waits in the reeds until the water is still. " * 400)
    (folder / "away").mkdir()
    (folder / "away" / "wasps.txt").write_text("Wasps build paper nests.")
    paths = [str(docs), f"local://{folder / 'away'}"]
    return Local(paths, folder / "c", ingest(paths, folder / "c"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of one cluster for all: it starts slowly."""
    with ray_cluster(None) as ray:
        yield str(ray.get_runtime_context().gcs_address)


def on_fleet(docs: Sequence[str], folder: Path, address: str | None = None, **more: Any) -> Report:
    """Files by two workers."""
    two = Cluster(address=address, workers=2, cpus=1)
    return fleet_ingest(docs, folder / "c", work=folder / "work", cluster=two, unit_bytes=UNIT, **more)


def told(report: Report) -> dict[str, Any]:
    """What a report says but for its time, and how often the same text was encoded in several units."""
    return {name: value for name, value in report.to_json().items() if name not in {"seconds", "encoded"}}


def check_equal(one: Path, other: Path) -> None:
    """Documents, passages, vectors and token vectors are the same, by their digests, offsets and cosines."""
    found: list[tuple[Any, ...]] = []
    for path in (one, other):
        with Collection.open(path) as collection, collection._reading() as (_, snapshot):
            rows = sorted(collection.documents(), key=lambda row: row.uri)
            passages = [snapshot.neighbours(row.id, range(row.passages)) for row in rows]
            documents = [
                (row.uri, row.path, row.sha256, row.title, row.position, row.language, row.metadata) for row in rows
            ]
            cut = [(p.start, p.end, p.text, p.hash, p.headings, p.pages, p.cut) for each in passages for p in each]
            vectors = snapshot.vectors_of([p.id for each in passages for p in each])
            codes = {key: (text.tokens, len(text.codes)) for key, text in token_rows.every_text(snapshot)}
            facts = [snapshot.meta(name) for name in ("window", "chunking", "encoder_scale", "roots", "token_vectors")]
            hits = [(hit.document, hit.start) for hit in collection.search("a heron in the reeds", k=10)]
        found.append((documents, cut, codes, facts, hits, vectors))
    assert found[0][:-1] == found[1][:-1]
    cosines = np.einsum("nd,nd->n", found[0][-1], found[1][-1])
    assert len(cosines) > 60
    assert cosines.min() >= 0.99999


def workers() -> list[psutil.Process]:
    """The processes of workers."""
    return [child for child in psutil.Process().children(recursive=True) if child.name().startswith("ray::UnitWorker")]


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_two_killed_workers_change_nothing(local: Local, tmp_path: Path) -> None:
    """What was made equals a local ingest's, the report too; broken files are in it; progress tells of every unit."""
    killed: list[int] = []
    progress: list[Progress] = []

    def kill(told: Progress) -> None:
        progress.append(told)
        if len(progress) == 2:  # the first unit is done
            for worker in workers():
                worker.kill()
                killed.append(worker.pid)

    report = on_fleet(local.docs, tmp_path, progress=kill)
    assert len(killed) == 2
    assert told(report) == told(local.report)
    assert [problem.path for problem in report.failed] == ["broken.docx"]
    check_equal(tmp_path / "c", local.collection)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]  # what is done with goes
    read = [one for one in progress if one.stage is IngestStage.READING]
    assert [one.files for one in read] == sorted(one.files for one in read)
    assert (read[-1].files, read[-1].bytes_read) == (read[-1].total_files, read[-1].total_bytes)
    assert read[1].seconds_left is not None
    assert read[1].seconds_left > 0 == read[-1].seconds_left


@pytest.mark.slow
@pytest.mark.faults
def test_a_killed_job_goes_on_where_it_was(local: Local, cluster: str, tmp_path: Path) -> None:
    """Its workers end with it: units that were done are not done again, and nothing differs in the end."""
    code = "import sys; from tests.ingest.test_fleet_ingest import Path, on_fleet\n"
    code += "on_fleet(sys.argv[3:], Path(sys.argv[1]), sys.argv[2])"
    command = [sys.executable, "-c", code, str(tmp_path), cluster, *local.docs]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as job:
        shards = tmp_path / "work" / SHARDS
        wait_for(lambda: len(list(shards.glob("*.json"))) >= 2)
        family = workers()
        job.send_signal(signal.SIGKILL)
    assert len(family) == 2
    assert not psutil.wait_procs(family, timeout=20)[1]
    assert not (tmp_path / "c").exists()
    done = {path.name for path in shards.glob("*.json")}
    with pytest.raises(StoreError, match=r"has a job whose passage_tokens is null, not 50: give the same"):
        on_fleet(local.docs, tmp_path, options=UnitOptions(passage_tokens=50))
    progress: list[Progress] = []
    ingested: list[str] = []

    def look(told: Progress) -> None:
        progress.append(told)
        ingested[:] = [path.name for path in shards.glob("*.json") if path.stat().st_mtime < before]

    before = time.time()
    report = on_fleet(local.docs, tmp_path, progress=look)
    assert set(ingested) == done
    assert progress[0].files > 0 == progress[0].documents
    assert told(report) == told(local.report)
    check_equal(tmp_path / "c", local.collection)


def wait_for(come: Callable[[], bool]) -> None:
    """Returns when something has come; fails after a minute."""
    deadline = time.monotonic() + 60
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is looked at."""
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "ray")
    outcome = run("fleet", "ingest", tmp_path, "--collection", tmp_path / "c")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("passagework: ray, for an ingest on many machines, isn't installed: pip install ")
    assert outcome.err.count("\n") == 1


def test_what_a_fleet_does_not_do_is_refused(tmp_path: Path) -> None:
    """In a line, before a cluster is started; and nothing is left."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    refused: list[tuple[list[str], str, str]] = [
        ([str(tmp_path / "docs")], "c", "no file that can be read"),
        ([str(tmp_path / "docs")], "there", "is there already"),
        (["urls:list.txt"], "c", "have repositories and pages read by `ingest`"),
    ]
    for paths, name, match in refused:
        with pytest.raises(PassageworkError, match=match):
            fleet_ingest(paths, tmp_path / name)
    (tmp_path / "docs" / "a.txt").write_text("a text")
    with pytest.raises(StoreError, match="is a folder of other files: name a new one"):
        fleet_ingest([str(tmp_path / "docs")], tmp_path / "c", work=tmp_path / "there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "there"]
    assert (tmp_path / "there" / "file").read_text() == "mine"


def test_workers_share_what_the_machines_have() -> None:
    """As many as find room, with up to four processors each; what no machine has is refused."""
    nodes = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 6.0}]

    def shares(**asked: Any) -> tuple[int, float]:
        given = Cluster(**asked).shares(nodes)
        return given.workers, given.cpus

    assert shares() == (5, 4)
    assert shares(gpus=1) == (2, 4)
    assert shares(gpus=0.5) == (4, 4)
    assert shares(workers=3) == (3, 4)
    assert shares(workers=44) == (44, 0.5)
    assert shares(cpus=6) == (3, 6)
    for asked in ({"cpus": 17}, {"gpus": 3}, {"workers": 0}, {"cpus": -1}):
        with pytest.raises(ConfigError):
            shares(**asked)


def test_units_keep_the_order_and_their_size() -> None:
    """So that each worker gets several; those on record stay, and what is new since follows."""
    files = [FoundFile(Path(f"/{name}"), name, f"file:///{name}", Path("/"), 300_000) for name in "abcdefgh"]
    units = cut_into_units(files, 5, workers=2)
    assert [unit.number for unit in units] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert [len(unit.files) for unit in cut_into_units(files, 0, workers=1)] == [2, 2, 2, 2]
    assert [file for unit in units for file in unit.files] == files


def test_a_plan_is_kept_and_added_to(tmp_path: Path) -> None:
    """Files that are gone are left out of their unit, and new ones are in none yet."""
    job = JobFolder(tmp_path / "work")
    job.begin({"encoder": None})
    files = [FoundFile(Path(f"/{name}"), name, f"file:///{name}", Path("/"), 10) for name in "abcd"]
    job.plan(cut_into_units(files[:3], 0, workers=1, most=20))
    units, new = job.units([files[0], *files[2:]])
    assert [[file.relative for file in unit.files] for unit in units] == [["a"], ["c"]]
    assert [file.relative for file in new] == ["d"]
    job.remove()
    assert not job.folder.exists()
