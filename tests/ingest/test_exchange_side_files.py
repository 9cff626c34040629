"""What people left beside a collection: copies and exports take it along or say they don't, and doctor reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passagework.ingest import ingest
from passagework.ingest.maintenance.doctor import examine, repair
from passagework.ingest.maintenance.exchange import export_collection, import_collection, snapshot_collection
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import EvaluationError
from passagework.retrieval.evaluation.judgments import Judgment, add_judgments, read_judgments
from tests.support.fakes import FakeEncoder
from tests.ui.test_cli import run

JUDGED = [
    Judgment("who tends the lantern?", "a.txt"),
    Judgment("where?", "b.txt", grade=2, start=0, end=3, quote="The"),
]
BAD = (b'{"query": "half a', b'{"query": "", "document": "a.txt"}', b'{"query": "q", "document": "\xff"}', b"[1]")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A collection with an uploaded file, judgments, preferences, a measured run, and what is of no use to others."""
    path = tmp_path / "c"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("The lantern of the harbour burns.")
    ingest([tmp_path / "docs"], path, encoder=FakeEncoder(), settings=Settings(workers=1))
    (path / "uploads").mkdir()
    (path / "uploads" / "b.txt").write_text("The copper kettle sings.")
    (path / "uploads" / ".x.part").write_text("half")
    (path / "uploads" / "link.txt").symlink_to(tmp_path / "docs" / "a.txt")
    ingest([path / "uploads"], path, encoder=FakeEncoder(), settings=Settings(workers=1))
    (path / "runs" / "2026").mkdir(parents=True)
    (path / "runs" / "2026" / "dense.trec").write_text("q1 Q0 a.txt 1 1.0 x\n")
    (path / "preferences.jsonl").write_text("{}\n")
    add_judgments(path, JUDGED)
    return path


def test_a_snapshot_takes_all_of_it(collection: Path, tmp_path: Path) -> None:
    """Judgments, preferences, uploads and runs; no link, no half upload, no lock."""
    copied = snapshot_collection(collection, tmp_path / "copy")
    assert copied.carried == ("judgments.jsonl", "preferences.jsonl", "uploads", "runs")
    assert copied.left_out == ()
    beside = {str(one.relative_to(tmp_path / "copy")) for one in (tmp_path / "copy").rglob("*") if one.is_file()}
    assert {one for one in beside if not one.startswith("v0001")} == {
        "CURRENT", "judgments.jsonl", "preferences.jsonl", "uploads/b.txt", "runs/2026/dense.trec"
    }  # fmt: skip
    assert read_judgments(tmp_path / "copy" / "judgments.jsonl") == JUDGED
    assert (tmp_path / "copy" / "uploads" / "b.txt").read_text() == "The copper kettle sings."
    assert examine(tmp_path / "copy", encoder=FakeEncoder()).well


def test_an_export_takes_judgments_and_says_what_it_leaves(collection: Path, tmp_path: Path) -> None:
    """The text of uploads is in it, the files are not; an import has the judgments again. Passages alone take none."""
    written = export_collection(collection, tmp_path / "out")
    assert written.carried == ("judgments.jsonl", "preferences.jsonl")
    assert written.left_out == ("uploads (1 file)", "runs (1 file)")
    made = import_collection(tmp_path / "out", tmp_path / "again")
    assert made.carried == ("judgments.jsonl", "preferences.jsonl")
    assert read_judgments(tmp_path / "again" / "judgments.jsonl") == JUDGED
    alone = export_collection(collection, tmp_path / "passages.parquet")
    assert alone.carried == ()
    assert alone.left_out == (
        "judgments.jsonl (1 file)", "preferences.jsonl (1 file)", "uploads (1 file)", "runs (1 file)"
    )  # fmt: skip


def test_the_command_says_it(collection: Path, tmp_path: Path) -> None:
    """On screen, and as JSON."""
    said = run("export", "--collection", collection, "--out", tmp_path / "out").out
    assert "with judgments.jsonl, preferences.jsonl" in said
    assert "left out: uploads (1 file), runs (1 file); --snapshot takes them" in said
    found = run("import", tmp_path / "out", "--collection", tmp_path / "again", "--json").json
    assert (found["carried"], found["left_out"]) == (["judgments.jsonl", "preferences.jsonl"], [])


def test_a_collection_without_them_has_none(tmp_path: Path) -> None:
    """Nothing is made of nothing."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("The lantern burns.")
    ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(), settings=Settings(workers=1))
    for written in (
        snapshot_collection(tmp_path / "c", tmp_path / "copy"),
        export_collection(tmp_path / "c", tmp_path / "out"),
    ):
        assert (written.carried, written.left_out) == ((), ())
    diagnosis = examine(tmp_path / "c", encoder=FakeEncoder())
    assert [one.detail for one in diagnosis.checks if one.name == "judgments"] == ["none"]


class TestDoctor:
    """Looks at each line of the judgments, and sets aside what is none."""

    def test_good_lines_are_well(self, collection: Path) -> None:
        """Also where the last has no line end, and where a byte order mark begins the file."""
        path = collection / "judgments.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip(b"\n"))
        assert examine(collection, encoder=FakeEncoder()).well

    @pytest.mark.parametrize("bad", BAD)
    def test_a_bad_line_is_named_and_set_aside(self, collection: Path, bad: bytes) -> None:
        """By its number; after the repair the others are read again, and the line is still there to be looked at."""
        path = collection / "judgments.jsonl"
        one, two = path.read_bytes().splitlines()
        path.write_bytes(one + b"\n" + bad + b"\n" + two + b"\n")
        with pytest.raises(EvaluationError):
            read_judgments(path)
        diagnosis = examine(collection, encoder=FakeEncoder())
        (finding,) = diagnosis.findings
        assert finding.text.startswith("judgments.jsonl, line 2: no judgment: ")
        repaired = repair(collection, encoder=FakeEncoder())
        assert repaired.done == ("set aside what is no judgment, in judgments.jsonl.damaged",)
        assert repaired.after.well
        assert read_judgments(path) == JUDGED
        assert (collection / "judgments.jsonl.damaged").read_bytes() == bad + b"\n"

    def test_the_command_says_what_to_do(self, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The documents are well: nothing is to be restored from a copy."""
        (collection / "judgments.jsonl").write_bytes(b"oops\n")
        monkeypatch.setattr("passagework.retrieval.models.bi_encoder.BiEncoder.load", lambda *_, **__: FakeEncoder())
        ended = run("doctor", "--collection", collection)
        assert ended.code == 1
        assert "judgments.jsonl, line 1: no judgment" in ended.out
        assert "set them aside with passagework doctor --repair; the documents are well" in ended.out
        found = json.loads(run("doctor", "--collection", collection, "--json").out)
        assert found["checks"]["judgments"] == {"state": "found", "detail": "1 line that is none"}
