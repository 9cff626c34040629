"""Scanning files and collections for personal data, in Python and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passagework import Collection, FilterError, IngestError, ScanReport, ingest, scan_files
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from tests.support.fakes import FakeEncoder


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note and two records with personal data, a page without, and a file that can't be read."""
    folder = tmp_path_factory.mktemp("personal") / "docs"
    folder.mkdir()
    (folder / "note.md").write_text("# Ünïcode\n\nWrite to jane@example.org, or john@example.org.\n")
    (folder / "people.jsonl").write_text(
        '{"_id": "r1", "text": "SSN 536-22-1234", "year": 2020}\n{"_id": "r2", "text": "pays by 4111 1111 1111 1111"}\n'
    )
    (folder / "plain.txt").write_text("Nothing to see.")
    (folder / "broken.json").write_text("{")
    (folder / "empty.txt").write_text("  ")
    return folder


FOUND = [
    ("email", "note.md", "jane@example.org"),
    ("email", "note.md", "john@example.org"),
    ("us_ssn", "people.jsonl", "536-22-1234"),
    ("card", "people.jsonl", "4111 1111 1111 1111"),
]


def values(report: ScanReport, collection: Collection) -> list[tuple[str, str, str]]:
    """What was found: kind, path, and what the stored text has there."""
    return [
        (one.kind, one.path, collection.document(one.document).text[one.start : one.end]) for one in report.findings
    ]


def test_files_and_what_a_collection_holds_of_them_are_the_same(docs: Path, tmp_path: Path) -> None:
    """Offsets of a scan of files are those of the text that an ingest stores; both count by kind."""
    scanned = scan_files(docs)
    ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        stored = collection.scan()
        assert values(scanned, collection) == values(stored, collection) == FOUND
        assert stored.counts == {"email": 2, "us_ssn": 1, "card": 1}
        assert stored.documents == 4
        assert collection.scan(where={"year": 2020}, kinds=["us_ssn", "email"]).counts == {"us_ssn": 1}
        with pytest.raises(FilterError):
            collection.scan(where={"yeer": 2020})
    assert [(problem.path, problem.reason[:14]) for problem in scanned.failed] == [("broken.json", "not valid JSON")]
    assert [problem.path for problem in scanned.skipped] == ["empty.txt"]
    assert "jane" not in json.dumps(scanned.to_json())
    with pytest.raises(IngestError):
        scan_files(docs / "absent")


def test_the_command(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints places and counts, never a value, and exits 0 whatever was found; 2 for what makes no sense."""
    assert run(app, ["scan", str(docs), "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["counts"] == {"email": 2, "us_ssn": 1, "card": 1}
    assert out["findings"][0] == {
        "kind": "email",
        "path": "note.md",
        "document": (docs / "note.md").as_uri(),
        "start": 20,
        "end": 36,
        "confidence": 0.95,
        "preview": "••••@•••••••.•rg",
    }
    assert run(app, ["scan", str(docs)]) == 0
    shown = capsys.readouterr().out
    assert "email 2, us_ssn 1, card 1 in 4 documents" in shown
    assert not any(secret in shown for secret in ("jane", "536", "4111"))
    assert run(app, ["scan"]) == 2
    assert run(app, ["scan", str(docs), "--collection", "c"]) == 2
    assert run(app, ["scan", str(docs), "--pii-kind", "nothing"]) == 2
    assert run(app, ["scan", str(docs / "absent")]) == 1
