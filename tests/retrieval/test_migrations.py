"""Migrations: they make the tables that the code believes in, one step a transaction, or they change nothing."""

from __future__ import annotations

import re
import shutil
import sqlite3
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from passagework.retrieval.errors import FilterError, StoreError
from passagework.retrieval.filters.allowed import AllowedIds
from passagework.retrieval.store import Store, database, schema as t, token_rows
from passagework.retrieval.store.integrity import fields_agree, text_index_problem
from passagework.retrieval.store.token_rows import TokenCodes
from passagework.retrieval.types import Hidden, HiddenReason, Masked, Ocr, OcrSpan, PlaceUnit, SourcePlace
from tests.support.stored_documents import new_store, put

ORIGINAL = database.MIGRATIONS
NEXT = f"{int(t.REVISION) + 1:04}"
VIRTUAL = re.compile(r"passages_fts|sqlite_sequence|alembic_version")


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Inspector]:
    """A look into a database that the migrations made."""
    new_store(tmp_path / "migrated.db").close()
    engine = create_engine(f"sqlite:///{tmp_path}/migrated.db")
    yield inspect(engine)
    engine.dispose()


@pytest.fixture
def declared(tmp_path: Path) -> Iterator[Inspector]:
    """A look into a database made from the tables that the code declares."""
    engine = create_engine(f"sqlite:///{tmp_path}/declared.db")
    t.metadata.create_all(engine)
    yield inspect(engine)
    engine.dispose()


def layout(inspector: Inspector, table: str) -> dict[str, Any]:
    """Everything of a table that a statement can depend on."""
    return {
        "columns": [
            (column["name"], str(column["type"]), column["nullable"], column["default"])
            for column in inspector.get_columns(table)
        ],
        "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
        "indexes": sorted((i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(table)),
        "unique": sorted(tuple(u["column_names"]) for u in inspector.get_unique_constraints(table)),
        "foreign keys": foreign_keys(inspector, table),
    }


def foreign_keys(inspector: Inspector, table: str) -> list[tuple[Any, ...]]:
    """References as SQLite understands them: (table, from, to, on update, on delete)."""
    with inspector.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})")
        return sorted(tuple(row[2:7]) for row in rows)


@pytest.mark.parametrize("table", sorted(t.metadata.tables))
def test_a_migrated_table_is_the_declared_one(migrated: Inspector, declared: Inspector, table: str) -> None:
    """Columns in order with type, nullability and default; keys; indexes; references and what deleting does."""
    assert layout(migrated, table) == layout(declared, table)


def test_there_are_no_other_tables(migrated: Inspector) -> None:
    """Beside the declared ones stand only FTS5's, Alembic's and SQLite's own."""
    found = {name for name in migrated.get_table_names() if not VIRTUAL.match(name)}
    assert found == set(t.metadata.tables)


def test_ids_that_must_not_be_reused_are_autoincrement(tmp_path: Path) -> None:
    """Reflection doesn't show it: the tables declared with AUTOINCREMENT are created with it."""
    store = new_store(tmp_path / "store.db")
    with store.read() as snapshot:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
        made = set(snapshot.connection.exec_driver_sql(query).scalars())
    store.close()
    dialect = create_engine("sqlite://").dialect
    assert made == {
        n for n, one in t.metadata.tables.items() if "AUTOINCREMENT" in str(CreateTable(one).compile(dialect=dialect))
    }
    assert {"passages", "documents", "changes"} <= made


def test_references_are_enforced(tmp_path: Path) -> None:
    """Foreign keys are on outside of migrations: a passage needs its document."""
    store = new_store(tmp_path / "store.db")
    row = {"document_id": 9, "ordinal": 0, "text": "x"}
    with pytest.raises(StoreError, match="FOREIGN KEY constraint failed"), store.write() as writer:
        writer.connection.execute(t.segments.insert().values(row))
    store.close()


def test_a_new_database_is_at_the_newest_step(tmp_path: Path) -> None:
    """REVISION is the last migration, the only head, and what a new database says of itself."""
    script = ScriptDirectory(str(database.MIGRATIONS))
    assert script.get_heads() == [t.REVISION]
    new_store(tmp_path / "store.db").close()
    assert facts(tmp_path / "store.db") == (t.REVISION, database.APPLICATION_ID, "wal")


def facts(path: Path) -> tuple[str, int, str]:
    """The layout's number, whose file it is, and how it is logged."""
    connection = sqlite3.connect(path)
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (log,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    return revision, owner, log


def test_migrations_are_part_of_the_package() -> None:
    """Every folder of the migrations is a package, or the wheel would leave them out."""
    folders = {path.parent for path in database.MIGRATIONS.rglob("*.py")} | {database.MIGRATIONS}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()
    assert (database.MIGRATIONS / "versions" / "0001_initial.py").exists()


@pytest.mark.parametrize("layout_number", ["9999", "abcdef", NEXT])
def test_a_newer_layout_is_refused(tmp_path: Path, layout_number: str) -> None:
    """A database of a layout that this code doesn't know is left as it is, and the message says why."""
    path = tmp_path / "store.db"
    new_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (layout_number,))
    connection.close()
    with pytest.raises(StoreError) as error:
        Store.open(path)
    expected = f"{path} was made by a newer version of passagework (layout {layout_number}): upgrade passagework"
    assert str(error.value) == expected
    assert facts(path)[0] == layout_number


@pytest.fixture
def next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds another migration, whose body is given, to a copy of the migrations that the code then uses."""

    def add(body: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(ORIGINAL, folder, dirs_exist_ok=True)
        steps = f'revision = "{NEXT}"\ndown_revision = "{t.REVISION}"'
        head = f"from alembic import op\n\n{steps}\n\n\ndef upgrade():\n"
        (folder / "versions" / f"{NEXT}_next.py").write_text(head + textwrap.indent(textwrap.dedent(body), "    "))
        monkeypatch.setattr(database, "MIGRATIONS", folder)
        monkeypatch.setattr(database, "REVISION", NEXT)

    return add


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of the first layout with a document in it."""
    store = new_store(tmp_path / "store.db")
    with store.write() as writer:
        put(writer, "a", "some text", metadata={"year": 2020, "when": ["2024-03-02T09:00:00+09:00", "soon"]})
    store.close()
    return tmp_path / "store.db"


FIRST = import_module("passagework.retrieval.store.migrations.versions.0001_initial")
WORDS = ("title", "headings", "text")
SURROUNDINGS = "DROP TABLE surroundings; "
INJECTIONS = f"{SURROUNDINGS}DROP TABLE injections; "
MASKED = f"{INJECTIONS}DROP TABLE masked; "
OCR = f"{MASKED}DROP TABLE ocr; DROP TABLE ocr_modes; "
LANGUAGES = (
    f"{OCR}"
    "DROP TRIGGER passages_inserted; DROP TRIGGER passages_deleted; DROP TRIGGER passages_updated; "
    "DROP TABLE passages_fts; DROP VIEW passage_words; "
    "DROP INDEX documents_language; ALTER TABLE documents DROP COLUMN language; "
    + "".join(f"ALTER TABLE passages RENAME COLUMN indexed_{name} TO folded_{name}; " for name in WORDS)
    + f"{FIRST.FTS}; INSERT INTO passages_fts (passages_fts) VALUES ('rebuild'); {'; '.join(FIRST.TRIGGERS)}; "
)
PLACES = f"{LANGUAGES}DROP TABLE places; "
FOLDING = PLACES + "".join(f"ALTER TABLE passages DROP COLUMN folded_{name}; " for name in WORDS)
TABLES = f"{FOLDING}DROP TABLE tables; "
PATHS = f"{TABLES}DROP INDEX sources_path; "
INSTANTS = f"{PATHS}DROP TABLE former_fields; DELETE FROM fields WHERE type = 'instant'; "
TOKENS = f"{INSTANTS}DROP TABLE readings; DROP TABLE token_vectors; "
BEFORE = {
    "0001": f"{TOKENS}DROP TABLE hidden; ",
    "0002": TOKENS,
    "0003": INSTANTS,
    "0004": PATHS,
    "0005": TABLES,
    "0006": FOLDING,
    "0007": PLACES,
    "0008": LANGUAGES,
    "0009": OCR,
    "0010": MASKED,
    "0011": INJECTIONS,
    "0012": SURROUNDINGS,
}
"""What a layout lacked."""


@pytest.fixture(params=sorted(BEFORE))
def earlier(request: pytest.FixtureRequest, old: Path) -> Path:
    """The same database as an earlier version made it: before hidden text, token vectors, and instants of dates."""
    layout_number = str(request.param)
    connection = sqlite3.connect(old)
    connection.executescript(
        f"{BEFORE[layout_number]}UPDATE alembic_version SET version_num = '{layout_number}'; VACUUM;"
    )
    connection.close()
    for beside in old.parent.glob(f"{old.name}-*"):
        beside.unlink()
    (old.parent / f"{old.name}.seal").unlink(missing_ok=True)
    assert facts(old)[0] == layout_number
    return old


FILTERS: list[tuple[dict[str, Any], bool]] = [
    ({"when": "2024-03-02"}, True),
    ({"when": {"$lt": "2024-03-02T00:00:01Z"}}, True),
    ({"when": {"$lt": "2024-03-01T23:59:59Z"}}, False),
    ({"when": "soon"}, True),
    ({"when": {"$glob": "2024*"}}, True),
    ({"year": {"$gte": 2020}}, True),
    ({"absent": {"$ne": 1}}, True),
    ({"absent": {"$exists": True}}, False),
]
"""Filters, and whether the document of an earlier collection passes."""


def assert_filtered(store: Store) -> None:
    """Filters find what they should, in whichever way they are looked up."""
    with store.read() as snapshot:
        for where, passes in FILTERS:
            within = AllowedIds(where, snapshot)
            assert within.ids.tolist() == within.passing([1]).tolist() == [1] * passes, where
        with pytest.raises(FilterError, match="no document has a field 'yaer': did you mean 'year'"):
            AllowedIds({"yaer": 1}, snapshot)


def test_an_earlier_collection_opens(earlier: Path) -> None:
    """It gets the tables, keeps what it holds, and takes documents with hidden text, and token vectors."""
    store = Store.open(earlier)
    assert_filtered(store)
    hidden = (Hidden(0, 4, HiddenReason.TINY), Hidden(8, 9, HiddenReason.BACKGROUND))
    places = (SourcePlace(PlaceUnit.LINE, 3, 3, 0, 10),)
    ocr = (OcrSpan(0, 5, 0.5, (0.1, 0.2, 0.3, 0.04)), OcrSpan(6, 10, 1.0))
    masked = (Masked(1, 4, "email", 1, 12),)
    with store.read() as snapshot:
        assert snapshot.document(1).text == "some text"
        assert snapshot.document(1).hidden == snapshot.passages([1])[0].hidden == ()
        assert snapshot.document(1).ocr == ()
        assert [source.read_by for source in snapshot.sources()] == ["never"]
        assert token_rows.count_without(snapshot) == 1
    with store.write() as writer:
        put(writer, "b", "other text", hidden=hidden, places=places, ocr=ocr, masked=masked, surroundings="Home")
        token_rows.put_codes(writer, {b"1": TokenCodes(1, b"ab")})
        token_rows.put_reranker_hashes(writer, {1: b"1"})
    with store.read() as snapshot:
        assert snapshot.document(2).hidden == hidden
        assert [row.hidden for row in snapshot.passages([1, 2])] == [(), hidden]
        assert [row.lines for row in snapshot.passages([1, 2])] == [(), (3, 3)]
        assert (snapshot.document(1).places, snapshot.document(2).places) == ((), places)
        assert snapshot.document(2).ocr == ocr
        assert (snapshot.document(1).masked, snapshot.document(2).masked) == ((), masked)
        assert (snapshot.document(1).surroundings, snapshot.document(2).surroundings) == ("", "Home")
        assert [row.original for row in snapshot.passages([1, 2])] == [None, (0, 18)]
        assert [row.ocr for row in snapshot.passages([1, 2])] == [None, Ocr((5 * 0.5 + 4 * 1.0) / 9)]
        assert (token_rows.count_with(snapshot), token_rows.bytes_stored(snapshot)) == (1, 2)
    store.close()
    assert facts(earlier)[0] == t.REVISION


@pytest.mark.parametrize("earlier", sorted(one for one in BEFORE if one < "0007"), indirect=True)
def test_words_of_an_earlier_collection_are_found_as_they_are_typed(earlier: Path) -> None:
    """Its text index is made anew of folded words, and agrees with the passages; postings of the old one go."""
    connection = sqlite3.connect(earlier)
    connection.execute("UPDATE passages SET text = 'soft hy\u00adphen' WHERE id = 1")
    connection.execute(
        'INSERT INTO generations (file, kind, digest, count, "change", recall, parameters, created) '
        "VALUES ('w1', 'words', '', 1, 1, 1.0, '{}', '')"
    )
    connection.commit()
    connection.close()
    with Store.open(earlier) as store, store.read() as snapshot:
        assert [passage for passage, _ in snapshot.match_text(["hyphen"], 5, None)] == [1]
        assert snapshot.match_text(["phen"], 5, None) == []
        assert snapshot.postings_generations() == []
    driver = sqlite3.connect(earlier, isolation_level=None)
    assert text_index_problem(driver, wait_ms=1000, then_ms=1000) is None
    driver.close()


def test_an_earlier_collection_opens_where_nothing_can_be_written(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that can't be written an earlier layout is read as it is, and not a byte of it changes."""
    before = earlier.read_bytes()
    unwritable = OperationalError("", None, sqlite3.OperationalError(database.UNWRITABLE[0]))

    def refuse(*_: object, **__: object) -> None:
        raise unwritable

    monkeypatch.setattr(database, "_migrate", refuse)
    ordinary = database._engine

    def reading_only(path: Path, *, foreign_keys: bool) -> Any:
        engine = ordinary(path, foreign_keys=foreign_keys)
        event.listen(engine, "begin", refuse)
        return engine

    monkeypatch.setattr(database, "_engine", reading_only)
    store = Store.open(earlier)
    for _ in range(2):
        with store.read() as snapshot:
            assert snapshot.document(1).text == "some text"
            assert snapshot.document(1).hidden == snapshot.passages([1])[0].hidden == ()
            assert snapshot.document(1).ocr == ()
            assert [source.read_by for source in snapshot.sources()] == ["never"]
            assert token_rows.codes_by_hash(snapshot, [b"1"]) == {}
            assert (token_rows.count_without(snapshot), token_rows.count_with(snapshot)) == (1, 0)
    assert_filtered(store)
    store.close()
    assert earlier.read_bytes() == before


def test_the_instants_of_an_earlier_collection_are_those_of_a_new_one(old: Path, earlier: Path) -> None:
    """What filters look at is what the metadata says, row for row, as `doctor` compares it."""
    with Store.open(earlier) as store, store.read() as snapshot:
        assert fields_agree(snapshot, 1, snapshot.document(1).metadata)
        assert snapshot.field_names() == ["when", "year"]


def dump(path: Path) -> list[str]:
    """Everything in a database, as SQL."""
    connection = sqlite3.connect(path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def test_an_older_layout_is_brought_up_to_date(old: Path, next_step: Any) -> None:
    """Opening migrates, keeps what is there, and does nothing the second time."""
    next_step('op.execute("ALTER TABLE documents ADD COLUMN other TEXT")')
    for _ in range(2):
        store = Store.open(old)
        with store.read() as snapshot:
            assert "other" in {column["name"] for column in inspect(snapshot.connection).get_columns("documents")}
            assert snapshot.document(1).text == "some text"
        store.close()
        assert facts(old)[0] == NEXT


def test_a_table_rebuilt_keeps_its_children(old: Path, next_step: Any) -> None:
    """Foreign keys are off while a parent table is dropped and made anew, and on again afterwards."""
    next_step("""
        op.execute("CREATE TABLE fresh AS SELECT * FROM documents")
        op.execute("DROP TABLE documents")
        op.execute("CREATE TABLE documents (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "
                   "source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE, "
                   "uri TEXT NOT NULL UNIQUE, name TEXT, path TEXT NOT NULL, position INTEGER NOT NULL, "
                   "media_type TEXT NOT NULL, title TEXT NOT NULL, sha256 TEXT NOT NULL, metadata TEXT NOT NULL, "
                   "length INTEGER NOT NULL, language TEXT)")
        op.execute("INSERT INTO documents SELECT * FROM fresh")
        op.execute("DROP TABLE fresh")
    """)
    store = Store.open(old)
    with store.read() as snapshot:
        assert snapshot.document(1).text == "some text"
        assert [row.text for row in snapshot.passages([1])] == ["some text"]
        assert snapshot.has_field("year")
        assert snapshot.connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('op.execute("ALTER TABLE documents ADD COLUMN x TEXT"); op.execute("SELECT * FROM absent")', "no such table"),
        ('op.execute("DELETE FROM sources")', r"migration would break 1 references; nothing was changed"),
    ],
)
def test_a_migration_that_fails_changes_nothing(old: Path, next_step: Any, body: str, reason: str) -> None:
    """An error on the way, or references left broken at its end: the old layout stands, with all that it held."""
    before = dump(old)
    next_step(body)
    with pytest.raises(StoreError, match=reason) as error:
        Store.open(old)
    assert "\n" not in str(error.value)
    assert dump(old) == before


def test_a_creation_that_fails_leaves_no_tables(tmp_path: Path, next_step: Any) -> None:
    """All steps are one transaction: where the second fails, the first hasn't happened, and another try succeeds."""
    next_step('op.execute("SELECT * FROM absent")')
    path = tmp_path / "new" / "store.db"
    with pytest.raises(StoreError, match="no such table: absent"):
        new_store(path)
    assert dump(path) == ["BEGIN TRANSACTION;", "COMMIT;"]
    next_step("pass")
    new_store(path).close()
    assert facts(path)[0] == NEXT
