"""A version's database: opened, checked, migrated; connections that read one snapshot each."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import write_problem
from passagework.retrieval.folder import REMOTE
from passagework.retrieval.forks import ForkSafeLock, at_fork, in_use, keep_parents
from passagework.retrieval.store.indexed_words import show_indexed_words
from passagework.retrieval.store.instants import show_instants
from passagework.retrieval.store.schema import LATER, READABLE, REVISION, former_fields
from passagework.retrieval.store.seal import break_seal

BUSY_TIMEOUT_MS = 30_000
POOLED = 16
"""Connections that stay open: so many searches of a service have a snapshot at once, and opening one takes as long."""

MIGRATIONS = Path(__file__).parent / "migrations"
ADVICE = {
    "database or disk is full": "free some space and run again: what was committed is safe",
    "disk I/O error": "the disk may be full, or failing: free some space and run again; what was committed is safe",
    "database is locked": "another process is writing; try again when it is done",
    "attempt to write a readonly database": "make the folder writable",
}
UNWRITABLE = ("attempt to write a readonly database", "unable to open database file")
"""What SQLite says where it can't make its log beside the database."""

APPLICATION_ID = 0x70617373  # "pass", in SQLite's header: tells our files from any other database

_MIGRATING = ForkSafeLock()  # Alembic's environment is a global of its process


def create_database(path: Path) -> Engine:
    """Makes a new database at `path` with every table."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent} can't be made: {write_problem(error)}") from error
    with storage_errors(path):
        _migrate(path)
    return open_database(path)


def open_database(path: Path) -> Engine:
    """Opens the database at `path`, migrated to this version's layout.

    Raises StoreError where it is missing, damaged, not ours, or made by a newer version.
    """
    try:
        exists = path.is_file()
        empty = exists and not path.stat().st_size
    except OSError as error:
        raise StoreError(f"{path} can't be reached: {error.strerror}") from error
    if not exists and (path.parent / REMOTE).is_file():
        raise StoreError(
            f"{path.parent.parent} is served by an engine: change the collection that was loaded into it, and run "
            "`passagework fleet load` again"
        )
    if not exists:
        raise StoreError(f"no database at {path}")
    if empty:  # SQLite would make one of it
        raise StoreError(f"{path} is damaged (it is empty); restore it from a copy")
    engine = _engine(path, foreign_keys=True)
    try:
        with storage_errors(path):
            try:
                revision = _revision(engine, path)
            except OperationalError as error:
                if str(error.orig) not in UNWRITABLE:
                    raise
                engine.dispose()
                engine = _reading_engine(path)
                revision = _revision(engine, path)
                if revision in READABLE:
                    return engine
            if revision != REVISION:
                _refuse_newer(revision, path)
                break_seal(path)
                _migrate(path)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine, path: Path, *, write: bool = False) -> Iterator[Connection]:
    """Begins one transaction: a snapshot for reading, or the only writer until it ends."""
    with storage_errors(path), engine.connect() as connection:
        connection = connection.execution_options(immediate=write)
        with connection.begin():
            yield connection


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns what SQLite raises into one line that says what happened to the file at `path`, and what to do.

    A fork waits until it is over, and a child may not use a file that was in use nevertheless.
    """
    try:
        with in_use(str(path)):
            yield
    except UnicodeDecodeError as error:  # the driver's, of a complaint that quotes the damaged bytes
        raise StoreError(f"{path} is damaged (its own words are no text any more); restore it from a copy") from error
    except (DBAPIError, sqlite3.Error) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error)
        if type(error) in (DatabaseError, sqlite3.DatabaseError):  # its subclasses say that a request was wrong
            raise StoreError(f"{path} is damaged ({reason}); restore it from a copy") from error
        advice = ADVICE.get(reason)
        raise StoreError(f"{path}: {reason}" + (f"; {advice}" if advice else "")) from error


class _Connection(sqlite3.Connection):
    """A connection that a forked child of its process never closes: SQLite would take away the parent's locks."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        keep_parents(self)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _close_idle_connections() -> None:
    """Closes what nobody uses: SQLite can't be carried over a fork (sqlite.org/howtocorrupt.html, 2.6)."""
    for engine in list(_engines):
        engine.dispose()


def _forget_connections() -> None:
    """Opens anew in a child, also where the fork was not announced, as by a server written in C."""
    for engine in list(_engines):
        engine.dispose(close=False)


at_fork(before=_close_idle_connections, in_child=_forget_connections)


def _engine(path: Path, *, foreign_keys: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=POOLED,
        max_overflow=-1,
        connect_args={"factory": _Connection},
    )
    _engines.add(engine)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # Autocommit in the driver, so that BEGIN is ours: the driver's own never covers a SELECT.
        connection.isolation_level = None
        try:
            for pragma in (
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                "journal_mode=WAL",
                "synchronous=FULL",
                f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
                "cache_size=-65536",
            ):
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()  # not in the pool yet: nobody else would
            raise

    event.listen(engine, "begin", _begin)
    return engine


def _reading_engine(path: Path) -> Engine:
    """Returns an engine for a folder that can't be written, such as a read-only disk or a colleague's."""

    def connect() -> sqlite3.Connection:
        # SQLite would need its log even to read, unless told that nobody changes the file. Where there is a log,
        # somebody with other rights does, and shares it.
        log = path.with_name(f"{path.name}-wal")
        frozen = "" if log.exists() and log.stat().st_size else "&immutable=1"
        address = f"{path.absolute().as_uri()}?mode=ro{frozen}"
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, check_same_thread=False, factory=_Connection
        )
        connection.execute("PRAGMA temp_store=MEMORY").close()
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if former_fields.name not in present:
            show_instants(connection)
        show_indexed_words(connection)
        for table in LATER:
            if table.name not in present:  # a layout of before there was this table
                connection.execute(f"CREATE TEMP TABLE {str(CreateTable(table)).partition('TABLE')[2]}").close()
        return connection

    # No pool: whether there is a log is looked up for each snapshot.
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _revision(engine: Engine, path: Path) -> str:
    with engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
            raise StoreError(f"{path} is not a passagework database")
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _is_foreign(connection: Connection) -> bool:
    """Tells whether another program made this database: it holds something, and that without our mark."""
    marked = connection.exec_driver_sql("PRAGMA application_id").scalar() == APPLICATION_ID
    return not marked and bool(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar())


def _refuse_newer(revision: str, path: Path) -> None:
    revisions = {file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    if revision not in revisions:
        raise StoreError(f"{path} was made by a newer version of passagework (layout {revision}): upgrade passagework")


def _migrate(path: Path) -> None:
    """Brings the layout up to date in one transaction; foreign keys off, or a table rebuilt deletes its children."""
    from alembic import command
    from alembic.config import Config

    engine = _engine(path, foreign_keys=False)
    try:
        with _MIGRATING, engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                if _is_foreign(connection):
                    raise StoreError(f"{path} is not a passagework database")
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise StoreError(f"{path}: migration would break {len(broken)} references; nothing was changed")
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    finally:
        engine.dispose()
