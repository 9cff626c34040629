"""Folders that moved, and folders that hold files of the same path: told, told apart, taken out together."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework import Collection, ConfigError, delete, ingest
from tests.support.fakes import FakeEncoder

ENCODER = FakeEncoder()


def write(folder: Path, files: dict[str, str]) -> Path:
    """Writes files, and returns their folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def paths(collection: Path) -> list[str]:
    """Returns what lists call the documents."""
    with Collection.open(collection, encoder=ENCODER) as opened:
        return [row.address for row in opened.documents()]


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A folder that was ingested as `old`, and renamed to `new` with one file edited and one removed."""
    write(tmp_path / "old", {"a.md": "apple river", "b.md": "stone winter ten", "c.md": "bread"})
    ingest(tmp_path / "old", tmp_path / "c", encoder=ENCODER)
    (tmp_path / "old").rename(tmp_path / "new")
    write(tmp_path / "new", {"b.md": "stone winter twelve"})
    (tmp_path / "new" / "c.md").unlink()
    return tmp_path


def test_what_is_gone_elsewhere_is_told(moved: Path) -> None:
    """The old folder's documents are counted by their folder, and quoted under another header than their successors."""
    report = ingest(moved / "new", moved / "c", encoder=ENCODER)
    assert (report.added, report.moved, report.gone) == (1, 1, 2)
    assert report.gone_from == {(moved / "old").as_uri(): 2}
    assert report.to_json()["gone_from"] == [{"root": str(moved / "old"), "documents": 2}]
    with Collection.open(moved / "c", encoder=ENCODER) as collection:
        context = collection.context("stone winter")
        assert "b.md (in old)\nstone winter ten" in context.text
        assert "b.md (in new)\nstone winter twelve" in context.text
        assert {(row.root, row.documents, row.gone) for row in collection.roots()} == {
            (str(moved / "new"), 2, 0),
            (str(moved / "old"), 2, 2),
        }
    assert paths(moved / "c") == ["a.md", "b.md (in new)", "b.md (in old)", "c.md"]


def test_the_successor_takes_the_place_of_what_moved(moved: Path) -> None:
    """With delete_missing, an edited file of a folder that moved is not there twice; what has no successor stays."""
    report = ingest(moved / "new", moved / "c", encoder=ENCODER, delete_missing=True)
    assert (report.added, report.moved, report.deleted, report.gone) == (1, 1, 1, 1)
    assert paths(moved / "c") == ["a.md", "b.md", "c.md"]


def test_the_old_folder_is_cleared_by_name(moved: Path) -> None:
    """`root` names a folder that is no longer there; without it, only what lies beneath the paths is taken out."""
    report = ingest(moved / "new", moved / "c", encoder=ENCODER, delete_missing=True, root=moved / "old")
    assert (report.deleted, report.gone) == (2, 0)
    assert paths(moved / "c") == ["a.md", "b.md"]


def test_a_root_that_makes_no_sense(moved: Path) -> None:
    """One line says what to do; nothing is taken out."""
    with pytest.raises(ConfigError, match="give delete_missing, too"):
        ingest(moved / "new", moved / "c", encoder=ENCODER, root=moved / "old")
    with pytest.raises(ConfigError, match=f"nothing came from {moved / 'x'}: `passagework sources` lists the folders"):
        ingest(moved / "new", moved / "c", encoder=ENCODER, delete_missing=True, root=[moved / "old", moved / "x"])
    assert len(paths(moved / "c")) == 3


def test_delete_by_root(moved: Path) -> None:
    """All of a folder, or a path in it; a path of several folders is not guessed."""
    ingest(moved / "new", moved / "c", encoder=ENCODER)
    with pytest.raises(ConfigError, match=f"'b.md' lies in {moved / 'new'} and in {moved / 'old'}: say which"):
        delete(moved / "c", ["b.md"])
    assert [row.uri for row in delete(moved / "c", ["b.md"], root=moved / "old", dry_run=True)] == [
        (moved / "old" / "b.md").as_uri()
    ]
    assert len(delete(moved / "c", root=moved / "old")) == 2
    assert paths(moved / "c") == ["a.md", "b.md"]
    with pytest.raises(ConfigError, match="no document lies in"):
        delete(moved / "c", root=moved / "old")


def test_a_file_keeps_its_path(tmp_path: Path) -> None:
    """Whether it, its folder or a folder above is ingested; a new file gets the path it would have."""
    docs = write(tmp_path / "docs", {"policies/travel.md": "apple", "x.md": "river"})
    ingest(docs, tmp_path / "c", encoder=ENCODER)
    write(docs, {"policies/new.md": "stone"})
    for part in (docs / "policies" / "travel.md", docs / "policies", docs):
        report = ingest(part, tmp_path / "c", encoder=ENCODER)
        assert report.moved == 0
    assert paths(tmp_path / "c") == ["policies/new.md", "policies/travel.md", "x.md"]


def test_a_wider_folder_gives_a_longer_path(tmp_path: Path) -> None:
    """What was ingested by itself is counted as moved when its folder comes, and found by the folder's path."""
    docs = write(tmp_path / "docs", {"policies/travel.md": "apple", "list.jsonl": '{"_id": "r", "text": "river"}'})
    ingest([docs / "policies", docs / "list.jsonl"], tmp_path / "c", encoder=ENCODER)
    assert paths(tmp_path / "c") == ["list.jsonl#r", "travel.md"]
    report = ingest(docs, tmp_path / "c", encoder=ENCODER)
    assert (report.moved, report.unchanged) == (1, 1)
    with Collection.open(tmp_path / "c", encoder=ENCODER) as collection:
        hits = collection.search("apple", where={"path": {"$glob": "policies/*"}})
        assert [hit.path for hit in hits] == ["policies/travel.md"]


def test_a_single_file_is_no_root(tmp_path: Path) -> None:
    """The folder that a file lies in is not taken as ingested: another file beneath it has its own path."""
    write(tmp_path, {"note.md": "apple", "docs/a.md": "river"})
    ingest(tmp_path / "note.md", tmp_path / "c", encoder=ENCODER)
    ingest(tmp_path / "docs", tmp_path / "c", encoder=ENCODER)
    assert paths(tmp_path / "c") == ["a.md", "note.md"]


def test_relative_paths_are_fixed_when_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that changes its folder goes on with the collection that it opened."""
    write(tmp_path / "docs", {"a.md": "apple"})
    monkeypatch.chdir(tmp_path)
    ingest("docs", "c", encoder=ENCODER)
    with Collection.open("c", encoder=ENCODER) as collection:
        monkeypatch.chdir("/")
        assert [hit.path for hit in collection.search("apple")] == ["a.md"]
        assert collection.status().documents == 1
