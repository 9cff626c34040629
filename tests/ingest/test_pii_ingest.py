"""What becomes of personal data in a collection: told, masked or refused, and never stored where it is masked."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from passagework import (
    Collection,
    ConfigError,
    Hit,
    IndexMismatchError,
    PiiMode,
    export_collection,
    import_collection,
    ingest,
    rebuild,
    unmask,
)
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

NOTE = (
    "# Letter of zelda.quux@example.org\n\nThe owl zelda.quux@example.org paid by 4111 1111 1111 1111.\n\n"
    "## BSN 111222333\n\nIts number is 111222333, as said, and the owl flew home to its nest in the old barn.\n"
)
RECORD = {
    "_id": "r1",
    "title": "zelda.quux@example.org",
    "text": "an owl of AKIAIOSFODNN7EXAMPLE, who wrote\nagain",
    "mail": "zelda.quux@example.org",
    "year": 2020,
}
SECRETS = ("zelda.quux", "zelda", "quux@example", "4111 1111", "41111111", "111222333", "AKIAIOSFODNN7EXAMPLE")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A note with personal data in its text, title and heading, a record with some in its fields, and a clean text."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "note.md").write_text(NOTE)
    (folder / "records.jsonl").write_text(json.dumps(RECORD) + "\n")
    (folder / "clean.txt").write_text("an owl sat there")
    return folder


def search(path: Path, query: str = "owl") -> list[Hit]:
    """The hits of a collection, in order of path."""
    with Collection.open(path, encoder=FakeEncoder()) as collection:
        return sorted(
            collection.search(query, stage="hybrid", min_relevance=None), key=lambda hit: (hit.path, hit.start)
        )


def bytes_of(folder: Path) -> bytes:
    """All bytes of all files of a collection: database, log, indexes, and what lies beside them."""
    return b"\0".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def assert_absent(folder: Path) -> None:
    """No masked value is anywhere in the files, in any case of its letters."""
    data = bytes_of(folder).lower()
    assert [secret for secret in SECRETS if secret.lower().encode() in data] == []


def test_what_is_masked_is_nowhere_in_the_files(docs: Path, tmp_path: Path) -> None:
    """Not in the database, its log, the text index, the vectors' file or the report; after a rebuild neither."""
    report = ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="mask")
    assert report.to_json()["pii"] == {"email": 3, "nl_bsn": 2, "card": 1, "aws_key": 1}
    assert_absent(tmp_path / "c")
    check_whole(tmp_path / "c", FakeEncoder())
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        collection.add({"_id": "new", "text": "zelda.quux@example.org again", "who": "zelda.quux@example.org"})
        collection.upsert("an owl with 4111 1111 1111 1111", ids=["new"])
        [added] = collection.add(["her id: AKIAIOSFODNN7EXAMPLE"], ids=["zelda.quux@example.org"]).failed
        assert added.reason == "its id holds personal data that is masked: give it another"
        assert collection.document("new").text == "an owl with [CARD_1]"
        assert collection.context("owl", min_relevance=0).text.count("[EMAIL_1]") > 0
        assert collection.scan().counts == {}
    assert_absent(tmp_path / "c")
    rebuild(tmp_path / "c", encoder=FakeEncoder(seed="2"))
    ingest(docs, tmp_path / "c", encoder=FakeEncoder(seed="2"))
    assert_absent(tmp_path / "c")


def test_hits_say_where_they_stood(docs: Path, tmp_path: Path) -> None:
    """`start` and `end` are of the stored text, `original` of the file's; the owner's file has the values again."""
    owner = tmp_path / "owner.jsonl"
    ingest(docs, tmp_path / "c", encoder=FakeEncoder(window=32), pii=PiiMode.MASK, pii_originals=owner)
    hits = search(tmp_path / "c")
    with Collection.open(tmp_path / "c", encoder=FakeEncoder(window=32)) as collection:
        hits = sorted(collection.search("owl", stage="lexical"), key=lambda hit: (hit.path, hit.start))
        for hit in hits:
            assert collection.document(hit).text[hit.start : hit.end] == hit.text
    clean, *of_note, record = hits
    assert (clean.original, "original" in clean.to_json()) == (None, False)
    assert len(of_note) > 1
    for hit in of_note:
        assert hit.original is not None
        assert unmask(hit.text, document=hit.document, originals=owner) == NOTE[slice(*hit.original)]
    assert record.title == "[EMAIL_1]"
    assert record.metadata["mail"] == "[EMAIL_1]"
    assert record.to_json()["original"] == {"start": 0, "end": len(str(RECORD["text"]))}
    assert unmask(record.text, document="r1", originals=owner) == RECORD["text"]
    assert unmask("[EMAIL_9]", document="r1", originals=owner) == "[EMAIL_9]"
    if sys.platform != "win32":
        assert stat.S_IMODE(owner.stat().st_mode) == 0o600
    assert_absent(tmp_path / "c")


def test_originals_are_kept_outside_and_of_what_is_masked(docs: Path, tmp_path: Path) -> None:
    """A file in the collection is refused, and one for a collection that masks nothing; no damaged one is read."""
    with pytest.raises(ConfigError, match="lies in the collection"):
        ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="mask", pii_originals=tmp_path / "c" / "o.jsonl")
    with pytest.raises(ConfigError, match="originals are kept of what is masked"):
        ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="flag", pii_originals=tmp_path / "o.jsonl")
    (tmp_path / "o.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="is no file of originals: line 1"):
        unmask("", document="a", originals=tmp_path / "o.jsonl")


def test_a_flag_can_be_filtered_by(docs: Path, tmp_path: Path) -> None:
    """The text stays; metadata tell kinds and counts, for filters. A field of the same name gives way, with a note."""
    (docs / "own.jsonl").write_text('{"_id": "o", "text": "an owl, seen@example.org", "pii": "mine"}\n')
    report = ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="flag", pii_kinds=["email", "card"])
    assert report.pii == {"email": 4, "card": 1}
    assert [note.reason for note in report.notes] == ["its own field 'pii' gave way to what was found of personal data"]
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert [row.path for row in collection.documents(where={"pii": "card"})] == ["note.md"]
        assert [row.path for row in collection.documents(where={"pii": {"$exists": False}})] == ["clean.txt"]
        assert [row.name for row in collection.documents(where={"pii_counts.email": {"$gte": 1}})][:2] == [None, "o"]
        assert collection.document("o").metadata == {"pii": ["email"], "pii_counts": {"email": 1}}
        assert "4111 1111 1111 1111" in collection.document(f"{(docs / 'note.md').as_uri()}").text


def test_what_is_refused_has_failed(docs: Path, tmp_path: Path) -> None:
    """The report names kinds and counts, never the data; the old version of a document answers until it is clean."""
    report = ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="refuse")
    assert report.added == 1
    assert [(problem.path, problem.reason) for problem in report.failed] == [
        ("note.md", "holds personal data: email 2, nl_bsn 2, card 1"),
        ("records.jsonl", "holds personal data: aws_key 1, email 1"),
    ]
    assert_absent(tmp_path / "c")
    (docs / "clean.txt").write_text("an owl of zelda.quux@example.org")
    again = ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    assert (len(again.failed), again.updated) == (3, 0)
    assert [hit.text for hit in search(tmp_path / "c")] == ["an owl sat there"]
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert [one.reason for one in collection.add("a@example.org").failed] == ["holds personal data: email 1"]


def test_a_collection_keeps_to_what_was_said_first(docs: Path, tmp_path: Path) -> None:
    """A later run that says nothing masks too; one that says something else is refused, also of a filled collection."""
    ingest(docs / "clean.txt", tmp_path / "c", encoder=FakeEncoder(), pii="mask")
    ingest(docs, tmp_path / "c", encoder=FakeEncoder())
    assert_absent(tmp_path / "c")
    for said in ("flag", "refuse"):
        with pytest.raises(IndexMismatchError, match=r"was made with --pii mask.* new collection with --pii " + said):
            ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii=said)
    ingest(docs / "clean.txt", tmp_path / "plain", encoder=FakeEncoder())
    for dry_run in (True, False):
        with pytest.raises(IndexMismatchError, match="was made without --pii"):
            ingest(docs, tmp_path / "plain", encoder=FakeEncoder(), pii="mask", dry_run=dry_run)
    assert ingest(docs, tmp_path / "dry", encoder=FakeEncoder(), pii="refuse", dry_run=True).added == 1
    with pytest.raises(ConfigError, match="pii"):
        ingest(docs, tmp_path / "d", encoder=FakeEncoder(), pii="hide")
    with pytest.raises(ConfigError, match="say what becomes of it"):
        ingest(docs, tmp_path / "d", encoder=FakeEncoder(), pii_kinds=["email"])


def test_exports_carry_placeholders_and_the_rule(docs: Path, tmp_path: Path) -> None:
    """An import answers the same, knows where values stood, and goes on masking."""
    pytest.importorskip("pyarrow")
    ingest(docs, tmp_path / "c", encoder=FakeEncoder(), pii="mask")
    export_collection(tmp_path / "c", tmp_path / "e")
    import_collection(tmp_path / "e", tmp_path / "c2")
    assert_absent(tmp_path / "c2")
    assert [(hit.text, hit.original) for hit in search(tmp_path / "c2")] == [
        (hit.text, hit.original) for hit in search(tmp_path / "c")
    ]
    with Collection.open(tmp_path / "c2", encoder=FakeEncoder()) as collection:
        collection.add("zelda.quux@example.org", ids=["x"])
    assert_absent(tmp_path / "c2")


@pytest.mark.slow
def test_the_command_masks(docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the default encoder, which keeps token vectors too; nothing on screen but kinds and counts."""
    collection, owner = str(tmp_path / "c"), str(tmp_path / "o.jsonl")
    assert run(app, ["ingest", str(docs), "--collection", collection, "--pii", "mask", "--pii-originals", owner]) == 0
    captured = capsys.readouterr()
    assert "personal data: email 3, nl_bsn 2, card 1, aws_key 1" in captured.out
    assert not any(secret in captured.out + captured.err for secret in SECRETS)
    assert_absent(tmp_path / "c")
    assert run(app, ["ingest", str(docs), "--collection", collection, "--pii", "flag"]) == 1
    assert run(app, ["ingest", str(docs), "--collection", str(tmp_path / "d"), "--pii", "hide"]) == 2
