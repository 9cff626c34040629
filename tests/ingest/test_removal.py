"""Taking documents out on purpose."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import ConfigError, FilterError, StoreError
from passagework.retrieval.folder import writer_lock
from passagework.retrieval.store import Writer
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

RECORDS = "".join(f'{{"_id": "r{i}", "text": "owl number {i}", "year": {2000 + i}}}\n' for i in range(4))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files, one with a twin elsewhere, and four records."""
    base = tmp_path_factory.mktemp("removal")
    (base / "docs" / "sub").mkdir(parents=True)
    (base / "docs" / "a.txt").write_text("red apples")
    (base / "docs" / "b[1].txt").write_text("green pears")
    (base / "docs" / "sub" / "a.txt").write_text("red apples")
    (base / "docs" / "r.jsonl").write_text(RECORDS)
    ingest([base / "docs"], base / "c", encoder=FakeEncoder())
    return base


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A copy of that collection."""
    shutil.copytree(template / "c", tmp_path / "c")
    return tmp_path / "c"


def names(rows: Sequence[Any]) -> list[str]:
    """Records by their `_id`, files by their path."""
    return [row.name or row.path for row in rows]


ALL = ["a.txt", "b[1].txt", "r0", "r1", "r2", "r3", "sub/a.txt"]


@pytest.mark.parametrize(
    ("targets", "where", "expected"),
    [
        (["r2"], None, ["r2"]),
        (["a.txt"], None, ["a.txt"]),
        (["b[1].txt"], None, ["b[1].txt"]),
        (["*/a.txt"], None, ["sub/a.txt"]),
        (["r.jsonl#r3"], None, ["r3"]),
        (["*.txt"], None, ["a.txt", "b[1].txt", "sub/a.txt"]),
        (["r.jsonl"], None, ["r0", "r1", "r2", "r3"]),
        (["r1", "a.txt", "r1"], None, ["r1", "a.txt"]),
        ([], {"year": {"$gte": 2002}}, ["r2", "r3"]),
        (["r.jsonl"], {"year": 2000}, ["r0"]),
        ([], {"path": {"$glob": "sub/*"}}, ["sub/a.txt"]),
    ],
)
def test_what_goes_and_what_stays(
    path: Path, targets: list[str], where: dict[str, Any] | None, expected: list[str]
) -> None:
    """By name, path or glob, within a filter: just those go, from every index; the others answer as before."""
    assert names(delete(path, targets, where=where, dry_run=True)) == expected
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        assert names(collection.documents()) == ALL  # a dry run
        assert names(delete(path, targets, where=where)) == expected
        left = [name for name in ALL if name not in expected]
        assert names(collection.documents()) == left
        for stage in ("dense", "lexical", "hybrid"):
            hits = collection.search("red green apples pears owl number", k=50, stage=stage, copies="keep")
            shown = sorted(hit.path if hit.document.startswith("file:") else hit.document for hit in hits)
            assert shown == sorted(left)
    assert len(check_whole(path, FakeEncoder())) == len(left)


def test_by_uri(template: Path, path: Path) -> None:
    """A file's address names its document."""
    uri = (template / "docs" / "sub" / "a.txt").as_uri()
    assert names(delete(path, [uri])) == ["sub/a.txt"]


def test_vectors_go_with_their_last_passage(path: Path) -> None:
    """A text that another document still has keeps its vector."""

    def vectors() -> object:
        with Collection.open(path) as collection:
            return collection.status().vectors

    assert vectors() == 6  # the twins share one
    delete(path, ["sub/a.txt"])
    assert vectors() == 6
    delete(path, ["a.txt"])
    assert vectors() == 5


def test_next_ingest_brings_back_what_still_lies_there(template: Path, path: Path) -> None:
    """A file as a whole, or the records that are missing of it; nothing else is touched."""
    delete(path, ["a.txt", "r1", "r3"])
    report = ingest([template / "docs"], path, encoder=FakeEncoder())
    assert (report.added, report.unchanged, report.updated) == (3, 4, 0)
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        assert names(collection.documents()) == ALL
    again = ingest([template / "docs"], path, encoder=FakeEncoder())
    assert (again.added, again.unchanged) == (0, 7)


@pytest.mark.parametrize(
    ("targets", "where", "error", "message"),
    [
        ([], None, ConfigError, "name the documents to delete, or give a filter"),
        ([], {}, ConfigError, "name the documents to delete, or give a filter"),
        (["r1", "nothing"], None, ConfigError, "no document is named 'nothing'"),
        (["R1"], None, ConfigError, "no document is named 'R1': `passagework documents` lists them; a glob such as"),
        (["sub"], None, ConfigError, r"named 'sub': the glob 'sub/\*' takes all beneath that folder"),
        (["sub/"], None, ConfigError, r"named 'sub/': the glob 'sub/\*' takes all beneath that folder"),
        ([], {"colour": "red"}, FilterError, "no document has a field 'colour'"),
        (["r1"], {"year": {"$near": 1}}, FilterError, "no operator"),
    ],
)
def test_refuses_and_deletes_nothing(
    path: Path, targets: list[str], where: dict[str, Any] | None, error: type[Exception], message: str
) -> None:
    """An empty filter is no filter; a target that names nothing may be a slip of the pen."""
    with pytest.raises(error, match=message):
        delete(path, targets, where=where)
    with Collection.open(path) as collection:
        assert names(collection.documents()) == ALL


def test_a_path_as_the_shell_knows_it(template: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not deleted; the error says what the file's path is here, or which glob takes the folder, if one does."""
    monkeypatch.chdir(template)
    for target, hint in (
        ("docs/sub/a.txt", "that file's is 'sub/a.txt'"),
        (str(template / "docs" / "r.jsonl"), "that file's is 'r.jsonl'"),
        ("docs/sub", r"the glob 'sub/\*' takes all"),
        ("docs/", r"the glob '\*' takes all"),
    ):
        with pytest.raises(ConfigError, match=hint):
            delete(path, [target])
    ingest([template / "docs" / "sub"], path, encoder=FakeEncoder())
    (template / "other.txt").write_text("of another root")
    ingest([template / "other.txt"], path, encoder=FakeEncoder())
    with pytest.raises(ConfigError, match=r"a glob such as 'sub/\*'"):  # '*' would take the other root's, too
        delete(path, ["docs/"])


def test_records_without_an_id_go_by_their_place(tmp_path: Path) -> None:
    """As `documents` shows them: the path, and the line behind it."""
    (tmp_path / "r.jsonl").write_text("".join(f'{{"text": "owl number {n}"}}\n' for n in range(3)))
    ingest(tmp_path / "r.jsonl", tmp_path / "c", encoder=FakeEncoder())
    [row] = delete(tmp_path / "c", ["r.jsonl#line=2"])
    assert row.uri.endswith("r.jsonl#line=2")


def test_an_id_that_is_another_documents_place(template: Path, path: Path, tmp_path: Path) -> None:
    """Which is meant can't be known: other names of both are given, and they work. `uris` are never an `_id`."""
    uri = (template / "docs" / "a.txt").as_uri()
    lines = "".join(
        f'{{"_id": {json.dumps(name)}, "text": "liar {number}"}}\n' for number, name in enumerate((uri, "a.txt"))
    )
    (tmp_path / "x.jsonl").write_text(lines)
    ingest([tmp_path / "x.jsonl"], path, encoder=FakeEncoder())
    with pytest.raises(ConfigError, match=re.escape(f"say 'x.jsonl#a.txt' or '{uri}'")):
        delete(path, ["a.txt"])
    with pytest.raises(ConfigError, match=re.escape(f"say 'x.jsonl#{uri}' or 'a.txt'")):
        delete(path, [uri])
    assert [row.path for row in delete(path, uris=[uri], dry_run=True)] == ["a.txt"]
    assert names(delete(path, ["x.jsonl#a.txt"])) == ["a.txt"]
    assert [row.name for row in delete(path, ["a.txt"])] == [None]
    with pytest.raises(ConfigError, match="no document has the URI"):
        delete(path, uris=[uri])
    assert names(delete(path, [uri])) == [uri]


def test_a_glob_is_one_only_where_no_document_is_so_named(path: Path, tmp_path: Path) -> None:
    """A name with brackets is that document's, not a pattern for others."""
    for name in ("b1.txt", "b[2].txt", "b2.txt"):
        (tmp_path / name).write_text(name)
    ingest([tmp_path / name for name in ("b1.txt", "b[2].txt", "b2.txt")], path, encoder=FakeEncoder())
    assert names(delete(path, ["b[2].txt"])) == ["b[2].txt"]
    assert names(delete(path, ["b[12].txt"])) == ["b1.txt", "b2.txt"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_damaged_database_is_refused_and_so_is_a_second_writer(path: Path, dry_run: bool) -> None:
    """A dry run promises nothing that the real one would refuse."""
    with writer_lock(path), pytest.raises(StoreError, match="is being written by"):
        delete(path, ["a.txt"], dry_run=dry_run)
    database = path / "v0001" / "store.db"
    data = bytearray(database.read_bytes())
    data[-10] ^= 1
    database.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        delete(path, ["a.txt"], dry_run=dry_run)


def test_a_dry_run_writes_nothing(path: Path) -> None:
    """Not a byte of the version, not even what is swept behind a writer."""
    before = {file: file.read_bytes() for file in (path / "v0001").rglob("*") if file.is_file()}
    assert names(delete(path, ["a.txt"], dry_run=True)) == ["a.txt"]
    assert {file: file.read_bytes() for file in (path / "v0001").rglob("*") if file.is_file()} == before


def test_documents_and_their_vectors_go_in_one_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vectors can't be swept, the documents are still there."""

    def fail(writer: Writer) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "sweep_vectors", fail)
        with pytest.raises(KeyboardInterrupt):
            delete(path, ["r2"])
    assert names(delete(path, ["r2"])) == ["r2"]


def test_no_collection(tmp_path: Path) -> None:
    """Says so, and makes none."""
    with pytest.raises(StoreError, match="no collection at"):
        delete(tmp_path / "x", ["a"])
    assert list(tmp_path.iterdir()) == []
