"""Files on disk against files on record, where the file system takes several spellings for one name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import Report, ingest
from passagework.ingest.file_digests import FileDigests
from passagework.ingest.file_ingest import CHANGED_MEANWHILE
from tests.support.fakes import FakeEncoder

BEES, WASPS = "Bees dance to tell of flowers.", "Wasps build paper nests."


def respell(folder: Path, old: str, new: str) -> None:
    """Renames a file as on a system that takes both spellings for one: the old name still leads to the file.

    There the old name isn't listed; here it is a second one of the file, which the runs below exclude.
    """
    (folder / new).parent.mkdir(exist_ok=True)
    os.link(folder / old, folder / new)


def run(folder: Path, old: str, encoder: FakeEncoder) -> Report:
    """An ingest that sees the new name alone, and takes out what is gone."""
    return ingest(folder, folder.parent / "c", exclude=[old], delete_missing=True, encoder=encoder)


@pytest.mark.parametrize(
    ("old", "new"),
    [("bees.txt", "Bees.txt"), ("sub/bees.txt", "SUB/bees.txt"), ("straße.txt", "STRASSE.txt")],
)
def test_a_name_in_another_case_is_a_move(tmp_path: Path, old: str, new: str) -> None:
    """One document at the new path, with its passage; the next run has nothing to do."""
    folder, encoder = tmp_path / "docs", FakeEncoder()
    (folder / old).parent.mkdir(parents=True)
    (folder / old).write_text(BEES)
    ingest(folder, tmp_path / "c", encoder=encoder)
    respell(folder, old, new)
    report = run(folder, old, encoder)
    assert (report.moved, report.added, report.deleted, report.gone) == (1, 0, 0, 0)
    report = run(folder, old, encoder)
    assert (report.unchanged, report.moved) == (1, 0)
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [row.path for row in collection.documents()] == [new]
        assert [(hit.text, hit.uri) for hit in collection.search("bees")] == [(BEES, (folder / new).as_uri())]


def test_a_name_in_another_normal_form_is_a_move(tmp_path: Path) -> None:
    """The path stays as it was, for it is composed either way; the URI is that of the file now."""
    folder, encoder = tmp_path / "docs", FakeEncoder()
    folder.mkdir()
    (folder / "fu\u0308r.txt").write_text(BEES)
    ingest(folder, tmp_path / "c", encoder=encoder)
    respell(folder, "fu\u0308r.txt", "für.txt")
    report = ingest(folder / "für.txt", tmp_path / "c", encoder=encoder)
    assert (report.moved, report.added) == (1, 0)
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [(row.path, row.uri) for row in collection.documents()] == [("für.txt", (folder / "für.txt").as_uri())]


def test_a_file_that_changed_as_well_is_read_again(tmp_path: Path) -> None:
    """The old text is not found any more, and nothing is there twice."""
    folder, encoder = tmp_path / "docs", FakeEncoder()
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES)
    ingest(folder, tmp_path / "c", encoder=encoder)
    respell(folder, "bees.txt", "BEES.txt")
    (folder / "BEES.txt").write_text(WASPS)
    report = run(folder, "bees.txt", encoder)
    assert (report.moved, report.added, report.gone) == (1, 0, 0)
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [hit.text for hit in collection.search("nests")] == [WASPS]


def test_two_files_whose_names_differ_in_case_are_two(tmp_path: Path) -> None:
    """Where the file system tells them apart, neither is taken for the other."""
    folder, encoder = tmp_path / "docs", FakeEncoder()
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES)
    ingest(folder, tmp_path / "c", encoder=encoder)
    (folder / "Bees.txt").write_text(WASPS)
    if len(list(folder.iterdir())) == 1:
        pytest.skip("this file system takes both for one name")
    report = run(folder, "bees.txt", encoder)
    assert (report.added, report.moved, report.deleted) == (1, 0, 0)
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert [row.path for row in collection.documents()] == ["Bees.txt", "bees.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
class TestAFolderByASecondAddress:
    """A folder that is ingested through a link to it, or through a link to a folder above it."""

    @pytest.fixture
    def docs(self, tmp_path: Path) -> Path:
        """A folder of two files, one in a folder of its own."""
        docs = tmp_path / "data" / "docs"
        (docs / "sub").mkdir(parents=True)
        (docs / "bees.txt").write_text(BEES)
        (docs / "sub" / "wasps.txt").write_text(WASPS)
        return docs

    @pytest.mark.parametrize("first", ["as it is", "through the link"])
    def test_nothing_is_there_twice(self, docs: Path, tmp_path: Path, first: str) -> None:
        """Its documents were moved to the address given last, and the folders ingested are that one alone."""
        encoder, link = FakeEncoder(), tmp_path / "link"
        link.symlink_to(docs)
        addresses = [docs, link] if first == "as it is" else [link, docs]
        ingest(addresses[0], tmp_path / "c", encoder=encoder)
        report = ingest(addresses[1], tmp_path / "c", encoder=encoder)
        assert (report.added, report.moved, report.encoded, report.gone) == (0, 2, 0, 0)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert [row.path for row in collection.documents()] == ["bees.txt", "sub/wasps.txt"]
            assert [root.root for root in collection.roots()] == [str(addresses[1])]

    def test_a_part_of_it_through_a_link_above(self, docs: Path, tmp_path: Path) -> None:
        """What lies in that part is moved; the rest stays where it was."""
        encoder = FakeEncoder()
        (tmp_path / "above").symlink_to(docs.parent)
        ingest(docs, tmp_path / "c", encoder=encoder)
        report = ingest(tmp_path / "above" / "docs" / "sub", tmp_path / "c", encoder=encoder)
        assert (report.added, report.moved) == (0, 1)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert len(collection.documents()) == 2

    def test_a_link_that_leads_to_another_folder_now(self, docs: Path, tmp_path: Path) -> None:
        """The address counts: what lies behind `current` was edited, not moved."""
        encoder, link, new = FakeEncoder(), tmp_path / "current", tmp_path / "release-2"
        link.symlink_to(docs)
        ingest(link, tmp_path / "c", encoder=encoder)
        new.mkdir()
        (new / "bees.txt").write_text(WASPS)
        link.unlink()
        link.symlink_to(new)
        report = ingest(link, tmp_path / "c", encoder=encoder, delete_missing=True)
        assert (report.updated, report.deleted, report.moved, report.added) == (1, 1, 0, 0)

    def test_a_second_name_in_the_folder_is_a_copy_no_more_than_before(self, docs: Path, tmp_path: Path) -> None:
        """A hard link is a file of its own."""
        encoder = FakeEncoder()
        ingest(docs, tmp_path / "c", encoder=encoder)
        os.link(docs / "bees.txt", tmp_path / "other.txt")
        report = ingest(tmp_path / "other.txt", tmp_path / "c", encoder=encoder)
        assert (report.added, report.moved) == (1, 0)


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read may be another content than was hashed: as it was before, the file isn't taken for unchanged."""
    file, collection = tmp_path / "docs" / "a.txt", tmp_path / "c"
    file.parent.mkdir()
    file.write_text("apple river")
    hashed = FileDigests.of

    def hash_then_write(self: FileDigests, path: Path) -> str:
        digest = hashed(self, path)
        path.write_text("winter bread of another day")
        return digest

    with monkeypatch.context() as patched:
        patched.setattr(FileDigests, "of", hash_then_write)
        report = ingest(file.parent, collection, encoder=FakeEncoder())
    assert (report.added, [note.reason for note in report.notes]) == (1, [CHANGED_MEANWHILE])
    file.write_text("apple river")
    assert ingest(file.parent, collection, encoder=FakeEncoder()).updated == 1
    with Collection.open(collection, encoder=FakeEncoder()) as opened:
        assert opened.search("apple", stage="lexical")[0].text == "apple river"
    again = ingest(file.parent, collection, encoder=FakeEncoder())
    assert (again.unchanged, again.notes) == (1, [])
