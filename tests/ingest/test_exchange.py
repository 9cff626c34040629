"""A collection goes out as Parquet and comes back the same; a copy of one in use opens elsewhere."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.doctor import examine
from passagework.ingest.maintenance.exchange import (
    export_collection,
    export_layout,
    import_collection,
    snapshot_collection,
)
from passagework.ingest.maintenance.exchange.export_layout import DOCUMENTS, PASSAGES, SOURCES
from passagework.ingest.maintenance.exchange.importing import import_shards
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import ConfigError, StoreError
from passagework.retrieval.types import Json
from tests.reliability.test_kill import QUERIES, finish, write_documents
from tests.support.collection_checks import answers, check_whole
from tests.support.fakes import FakeEncoder
from tests.support.kill_target import SETTINGS, SlowEncoder
from tests.support.pdf_files import typed
from tests.ui.test_cli import run

FACT = "---\nyear: 2020\ntags: [a, b]\n---\n# Apple\n\nA river of stone.\n"
FLIPS = int(os.environ.get("PASSAGEWORK_FLIPS", "16"))

parquet: Any = import_module("pyarrow.parquet")
arrow: Any = import_module("pyarrow")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every kind, one with metadata, one that fails; some deleted and changed again since."""
    base = tmp_path_factory.mktemp("exchange")
    write_documents(base / "docs", seed=4, each=2, records=30, long_words=300)
    (base / "docs" / "fact.md").write_text(FACT)
    (base / "docs" / "page.html").write_text("<nav>All gates</nav><main><p>A gate of iron.</p></main>")
    (base / "docs" / "two pages.pdf").write_bytes(typed([["Harbour one."], ["Winter two."]]))
    (base / "docs" / "bad.docx").write_bytes(b"no zip")
    (base / "docs" / "gate.py").write_text("def gate():\n    return 'iron'\n")
    encoder = FakeEncoder()
    for _ in range(2):
        ingest([base / "docs"], base / "c", encoder=encoder, settings=SETTINGS, passage_tokens=40, overlap=8)
        delete(base / "c", ["sub/guide_0.md"])
    return base


def told(path: Path) -> tuple[dict[str, Json], list[Any], list[Any]]:
    """What status, documents and sources say, but for numbers and times that differ between two collections."""
    with Collection.open(path) as collection:
        left_out = ("collection", "index", "bytes")
        status = {key: value for key, value in collection.status().to_json().items() if key not in left_out}
        documents = [(row.uri, row.name, row.path, row.position, row.sha256, row.metadata, row.language, row.passages)
                     for row in collection.documents()]  # fmt: skip
        sources = [(row.uri, row.path, row.sha256, row.state, row.reason, row.notes) for row in collection.sources()]
        whole = [collection.document(row.id) for row in collection.documents()]
    return status, [*documents, *whole], sources


class TestRoundTrip:
    """Out and in again: the same answers, documents, facts."""

    @pytest.mark.slow
    def test_the_same_collection(self, template: Path, tmp_path: Path) -> None:
        """Hits, scores, order, documents whole, files and their failures; the next ingest has nothing to do."""
        written = export_collection(template / "c", tmp_path / "e")
        made = import_collection(tmp_path / "e", tmp_path / "c")
        assert (written.documents, written.passages) == (made.documents, made.passages)
        assert sorted(file.name for file in (tmp_path / "e").iterdir()) == [
            *("documents.parquet", "passages.parquet", "sources.parquet")
        ]
        assert answers(tmp_path / "c", FakeEncoder(), QUERIES) == answers(template / "c", FakeEncoder(), QUERIES)
        assert told(tmp_path / "c") == told(template / "c")
        assert check_whole(tmp_path / "c", FakeEncoder()) == check_whole(template / "c", FakeEncoder())
        assert examine(tmp_path / "c", encoder=FakeEncoder()).well
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
            assert [hit.path for hit in collection.search("river", where={"year": 2020}, stage="lexical")] == [
                "fact.md"
            ]
            assert "river of stone" in collection.context("river of stone", stage="lexical").text
        encoder = FakeEncoder()
        report = ingest([template / "docs"], tmp_path / "c", encoder=encoder, settings=SETTINGS)
        assert (report.added, report.updated, report.deleted) == (1, 0, 0)  # what was deleted comes back
        assert encoder.encoded == report.encoded

    def test_another_encoder_is_refused_as_before(self, template: Path, tmp_path: Path) -> None:
        """The fingerprint comes along."""
        export_collection(template / "c", tmp_path / "e")
        import_collection(tmp_path / "e", tmp_path / "c")
        with pytest.raises(Exception, match="was built with fake"):
            Collection.open(tmp_path / "c", encoder=FakeEncoder(seed="other"))

    def test_passages_for_other_tools(self, template: Path, tmp_path: Path) -> None:
        """One file, a row a passage: place, text, metadata, vector; the fingerprint in the schema."""
        export_collection(template / "c", tmp_path / "p.parquet")
        table = parquet.read_table(tmp_path / "p.parquet")
        facts = json.loads(table.schema.metadata[b"passagework"])
        assert (facts["format"], facts["encoder"]["model"]) == (6, "fake")
        rows = {row["text"]: row for row in table.to_pylist()}
        row = next(row for text, row in rows.items() if "river of stone" in text)
        assert (row["path"], row["title"], row["headings"]) == ("fact.md", "Apple", [])
        assert json.loads(row["metadata"]) == {"year": 2020, "tags": ["a", "b"]}
        encoder = FakeEncoder()
        [vector] = encoder.encode_passages([f"{row['title']} (fact)\n{row['text']}"])
        np.testing.assert_allclose(row["vector"], vector, atol=1e-6)
        printed = next(row for row in rows.values() if row["path"] == "two pages.pdf")
        assert printed["pages"][0] == 1
        with pytest.raises(StoreError, match="a single file, which holds passages without their documents"):
            import_collection(tmp_path / "p.parquet", tmp_path / "c")

    def test_nothing_in_it(self, template: Path, tmp_path: Path) -> None:
        """A collection whose documents were all deleted."""
        shutil.copytree(template / "c", tmp_path / "c")
        delete(tmp_path / "c", ["*"])
        assert export_collection(tmp_path / "c", tmp_path / "e").passages == 0
        assert import_collection(tmp_path / "e", tmp_path / "d").documents == 0
        assert told(tmp_path / "d")[1] == []
        finish(template / "docs" / "sub", tmp_path / "d")


class TestBadInput:
    """One line, and nothing is made or lost."""

    @pytest.fixture
    def exported(self, template: Path, tmp_path: Path) -> Path:
        """An export."""
        export_collection(template / "c", tmp_path / "e")
        return tmp_path / "e"

    def refused(self, exported: Path, match: str) -> None:
        """Asserts that the import raises, and leaves nothing."""
        before = sorted(exported.parent.iterdir())
        with pytest.raises(StoreError, match=match) as error:
            import_collection(exported, exported.parent / "made")
        assert "\n" not in str(error.value)
        assert sorted(exported.parent.iterdir()) == before

    def test_no_export(self, tmp_path: Path) -> None:
        """A folder that is missing, or holds something else."""
        self.refused(tmp_path / "none", "is not there: name the folder of an export")
        (tmp_path / "other").mkdir()
        self.refused(tmp_path / "other", r"is not an export: it has no sources\.parquet")

    @pytest.mark.parametrize("name", ["sources.parquet", "documents.parquet", "passages.parquet"])
    def test_damaged_files(self, exported: Path, name: str) -> None:
        """Cut off, of something else, missing."""
        whole = (exported / name).read_bytes()
        for data in (whole[: len(whole) // 2], b"no parquet", b""):
            (exported / name).write_bytes(data)
            self.refused(exported, rf"{name} can't be read")
        (exported / name).unlink()
        self.refused(exported, f"it has no {name}")

    def rewrite(self, exported: Path, name: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """Changes the rows of a file."""
        table = parquet.read_table(exported / name)
        rows = table.to_pylist()
        change(rows)
        parquet.write_table(arrow.Table.from_pylist(rows, schema=table.schema), exported / name)

    def test_changed_rows(self, exported: Path) -> None:
        """A text, a passage, an offset, a vector; rows that are missing, or in another order."""
        kept = exported.with_name("kept")
        shutil.copytree(exported, kept)
        changes: list[tuple[str, Callable[[list[dict[str, Any]]], Any], str]] = [
            ("documents.parquet", lambda rows: rows[3].update(text="another"), "is not what was exported"),
            ("documents.parquet", lambda rows: rows[3].update(metadata="{"), "has a row that is no document"),
            ("documents.parquet", lambda rows: rows.pop(2), "no passages of .*, or in another order"),
            ("documents.parquet", lambda rows: rows.pop(), "has passages of a document that"),
            ("passages.parquet", lambda rows: rows[5].update(text="another"), "is not a slice of its text"),
            ("passages.parquet", lambda rows: rows[5].update(start=3), "is not a slice of its text"),
            ("passages.parquet", lambda rows: rows[5].update(vector=[2.0] * 32), "not of length 1"),
            ("passages.parquet", lambda rows: rows.reverse(), "no passages of .*, or in another order"),
            ("sources.parquet", lambda rows: rows.pop(1), "lacks the file of"),
        ]
        for name, change, match in changes:
            shutil.rmtree(exported)
            shutil.copytree(kept, exported)
            self.rewrite(exported, name, change)
            self.refused(exported, match)

    def test_of_two_exports(self, exported: Path, template: Path, tmp_path: Path) -> None:
        """Files that were made with different encoders don't go together."""
        (tmp_path / "one.txt").write_text("one")
        ingest([tmp_path / "one.txt"], tmp_path / "other", encoder=FakeEncoder(seed="2"), settings=SETTINGS)
        export_collection(tmp_path / "other", tmp_path / "e2")
        shutil.copy(tmp_path / "e2" / "passages.parquet", exported)
        self.refused(exported, "holds files of different exports")

    @pytest.mark.parametrize(("note", "match"), [
        (None, "is not of an export"), (b"{}", "is not of an export"), (b"[", "is not of an export"),
    ])  # fmt: skip
    def test_of_another_tool(self, exported: Path, note: bytes | None, match: str) -> None:
        """A Parquet file that says nothing of an encoder."""
        table = parquet.read_table(exported / "documents.parquet")
        table = table.replace_schema_metadata(None if note is None else {b"passagework": note})
        parquet.write_table(table, exported / "documents.parquet")
        self.refused(exported, match)

    def test_of_a_newer_version(self, exported: Path) -> None:
        """Named, with what to do."""
        for name in ("sources.parquet", "documents.parquet", "passages.parquet"):
            table = parquet.read_table(exported / name)
            facts = json.loads(table.schema.metadata[b"passagework"])
            noted = table.replace_schema_metadata({b"passagework": json.dumps({**facts, "format": 7}).encode()})
            parquet.write_table(noted, exported / name)
        self.refused(exported, "is an export of format 7, and format 6 is known: upgrade passagework")

    @pytest.mark.timeout(3600)
    @pytest.mark.faults
    def test_flipped_bits(self, exported: Path, template: Path, tmp_path: Path) -> None:
        """Each is refused, or changes no answer."""
        expected = answers(template / "c", FakeEncoder(), QUERIES[:1])
        refused = 0
        for seed in range(FLIPS):
            rng = random.Random(seed)
            file = rng.choice(sorted(exported.iterdir()))
            clean = file.read_bytes()
            data = bytearray(clean)
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            file.write_bytes(data)
            try:
                import_collection(exported, tmp_path / "flipped")
            except StoreError:
                refused += 1
            else:
                assert answers(tmp_path / "flipped", FakeEncoder(), QUERIES[:1]) == expected, (file.name, bit)
                shutil.rmtree(tmp_path / "flipped")
            file.write_bytes(clean)
        assert refused > FLIPS // 2

    def test_what_is_there_is_left(self, exported: Path, template: Path) -> None:
        """Neither an export nor an import nor a snapshot writes over anything."""
        taken = exported.parent / "taken"
        taken.mkdir()
        (taken / "mine.txt").write_text("mine")
        acts: tuple[Callable[[], object], ...] = (
            lambda: export_collection(template / "c", taken),
            lambda: export_collection(template / "c", taken / "mine.txt"),
            lambda: import_collection(exported, taken),
            lambda: import_collection(exported, template / "c"),
            lambda: snapshot_collection(template / "c", template / "c"),
        )
        for act in acts:
            with pytest.raises(StoreError, match="is there already: name a new file or folder"):
                act()
        assert [file.read_text() for file in taken.iterdir()] == ["mine"]

    def test_an_empty_folder_is_taken(self, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also on Windows, where no folder can be put in the place of another."""
        replace = Path.replace

        def as_windows(self: Path, target: Path) -> Path:
            if Path(target).is_dir():
                raise PermissionError(13, "Access is denied")
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", as_windows)
        (tmp_path / "out").mkdir()
        export_collection(template / "c", tmp_path / "out")
        assert {file.name for file in (tmp_path / "out").iterdir()} == {SOURCES, DOCUMENTS, PASSAGES}

    def test_without_pyarrow(self, exported: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is named, with the command that installs it."""

        def missing(name: str) -> Any:
            raise ModuleNotFoundError(f"No module named {name!r}")

        monkeypatch.setattr(export_layout, "import_module", missing)
        with pytest.raises(ConfigError, match=r'Parquet files, isn.t installed: pip install "passagework\[export\]"'):
            export_collection(template / "c", exported.parent / "x")
        with pytest.raises(ConfigError, match=r'pip install "passagework\[export\]"'):
            import_collection(exported, exported.parent / "x")
        snapshot_collection(template / "c", exported.parent / "s")  # needs none


@pytest.mark.slow
def test_a_snapshot_while_others_write(template: Path, tmp_path: Path) -> None:
    """Each opens elsewhere, is whole, and holds the documents of one moment; the writer is not held up."""
    path = tmp_path / "c"
    taken: list[Path] = []
    finish(template / "docs" / "sub", path)
    done = threading.Event()

    def write() -> None:
        try:
            for _ in range(2):
                ingest([template / "docs"], path, encoder=SlowEncoder(), settings=SETTINGS, exclude=["bad.docx"])
                delete(path, ["note_*.txt"])
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set() or not taken:
        out = tmp_path / f"s{len(taken)}"
        snapshot_collection(path, out)
        taken.append(out)
        time.sleep(0.1)
    writer.join()
    for out in taken:
        moved = tmp_path / "elsewhere"
        out.rename(moved)
        check_whole(moved, FakeEncoder())
        assert examine(moved, encoder=FakeEncoder()).well
        shutil.rmtree(moved)
    assert len(taken) > 2


def test_command(template: Path, tmp_path: Path) -> None:
    """`export`, `import` and `export --snapshot`, for people and as JSON; a damaged collection is refused."""
    out = run("export", "--collection", template / "c", "--out", tmp_path / "e")
    assert out.code == 0
    assert f"written to {tmp_path}/e (" in out.out
    said = run("import", tmp_path / "e", "--collection", tmp_path / "i", "--json").json
    assert (said["out"], said["documents"]) == (str(tmp_path / "i"), len(told(template / "c")[1]) // 2)
    assert run("export", "--collection", tmp_path / "i", "--out", tmp_path / "s", "--snapshot").code == 0
    assert told(tmp_path / "s") == told(template / "c")
    again = run("import", tmp_path / "e", "--collection", tmp_path / "i")
    assert (again.code, again.complaint.count("is there already")) == (1, 1)
    database = tmp_path / "i" / "v0001" / "store.db"
    database.write_bytes(database.read_bytes()[:-1] + b"\x07")
    assert "is damaged" in run("export", "--collection", tmp_path / "i", "--out", tmp_path / "x").complaint
    assert not (tmp_path / "x").exists()


def test_exports_that_were_made_otherwise_are_not_put_together(tmp_path: Path) -> None:
    """Of other passages or another encoder: in a line, and nothing is left; alike ones make one collection."""
    made = {"a": (40, ""), "b": (40, ""), "cut": (50, ""), "other": (40, "another")}
    for name, (tokens, seed) in made.items():
        encoder = FakeEncoder(seed=seed)
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(f"The river of {name}.")
        ingest([tmp_path / name], tmp_path / f"c-{name}", encoder=encoder, settings=SETTINGS, passage_tokens=tokens)
        export_collection(tmp_path / f"c-{name}", tmp_path / f"e-{name}")
    for name, differs in (("cut", "chunking"), ("other", "encoder")):
        with pytest.raises(StoreError, match=rf"e-{name} was made with another {differs} than .*e-a"):
            import_shards([tmp_path / "e-a", tmp_path / f"e-{name}"], tmp_path / "c")
        assert not (tmp_path / "c").exists()
    told: list[int] = []
    import_shards([tmp_path / "e-b", tmp_path / "e-a"], tmp_path / "c", meta={"mark": 1}, progress=told.append)
    assert told == [1, 2]
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert [row.path for row in sorted(collection.documents(), key=lambda row: row.id)] == ["b.txt", "a.txt"]
    assert examine(tmp_path / "c", encoder=FakeEncoder()).well
