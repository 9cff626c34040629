"""Ingestion from folder to passages: what is new, changed, moved and gone, and nothing done twice."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from passagework import Collection
from passagework.ingest import Problem, Report, ingest
from passagework.retrieval import ConfigError, IndexMismatchError, IngestError, StoreError
from passagework.retrieval.store import SourceState
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import drawn, typed


def counts(report: Report) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("added", "updated", "moved", "deleted", "unchanged", "gone")
    found = {name: getattr(report, name) for name in names}
    found["failed"] = len(report.failed)
    return {name: count for name, count in found.items() if count}


def write(folder: Path, files: dict[str, str]) -> None:
    """Text files by relative path."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of three documents."""
    folder = tmp_path / "docs"
    write(
        folder,
        {
            "a.md": "# Apples\n\nApples keep well in a cool cellar.",
            "sub/b.txt": "Bees dance to tell of flowers.",
            "c.jsonl": '{"_id": "1", "title": "One", "text": "cats purr", "year": 2020}\n'
            '{"_id": "2", "text": "dogs bark", "year": 2021}\n',
        },
    )
    return folder


class TestSync:
    """Only what changed is done again."""

    def test_first_run_adds_every_document(self, docs: Path, tmp_path: Path) -> None:
        """Files and records are documents; their passages are slices of the stored text."""
        encoder = FakeEncoder()
        report = ingest([docs], tmp_path / "c", encoder=encoder)
        assert counts(report) == {"added": 4}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            rows = {row.name or row.path: row for row in collection.documents()}
            assert sorted(rows) == ["1", "2", "a.md", "sub/b.txt"]
            assert collection.document(rows["a.md"].id).text == "# Apples\n\nApples keep well in a cool cellar."
            assert rows["1"].metadata["year"] == 2020
            hit = collection.search("bees flowers", k=1)[0]
            assert (hit.path, hit.text, hit.title) == ("sub/b.txt", "Bees dance to tell of flowers.", "b")

    def test_second_run_does_nothing(self, docs: Path, tmp_path: Path) -> None:
        """Unchanged files are not read by a loader, and nothing is encoded."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        before = encoder.encoded
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"unchanged": 4}
        assert encoder.encoded - before <= 1  # the probe at most

    def test_changed_file_replaces_its_document(self, docs: Path, tmp_path: Path) -> None:
        """The new text is found, the old one is not."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        write(docs, {"sub/b.txt": "Wasps build paper nests."})
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"updated": 1, "unchanged": 3}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("bees", stage="lexical").hits == ()
            assert collection.search("wasps", k=1)[0].text == "Wasps build paper nests."

    def test_changed_record_leaves_the_others(self, docs: Path, tmp_path: Path) -> None:
        """Of a file of records only the changed one is updated."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        lines = (docs / "c.jsonl").read_text().replace("bark", "howl")
        (docs / "c.jsonl").write_text(lines)
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"updated": 1, "unchanged": 3}

    def test_moved_file_keeps_its_passages(self, docs: Path, tmp_path: Path) -> None:
        """A file moved to another folder is the same document at another path; nothing is encoded."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            before = collection.search("bees", k=1)[0].id
        (docs / "sub" / "b.txt").rename(docs / "b.txt")
        encoded = encoder.encoded
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"moved": 1, "unchanged": 3}
        assert encoder.encoded - encoded <= 1
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            hit = collection.search("bees", k=1)[0]
            assert (hit.id, hit.path) == (before, "b.txt")
            assert hit.uri == (docs / "b.txt").as_uri()

    def test_renamed_file_takes_its_new_name_as_title(self, docs: Path, tmp_path: Path) -> None:
        """A file without a title goes by its name, before and after it is renamed."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "sub" / "b.txt").rename(docs / "honey_bees.txt")
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"moved": 1, "unchanged": 3}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert [row.title for row in collection.documents(where={"path": "honey_bees.txt"})] == ["honey bees"]
            assert len(collection.documents()) == 4

    def test_copy_is_a_document_of_its_own_and_one_encoding(self, docs: Path, tmp_path: Path) -> None:
        """Two documents with the same text are two documents; the text is encoded once."""
        encoder = FakeEncoder()
        write(docs, {"x/same.txt": "The very same words.", "y/same.txt": "The very same words."})
        report = ingest([docs], tmp_path / "c", encoder=encoder)
        assert (report.added, report.passages, report.encoded) == (6, 6, 5)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            hits = collection.search("the very same words", k=2, copies="keep")
            assert [hit.path for hit in hits] == ["x/same.txt", "y/same.txt"]
            assert hits[0].score == hits[1].score

    def test_gone_file_stays_until_delete_missing(self, docs: Path, tmp_path: Path) -> None:
        """What is gone is counted, and taken out only when asked to."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "a.md").unlink()
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"gone": 1, "unchanged": 3}
        report = ingest([docs], tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"deleted": 1, "unchanged": 3}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("apples", stage="lexical").hits == ()
            assert collection.status().vectors == 3

    def test_gone_record_stays_until_delete_missing(self, docs: Path, tmp_path: Path) -> None:
        """The same for a record that is no longer in its file."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "c.jsonl").write_text((docs / "c.jsonl").read_text().splitlines(keepends=True)[0])
        for _ in range(2):  # told again by every run, until it is asked to go
            assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"gone": 1, "unchanged": 3}
        report = ingest([docs], tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"deleted": 1, "unchanged": 3}

    def test_delete_missing_acts_beneath_its_paths_only(self, docs: Path, tmp_path: Path) -> None:
        """A file that is gone elsewhere stays, and is told."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "a.md").unlink()
        report = ingest([docs / "sub"], tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"unchanged": 1, "gone": 1}
        assert report.gone_from == {docs.as_uri(): 1}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert len(collection.documents()) == 4

    @pytest.mark.parametrize("state", ["empty", "absent"])
    def test_delete_missing_refuses_a_root_that_looks_unmounted(self, docs: Path, tmp_path: Path, state: str) -> None:
        """A folder that is absent, or empty where documents were recorded, deletes nothing."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        docs.rename(tmp_path / "elsewhere")
        if state == "empty":
            docs.mkdir()
        with pytest.raises(IngestError, match=r"nothing was deleted|no such|does not exist|doesn't exist"):
            ingest([docs], tmp_path / "c", encoder=encoder, delete_missing=True)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert len(collection.documents()) == 4

    def test_an_empty_root_says_how_many_files_came_from_it(self, tmp_path: Path) -> None:
        """One is one file."""
        write(tmp_path / "docs", {"a.md": "Apples."})
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder())
        (tmp_path / "docs" / "a.md").unlink()
        with pytest.raises(IngestError, match="is empty, but 1 file came from it before: nothing was deleted"):
            ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(), delete_missing=True)

    def test_paths_with_dots_are_the_same_paths(
        self, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`../docs` deletes what is gone as the absolute path does."""
        encoder = FakeEncoder()
        (tmp_path / "work").mkdir()
        monkeypatch.chdir(tmp_path / "work")
        ingest(["../docs"], tmp_path / "c", encoder=encoder)
        (docs / "a.md").unlink()
        report = ingest(["../docs"], tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"deleted": 1, "unchanged": 3}

    def test_file_replaced_by_a_folder_is_gone(self, docs: Path, tmp_path: Path) -> None:
        """A folder of the file's name is not the file; moved into it, the file is moved."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "a.md").rename(docs / "kept")
        (docs / "a.md").mkdir()
        (docs / "kept").rename(docs / "a.md" / "a.md")
        report = ingest([docs], tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"moved": 1, "unchanged": 3}

    def test_another_ending_is_read_anew(self, docs: Path, tmp_path: Path) -> None:
        """Text renamed to Markdown gets its headings."""
        encoder = FakeEncoder()
        write(docs, {"sub/b.txt": "# Bees\n\nThey dance."})
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "sub" / "b.txt").rename(docs / "sub" / "b.md")
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"moved": 1, "unchanged": 3}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            (row,) = collection.documents(where={"path": "sub/b.md"})
            assert (row.media_type, row.title) == ("text/markdown", "Bees")

    def test_dry_run_tells_and_writes_nothing(self, docs: Path, tmp_path: Path) -> None:
        """The same counts as the real run, and not even a folder is made."""
        encoder = FakeEncoder()
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder, dry_run=True)) == {"added": 4}
        assert not (tmp_path / "c").exists()
        ingest([docs], tmp_path / "c", encoder=encoder)
        (docs / "a.md").unlink()
        (docs / "sub" / "b.txt").rename(docs / "bees.txt")
        write(docs, {"new.txt": "Something new."})
        expected = {"added": 1, "moved": 1, "deleted": 1, "unchanged": 2}
        for dry_run in (True, False):
            report = ingest([docs], tmp_path / "c", encoder=encoder, delete_missing=True, dry_run=dry_run)
            assert counts(report) == expected

    def test_the_collection_may_stand_among_the_documents(self, docs: Path) -> None:
        """Its own folder is never ingested."""
        encoder = FakeEncoder()
        ingest([docs], docs / "c", encoder=encoder)
        (docs / "c" / "notes.txt").write_text("not a document")
        assert counts(ingest([docs], docs / "c", encoder=encoder)) == {"unchanged": 4}

    def test_uploads_in_the_collection_are_documents_when_they_are_named(self, docs: Path) -> None:
        """And only then: an ingest of the folder around it passes them over."""
        encoder = FakeEncoder()
        ingest([docs], docs / "c", encoder=encoder)
        write(docs / "c" / "uploads", {"new.txt": "It came through the browser."})
        assert counts(ingest([docs], docs / "c", encoder=encoder)) == {"unchanged": 4}
        assert counts(ingest([docs / "c" / "uploads"], docs / "c", encoder=encoder)) == {"added": 1}
        with pytest.raises(ConfigError, match="lies in the collection's folder"):
            ingest([docs / "c" / "v0001"], docs / "c", encoder=encoder)


class TestNothingToIngest:
    """A folder without a file that can be read makes no collection, loads no model, and is no error."""

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_no_collection_is_made(self, tmp_path: Path, dry_run: bool) -> None:
        """What was passed over is in the report."""
        write(tmp_path / "docs", {"x.dat": "?"})
        report = ingest(tmp_path / "docs", tmp_path / "c", encoder="no/such-model", dry_run=dry_run)
        assert (report.no_collection, [one.path for one in report.skipped]) == (True, ["x.dat"])
        assert not (tmp_path / "c").exists()

    def test_an_existing_collection_is_brought_up_to_date(self, docs: Path, tmp_path: Path) -> None:
        """As ever."""
        ingest(docs, tmp_path / "c", encoder=FakeEncoder())
        for name in ("a.md", "sub/b.txt", "c.jsonl"):
            (docs / name).unlink()
        report = ingest(docs, tmp_path / "c", encoder=FakeEncoder(), delete_missing=True)
        assert (counts(report), report.no_collection) == ({"deleted": 4}, False)

    def test_other_files_in_the_collections_place_are_told_of(self, docs: Path, tmp_path: Path) -> None:
        """Although nothing would be written there."""
        (tmp_path / "empty").mkdir()
        with pytest.raises(StoreError, match="is a folder of other files"):
            ingest([tmp_path / "empty"], docs, encoder=FakeEncoder())


def test_one_path_is_as_good_as_a_list_of_one(docs: Path, tmp_path: Path) -> None:
    """A str is a path, not a sequence of letters."""
    for paths in (str(docs), docs):
        assert counts(ingest(paths, tmp_path / "c", encoder=FakeEncoder(), dry_run=True)) == {"added": 4}


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"passage_tokens": 5000}, (ConfigError, IndexMismatchError), "passage_tokens"),
        ({"passage_tokens": 60, "overlap": 59}, (ConfigError, IndexMismatchError), "passage_tokens|overlap_tokens"),
        ({"encoder": FakeEncoder(seed="-2"), "whole": True}, IndexMismatchError, "whole"),
    ],
)
def test_dry_run_refuses_what_the_real_run_does(
    docs: Path, tmp_path: Path, there: bool, options: dict[str, Any], error: Any, message: str
) -> None:
    """The same error, with the same words."""
    if there:
        ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    elif error is IndexMismatchError:
        return  # a new collection may be made with anything that fits
    said = []
    for dry_run in (True, False):
        with pytest.raises(error, match=message) as caught:
            ingest(docs, tmp_path / "c", dry_run=dry_run, **{"encoder": FakeEncoder(), **options})
        said.append(str(caught.value))
    assert said[0] == said[1]


class TestFailures:
    """A document that fails costs itself, and is on the report with a reason."""

    def test_bad_line_is_named_and_the_rest_is_in(self, docs: Path, tmp_path: Path) -> None:
        """Of a file of records only the bad line is missing."""
        encoder = FakeEncoder()
        write(docs, {"c.jsonl": '{"_id": "1", "text": "cats purr"}\n{"_id": \n{"_id": "3", "text": "owls hoot"}\n'})
        report = ingest([docs], tmp_path / "c", encoder=encoder)
        assert counts(report) == {"added": 4, "failed": 1}
        assert report.failed[0].path == "c.jsonl"
        assert report.failed[0].reason.startswith("line 2: ")
        again = ingest([docs], tmp_path / "c", encoder=encoder)
        assert counts(again) == {"unchanged": 4, "failed": 1}

    def test_a_file_without_one_good_record_failed(self, tmp_path: Path) -> None:
        """It is counted and listed with the files that could not be read; one with a good record was read in part."""
        encoder = FakeEncoder()
        write(tmp_path / "docs", {"none.json": "[{}, {}]", "some.json": '[{}, {"text": "bees"}]'})
        for _ in range(2):
            report = ingest([tmp_path / "docs"], tmp_path / "c", encoder=encoder)
            assert len(report.failed) == 3
            with Collection.open(tmp_path / "c", encoder=encoder) as collection:
                assert {one.path: one.state for one in collection.sources()} == {
                    "none.json": "failed",
                    "some.json": "partial",
                }
                assert collection.status().failed == 1

    def test_failed_file_is_tried_again_and_keeps_what_it_had(self, docs: Path, tmp_path: Path) -> None:
        """A document whose new version can't be read is answered from its old version."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder)
        good = (docs / "a.md").read_text()
        (docs / "a.md").write_bytes(b"\x00\x01\x02\x03" * 500)
        for _ in range(2):
            report = ingest([docs], tmp_path / "c", encoder=encoder)
            assert counts(report) == {"unchanged": 3, "failed": 1}
            assert report.failed[0].path == "a.md"
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("apples", k=1)[0].path == "a.md"
        write(docs, {"a.md": good})
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"unchanged": 4}

    def test_path_that_does_not_exist(self, tmp_path: Path) -> None:
        """One clear error, and no collection is made."""
        with pytest.raises(IngestError, match="nowhere"):
            ingest([tmp_path / "nowhere"], tmp_path / "c", encoder=FakeEncoder())
        assert not (tmp_path / "c").exists()

    def test_nul_and_surrogates_become_replacement_characters(self, tmp_path: Path) -> None:
        """Before offsets exist, so that passages are slices."""
        encoder = FakeEncoder()
        write(tmp_path / "docs", {"r.jsonl": json.dumps({"_id": "1", "text": "left\u0000 right \ud800 end"})})
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=encoder)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("right", k=1)[0].text == "left\ufffd right \ufffd end"


class TestIdentity:
    """A collection remembers how it was made, and refuses anything else."""

    def test_another_encoder_is_refused_naming_both(self, docs: Path, tmp_path: Path) -> None:
        """By ingest and by open."""
        ingest([docs], tmp_path / "c", encoder=FakeEncoder())
        other = FakeEncoder(seed="-other")
        with pytest.raises(IndexMismatchError, match=r"fake \(.*not with fake-other"):
            ingest([docs], tmp_path / "c", encoder=other)
        with pytest.raises(IndexMismatchError, match=r"fake \(.*not with fake-other"):
            Collection.open(tmp_path / "c", encoder=other)

    def test_another_chunking_is_refused(self, docs: Path, tmp_path: Path) -> None:
        """Naming both, and the way out."""
        encoder = FakeEncoder()
        ingest([docs], tmp_path / "c", encoder=encoder, passage_tokens=20)
        with pytest.raises(IndexMismatchError, match=r"passage_tokens 20, not 30.*rebuild"):
            ingest([docs], tmp_path / "c", encoder=encoder, passage_tokens=30)
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder, passage_tokens=20)) == {"unchanged": 4}

    def test_impossible_chunking_is_refused(self, docs: Path, tmp_path: Path) -> None:
        """A passage can't be larger than the window."""
        with pytest.raises(ConfigError, match="passage_tokens is 500"):
            ingest([docs], tmp_path / "c", encoder=FakeEncoder(), passage_tokens=500)

    def test_bad_settings_leave_no_folder(self, docs: Path, tmp_path: Path) -> None:
        """What is refused leaves nothing behind."""
        for tokens in (0, -5, 500):
            with pytest.raises(ConfigError, match="passage_tokens"):
                ingest([docs], tmp_path / "c", encoder=FakeEncoder(), passage_tokens=tokens)
        assert not (tmp_path / "c").exists()

    def test_the_documents_folder_is_no_collection(self, docs: Path, tmp_path: Path) -> None:
        """Neither the folder of the documents nor any other folder with files in it is taken for a collection."""
        with pytest.raises(ConfigError, match="a folder of its own"):
            ingest([docs], docs, encoder=FakeEncoder())
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "letter.txt").write_text("x")
        with pytest.raises(StoreError, match=r"other files \(letter.txt\)"):
            ingest([docs], tmp_path / "other", encoder=FakeEncoder())
        assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter.txt"]

    def test_records_without_ids_never_take_a_records_name(self, docs: Path, tmp_path: Path) -> None:
        """They go by their line in the file, which no id can look like."""
        encoder = FakeEncoder()
        write(docs, {"c.jsonl": '{"text": "owls hoot"}\n{"_id": "1", "text": "cats purr"}\n'})
        assert counts(ingest([docs], tmp_path / "c", encoder=encoder)) == {"added": 4}
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("cats", k=1)[0].document == "1"
            assert collection.search("owls", k=1)[0].document == (docs / "c.jsonl").as_uri() + "#line=1"

    def test_a_file_in_the_way(self, docs: Path, tmp_path: Path) -> None:
        """A collection can't be made where a file is."""
        (tmp_path / "c").write_text("x")
        with pytest.raises(StoreError, match="is a file"):
            ingest([docs], tmp_path / "c", encoder=FakeEncoder())


NAMES = st.sampled_from(["a.txt", "b.txt", "x/a.txt", "x/c.txt"])
TEXTS = st.sampled_from(["red apples", "green pears", "blue plums", "ripe figs"])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("remove"), NAMES, st.just("")),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("ingest"), st.booleans(), st.just("")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
@pytest.mark.slow
def test_sync_against_a_model_of_the_folder(
    steps: list[tuple[str, object, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any sequence of writes, removals, renames and ingests, an ingest with delete_missing leaves exactly the
    folder's documents, whose texts, paths and vectors are those of the files.
    """
    base = tmp_path_factory.mktemp("sync")
    folder, encoder = base / "docs", FakeEncoder(dim=8)
    write(folder, {"keep.txt": "always here"})
    for action, what, other in [*steps, ("ingest", True, "")]:
        if action == "write":
            write(folder, {str(what): other})
        elif action == "remove":
            (folder / str(what)).unlink(missing_ok=True)
        elif action == "rename" and (folder / str(what)).exists():
            (folder / other).parent.mkdir(exist_ok=True)
            (folder / str(what)).replace(folder / other)
        elif action == "ingest":
            ingest([folder], base / "c", encoder=encoder, delete_missing=bool(what))
    expected = {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.txt") if path.is_file()
    }
    with Collection.open(base / "c", encoder=encoder) as collection:
        found = {row.path: collection.document(row.id).text for row in collection.documents()}
        assert found == expected
        hits = collection.search("apples", k=50, stage="dense", copies="keep")
        assert {hit.path: hit.text for hit in hits} == expected
        assert collection.status().vectors == len({(hit.title, hit.text) for hit in hits})


def test_a_collection_made_anew_at_its_path_is_seen(docs: Path, tmp_path: Path) -> None:
    """An open collection doesn't go on answering from the one that was deleted."""
    encoder = FakeEncoder()
    ingest([docs], tmp_path / "c", encoder=encoder)
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        assert collection.search("bees", k=1)[0].text == "Bees dance to tell of flowers."
        shutil.rmtree(tmp_path / "c")
        write(docs, {"sub/b.txt": "Bees make honey."})
        ingest([docs], tmp_path / "c", encoder=encoder)
        assert collection.search("bees", k=1)[0].text == "Bees make honey."


EMPTY = {
    "blank.md": b" \n\n",
    "front.md": b"---\ntitle: x\n---\n",
    "empty.txt": b"",
    "page.html": b"<html><head><title>App</title></head><body><script>start()</script></body></html>",
    "blank.csv": b"\n\n",
    "none.json": b"[]",
    "none.jsonl": b"\n\n",
    "none.eml": b"From: a@x\n\n \n",
    "blank.rst": b"\n",
    "pages.pdf": typed([[], []]),
}
"""Files that are whole and hold no text, of each format that needs no more than bytes."""


class TestFilesWithoutText:
    """What holds no text is skipped with the reason; it has not failed."""

    def test_each_format_is_skipped_with_its_reason(self, tmp_path: Path) -> None:
        """Again at every run, and nobody is told of a failure."""
        docs, encoder = tmp_path / "docs", FakeEncoder()
        docs.mkdir()
        for name, data in EMPTY.items():
            (docs / name).write_bytes(data)
        (docs / "gone.md").symlink_to("nowhere.md")
        (docs / "scan.pdf").write_bytes(drawn("0 0 m 100 100 l S"))
        (docs / "broken.json").write_bytes(b"{")
        for _ in range(2):
            report = ingest(docs, tmp_path / "c", encoder=encoder, ocr="never")
            assert {problem.path: problem.reason for problem in report.skipped} == {
                "blank.csv": "no text",
                "blank.md": "no text",
                "blank.rst": "no text",
                "empty.txt": "empty file",
                "front.md": "no text below the front matter",
                "gone.md": "broken symlink",
                "none.eml": "no text",
                "none.json": "no text",
                "none.jsonl": "no text",
                "page.html": "no text: the page shows none",
                "pages.pdf": "no text: the pages are blank",
            }
            assert [problem.path for problem in report.failed] == ["broken.json", "scan.pdf"]
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.status().failed == 2
            assert {row.path for row in collection.sources() if row.state is SourceState.EMPTY} == set(EMPTY)
            assert not any(row.reason for row in collection.sources() if row.state is SourceState.EMPTY)

    @pytest.mark.parametrize("delete_missing", [False, True])
    def test_a_document_that_became_empty_is_no_answer(self, docs: Path, tmp_path: Path, delete_missing: bool) -> None:
        """Its old text is deleted; a dry run says so; the text that it gets again is found again."""
        encoder = FakeEncoder()
        ingest(docs, tmp_path / "c", encoder=encoder)
        write(docs, {"sub/b.txt": ""})
        dry = ingest(docs, tmp_path / "c", encoder=encoder, dry_run=True)
        report = ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=delete_missing)
        for told in (dry, report):
            assert (counts(told), told.skipped) == (
                {"deleted": 1, "unchanged": 3},
                [Problem("sub/b.txt", "empty file")],
            )
        again = ingest(docs, tmp_path / "c", encoder=encoder)
        assert (counts(again), len(again.skipped)) == ({"unchanged": 3}, 1)
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert collection.search("bees", stage="lexical").hits == ()
        write(docs, {"sub/b.txt": "Bees are back."})
        assert counts(ingest(docs, tmp_path / "c", encoder=encoder)) == {"added": 1, "unchanged": 3}

    @pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
    def test_a_document_whose_link_leads_nowhere_is_gone(self, docs: Path, tmp_path: Path) -> None:
        """The link is skipped; what it led to is kept like any file that is gone, until `delete_missing`."""
        encoder = FakeEncoder()
        write(tmp_path, {"beyond.txt": "Owls hoot."})
        (docs / "link.txt").symlink_to(tmp_path / "beyond.txt")
        assert counts(ingest(docs, tmp_path / "c", encoder=encoder)) == {"added": 5}
        (tmp_path / "beyond.txt").unlink()
        report = ingest(docs, tmp_path / "c", encoder=encoder)
        assert counts(report) == {"gone": 1, "unchanged": 4}
        assert report.skipped == [Problem("link.txt", "broken symlink")]
        report = ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"deleted": 1, "unchanged": 4}

    def test_records_of_a_file_that_became_empty_are_gone(self, docs: Path, tmp_path: Path) -> None:
        """As if each had been taken out of it: kept and told, until `delete_missing`."""
        encoder = FakeEncoder()
        ingest(docs, tmp_path / "c", encoder=encoder)
        write(docs, {"c.jsonl": "\n"})
        for _ in range(2):
            assert counts(ingest(docs, tmp_path / "c", encoder=encoder)) == {"gone": 2, "unchanged": 2}
        report = ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True)
        assert counts(report) == {"deleted": 2, "unchanged": 2}
