"""A doctor names what is wrong, mends what is derived, and takes nothing out that isn't."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.doctor import Diagnosis, Finding, Remedy, examine, repair
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import StoreError
from passagework.retrieval.folder import writer_lock
from passagework.retrieval.store.seal import read_seal
from tests.retrieval.test_generations import read_only
from tests.support.collection_checks import answers, check_whole
from tests.support.fakes import FakeEncoder
from tests.ui.test_cli import ROOT, run

QUERIES = ["red apples", "owl", "ripe pears"]
TEXTS = ["red apples", "green pears", "blue plums and red apples", "ripe figs", "an owl in a tree", "two owls"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six documents, half of them with metadata."""
    base = tmp_path_factory.mktemp("doctor")
    (base / "docs").mkdir()
    for number, text in enumerate(TEXTS):
        head = f"---\nyear: {2000 + number}\n---\n" if number % 2 else ""
        (base / "docs" / f"{number}.md").write_text(f"{head}# Fruit {number}\n\n{text}\n")
    ingest([base / "docs"], base / "c", encoder=FakeEncoder())
    return base


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A copy of that collection."""
    shutil.copytree(template / "c", tmp_path / "c")
    return tmp_path / "c"


def database(path: Path) -> Path:
    """The database of the only version."""
    return path / "v0001" / "store.db"


def edit(path: Path, *statements: str) -> None:
    """Changes the database behind everybody's back, and takes the seal away that would tell."""
    with closing(sqlite3.connect(database(path), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    database(path).with_name("store.db.seal").unlink(missing_ok=True)


def found(diagnosis: Diagnosis) -> list[tuple[str, Remedy | None]]:
    """What was found, without the words."""
    return [(finding.check, finding.remedy) for finding in diagnosis.findings]


def states(diagnosis: Diagnosis) -> set[str]:
    """The checks' states."""
    return {check.state for check in diagnosis.checks}


def test_all_is_well(path: Path) -> None:
    """Every check is made and finds nothing, and nothing on disk changes."""
    before = {entry: entry.read_bytes() for entry in path.rglob("*") if entry.is_file()}
    diagnosis = examine(path, encoder=FakeEncoder())
    assert (diagnosis.findings, states(diagnosis)) == ((), {"ok"})
    assert [check.name for check in diagnosis.checks] == [
        *("current", "seal", "structure", "references", "order", "documents", "text index", "vectors"),
        *("token vectors", "index", "encoder", "token encoder", "judgments"),
    ]
    assert diagnosis.counts["passages"] == 6
    assert {entry: entry.read_bytes() for entry in path.rglob("*") if entry.is_file()} == before


FORGET = (
    "INSERT INTO passages_fts (passages_fts, rowid, title, headings, text) "
    "SELECT 'delete', id, title, headings, text FROM passages WHERE id = 5"
)
DAMAGE = {
    "filter fields": (["DELETE FROM fields WHERE document_id = 2"], [("documents", Remedy.FIELDS)]),
    "passage text": (
        ["DROP TRIGGER passages_updated", "UPDATE passages SET text = 'blue apples' WHERE id = 1"],
        [("documents", Remedy.PASSAGES), ("text index", Remedy.TEXT_INDEX), ("text index", Remedy.TEXT_INDEX)],
    ),
    "passage offsets": (
        ["UPDATE passages SET start = start - 1 WHERE id = 3"],
        [("documents", Remedy.PASSAGES), ("text index", Remedy.TEXT_INDEX)],
    ),
    "text index": (["DELETE FROM passages_fts_data WHERE id > 10"], [("text index", Remedy.TEXT_INDEX)]),
    "words": ([FORGET], [("text index", Remedy.TEXT_INDEX)]),
    "missing vector": (
        ["DELETE FROM vectors WHERE id = 2"],
        [("vectors", Remedy.VECTORS)],
    ),
    "short vector": (["UPDATE vectors SET vector = x'00' WHERE id = 2"], [("vectors", Remedy.VECTORS)]),
    "zero vector": (
        ["UPDATE vectors SET vector = zeroblob(128) WHERE id = 2"],
        [("vectors", Remedy.VECTORS), ("encoder", Remedy.VECTORS)],
    ),
    "swapped vectors": (
        ["UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE id = 1) WHERE id = 4"],
        [("vectors", Remedy.VECTORS), ("encoder", Remedy.VECTORS)],
    ),
    "orphan": (
        [
            "INSERT INTO vectors (hash, vector) VALUES (x'0102', zeroblob(128))",
            "DELETE FROM meta WHERE key = 'unswept'",
        ],
        [("vectors", Remedy.ORPHANS)],
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_derived_is_mended(path: Path, damage: str) -> None:
    """It is named, made again, and searches answer as before; the next examination finds nothing."""
    expected = answers(path, FakeEncoder(), QUERIES)
    statements, wanted = DAMAGE[damage]
    with closing(sqlite3.connect(database(path))) as connection:
        triggers = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    edit(path, *statements)
    if any("DROP TRIGGER" in statement for statement in statements):
        edit(path, *(trigger for trigger in triggers if "passages_updated" in trigger))
    assert found(examine(path, encoder=FakeEncoder())) == wanted
    done = repair(path, encoder=FakeEncoder())
    assert (done.failed, done.after.findings) == ((), ())
    assert {remedy.value for _, remedy in wanted if remedy} == set(done.done)
    assert read_seal(database(path)) is not None
    assert done.after.counts == examine(path, encoder=FakeEncoder()).counts
    assert answers(path, FakeEncoder(), QUERIES) == expected
    check_whole(path, FakeEncoder())


def test_a_sound_collection_without_a_seal_gets_one(path: Path) -> None:
    """It is well; a repair seals it, and says so, and the next one has nothing to do."""
    edit(path)
    assert examine(path, encoder=FakeEncoder()).well
    assert repair(path, encoder=FakeEncoder()).done == (Remedy.SEAL.value,)
    assert repair(path, encoder=FakeEncoder()).done == ()


def test_documents_are_not_invented(path: Path) -> None:
    """A document whose text is not what was ingested is named; nothing is done about it, and nothing deleted."""
    edit(path, "UPDATE segments SET text = replace(text, 'owl', 'cat')")
    diagnosis = examine(path, encoder=FakeEncoder())
    assert found(diagnosis) == [("documents", None), ("documents", None)]
    assert "4.md is not what was ingested" in diagnosis.findings[0].text
    done = repair(path, encoder=FakeEncoder())
    assert (done.done, done.failed) == ((), ())
    assert found(done.after) == [("documents", None), ("documents", None)]
    with Collection.open(path) as collection:
        assert len(collection.documents()) == 6


def test_what_is_refused_stays_refused(path: Path) -> None:
    """A sealed database with a changed document is mended where it can be, and no search is answered from the rest."""
    seal = database(path).with_name("store.db.seal").read_bytes()
    edit(path, "UPDATE segments SET text = replace(text, 'owl', 'cat')", "DELETE FROM fields WHERE document_id = 2")
    database(path).with_name("store.db.seal").write_bytes(seal)
    done = repair(path, encoder=FakeEncoder())
    assert done.done == (Remedy.FIELDS.value,)
    assert database(path).with_name("store.db.seal").read_bytes() == seal  # at no moment was there another
    assert found(done.after) == [("seal", Remedy.SEAL), ("documents", None), ("documents", None)]
    with pytest.raises(StoreError, match=r"store\.db is damaged: .* `passagework doctor --repair` can mend"):
        Collection.open(path)


def test_a_sound_database_is_sealed_anew(path: Path) -> None:
    """Somebody edited it, and all in it agrees: the doctor says what differs, and takes it as it is when told to."""
    with closing(sqlite3.connect(database(path))) as connection:
        connection.execute("UPDATE sources SET notes = '[\"seen\"]' WHERE id = 1")
        connection.commit()
    with pytest.raises(StoreError, match=r"between bytes 0 and [\d,]+ it isn't what was written"):
        Collection.open(path)
    assert found(examine(path, encoder=FakeEncoder())) == [("seal", Remedy.SEAL)]
    done = repair(path, encoder=FakeEncoder())
    assert (done.done, done.after.findings) == ((Remedy.SEAL.value,), ())
    assert len(answers(path, FakeEncoder(), ["owl"])) == 5


class TestIndex:
    """Saved indexes: missing, damaged, of another collection, of a later state."""

    @pytest.mark.parametrize("damage", ["missing", "flipped", "folder"])
    def test_damaged(self, path: Path, damage: str) -> None:
        """Named, set aside, saved anew."""
        expected = answers(path, FakeEncoder(), QUERIES)
        folder = path / "v0001" / "index"
        [file] = folder.iterdir()
        if damage == "flipped":
            file.write_bytes(bytes([*file.read_bytes()[:-1], 7]))
        elif damage == "missing":
            file.unlink()
        else:
            shutil.rmtree(folder)
        diagnosis = examine(path, encoder=FakeEncoder())
        assert found(diagnosis) == [("index", Remedy.GENERATION)]
        assert "searches are complete without it" in diagnosis.findings[0].text
        done = repair(path, encoder=FakeEncoder())
        assert (done.done, done.after.findings) == ((Remedy.GENERATION.value,), ())
        names = sorted(entry.name for entry in folder.iterdir())
        assert names == [f"{file.name}.damaged"] * (damage == "flipped") + ["g000002-exact.index"]
        assert answers(path, FakeEncoder(), QUERIES) == expected

    def test_database_went_backwards(self, path: Path, template: Path) -> None:
        """By its changes, its commits, or both; a repair takes what is there, and the next ingest brings the rest."""
        edit(path, "PRAGMA foreign_keys = ON", "DELETE FROM sources WHERE id > 4", "DELETE FROM changes WHERE id > 4")
        diagnosis = examine(path, encoder=FakeEncoder())
        assert found(diagnosis) == [("order", Remedy.GENERATION), ("vectors", Remedy.ORPHANS)]
        assert "ends at change 4, and index g000001-exact.index covers 6" in diagnosis.findings[0].text
        assert repair(path, encoder=FakeEncoder()).after.findings == ()
        assert len(check_whole(path, FakeEncoder())) == 4
        ingest([template / "docs"], path, encoder=FakeEncoder())
        assert len(check_whole(path, FakeEncoder())) == 6

    def test_other_passages_than_the_database(self, path: Path) -> None:
        """Changes that say nothing of a passage that is gone."""
        edit(path, "DELETE FROM passages WHERE id = 4")
        diagnosis = examine(path, encoder=FakeEncoder())
        assert ("index", Remedy.GENERATION) in found(diagnosis)
        assert ("documents", None) in found(diagnosis)  # a document without passages


@pytest.mark.slow
def test_damaged_pages_are_named(path: Path) -> None:
    """A page of noise in each table in turn: never a traceback, always a finding that names the file."""
    pages = tables(path)
    clean = database(path).read_bytes()
    for name, page in pages.items():
        noisy = bytearray(clean)
        noisy[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
        database(path).write_bytes(noisy)
        diagnosis = examine(path, encoder=FakeEncoder())
        assert diagnosis.findings, name
        assert any("store.db" in finding.text for finding in diagnosis.findings), name
        with pytest.raises(StoreError, match=r"damaged|can't"):
            Collection.open(path)
    database(path).write_bytes(clean)
    assert examine(path, encoder=FakeEncoder()).well


def tables(path: Path) -> dict[str, int]:
    """The root page of each table and index."""
    with closing(sqlite3.connect(database(path))) as connection:
        return dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 1"))


def test_a_table_index_is_made_again(path: Path) -> None:
    """SQLite's own indexes are derived; the finding names the one that is wrong."""
    rename = "UPDATE sqlite_master SET sql = replace(sql, '({})', '({})') WHERE name = 'documents_path'"
    edit(path, "PRAGMA writable_schema = ON", rename.format("path", "length"))
    edit(path, "REINDEX documents_path", "PRAGMA writable_schema = ON", rename.format("length", "path"))
    diagnosis = examine(path, encoder=FakeEncoder())
    assert ("structure", Remedy.INDEXES) in found(diagnosis)
    assert "documents_path" in diagnosis.findings[0].text
    assert repair(path, encoder=FakeEncoder()).after.findings == ()


class TestWhereItWorks:
    """No collection, no version, no right to write, a writer at work, no weights."""

    def test_no_collection(self, tmp_path: Path) -> None:
        """One line; nothing is made."""
        for act in (examine, repair):
            with pytest.raises(StoreError, match="no collection at"):
                act(tmp_path / "none")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("content", [None, b"v0009\n", b"\xff\xfe"])
    def test_lost_current(self, path: Path, content: bytes | None) -> None:
        """The newest whole version is looked at, and taken up again."""
        (path / "CURRENT").unlink()
        if content is not None:
            (path / "CURRENT").write_bytes(content)
        assert found(examine(path, encoder=FakeEncoder())) == [("current", Remedy.CURRENT)]
        done = repair(path, encoder=FakeEncoder())
        assert (done.done, done.after.findings) == ((Remedy.CURRENT.value,), ())
        assert (path / "CURRENT").read_text() == "v0001\n"

    @pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\x07" * 5000])
    def test_no_database(self, path: Path, content: bytes) -> None:
        """A finding that names the file, and nothing is written over it."""
        for log in path.rglob("store.db-*"):
            log.unlink()
        database(path).write_bytes(content)
        for diagnosis in (examine(path), repair(path).after):
            assert [finding.check for finding in diagnosis.findings] == ["database"]
            assert "store.db" in diagnosis.findings[0].text
        assert database(path).read_bytes() == content

    def test_beside_a_writer(self, path: Path) -> None:
        """It looks while another holds the collection, and says so where it has to wait; it mends nothing meanwhile."""
        with writer_lock(path):
            assert examine(path, encoder=FakeEncoder()).well
            with pytest.raises(StoreError, match="is being written by process"):
                repair(path, encoder=FakeEncoder())

    def test_read_only(self, path: Path) -> None:
        """All but the text index, which can't be asked without the right to write."""
        with read_only(path):
            diagnosis = examine(path, encoder=FakeEncoder())
            assert diagnosis.findings == ()
            skipped = [(check.name, check.detail) for check in diagnosis.checks if check.state == "skipped"]
            assert (
                skipped == [("text index", "the check needs the right to write, and the folder is read-only")]
                or not skipped
            )  # a user who writes whatever the permissions say

    def test_no_weights(self, path: Path) -> None:
        """The encoder's check is left out with the reason; what needs it can't be mended, and stays."""
        [check] = [check for check in examine(path).checks if check.state == "skipped"]
        assert check.name == "encoder"
        assert check.detail.startswith("no weights for fake: tried the hub cache")
        edit(path, "DELETE FROM vectors WHERE id = 2")
        done = repair(path)
        assert done.done == ()
        assert done.failed[0].startswith("not encoded passages again: no weights for fake")
        assert found(done.after) == [("vectors", Remedy.VECTORS)]

    def test_another_encoder_is_not_compared(self, path: Path) -> None:
        """An encoder that isn't the collection's tells nothing about its vectors."""
        [check] = [one for one in examine(path, encoder=FakeEncoder(seed="other")).checks if one.name == "encoder"]
        assert check.state == "skipped"
        assert "was built with fake" in check.detail

    def test_after_a_delete(self, path: Path) -> None:
        """What went is no finding."""
        delete(path, ["0.md"])
        assert examine(path, encoder=FakeEncoder()).well


def test_many_findings_are_counted() -> None:
    """Twenty of a check are told, and how many more there are."""
    from passagework.ingest.maintenance.doctor.examination import _shortened

    lines = _shortened([Finding("documents", f"number {number}") for number in range(33)])
    assert [line.text for line in lines[-2:]] == ["number 19", "and 13 more"]


class TestCommand:
    """Exit codes, one line a finding, one JSON object."""

    def test_well(self, path: Path) -> None:
        """One line, exit code 0."""
        outcome = run("doctor", "--collection", path)
        assert outcome.code == 0
        assert outcome.out.splitlines()[-1].startswith("well     ")
        assert outcome.out.splitlines()[-1].endswith("6 documents, 6 passages, 6 vectors; 12 checks, nothing found")

    def test_found_and_mended(self, path: Path) -> None:
        """A line each, exit code 1 and what to do; after the repair exit code 0."""
        shutil.rmtree(path / "v0001" / "index")
        outcome = run("doctor", "--collection", path)
        assert outcome.code == 1
        assert outcome.out.startswith("found    index: index file ")
        assert outcome.out.endswith("next     all of this can be made again: passagework doctor --repair\n")
        mended = run("doctor", "--collection", path, "--repair")
        assert mended.code == 0
        assert "mended   saved a new index\n" in mended.out
        assert run("doctor", "--collection", path).code == 0

    def test_json(self, path: Path) -> None:
        """What was found, whether it is derived, what was done, and how it is now."""
        shutil.rmtree(path / "v0001" / "index")
        outcome = run("doctor", "--collection", path, "--json")
        said = json.loads(outcome.out)
        assert (outcome.code, said["well"], said["checks"]["index"]["state"]) == (1, False, "found")
        assert said["findings"][0]["derivable"] is True
        said = json.loads(run("doctor", "--collection", path, "--repair", "--json").out)
        assert (said["well"], said["done"], said["failed"]) == (True, ["saved a new index"], [])
        assert said["before"][0]["check"] == "index"

    def test_no_collection(self, tmp_path: Path) -> None:
        """One line on stderr."""
        outcome = run("doctor", "--collection", tmp_path / "none")
        assert outcome.code == 1
        assert outcome.complaint.endswith("none: make one with `passagework ingest`\n")


def test_beside_a_transaction_of_another_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text index is left out with the reason where the database stays locked."""
    script = (
        "import sqlite3, sys\n"
        f"c = sqlite3.connect({str(database(path))!r}, isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE')\nprint('locked', flush=True)\nsys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    monkeypatch.setattr("passagework.retrieval.store.store.TEXT_INDEX_WAIT_MS", 100)
    diagnosis = examine(path, encoder=FakeEncoder())
    holder.stdin.close()
    holder.wait(timeout=30)
    holder.stdout.close()
    assert diagnosis.findings == ()
    [check] = [one for one in diagnosis.checks if one.name == "text index"]
    assert (check.state, check.detail) == ("skipped", "another process is writing; look again when it is done")
