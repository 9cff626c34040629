"""What is known here of a collection that an engine serves: its facts, and its words with how many passages hold each.

A database of its own beside `remote.json`. What is read together is of one moment, and a moment is written in one
transaction: as long as it is not committed, the moment before is answered.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import write_problem
from passagework.retrieval.types import Json

FILE = "catalogue.db"
BUSY_SECONDS = 30.0

_TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, passages INTEGER NOT NULL,
    places INTEGER NOT NULL);
CREATE TABLE sample (hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
"""

MOMENT = "moment"
"""The fact that grows by one with every change; before it, nothing is there."""


class Catalogue:
    """Opens the catalogue of a version's folder, for any number of threads and processes; one of them writes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        if not self.path.is_file():
            raise StoreError(f"{folder} has no {FILE}: load the collection again")

    @classmethod
    def create(cls, folder: Path) -> Catalogue:
        """Makes an empty one in a folder."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _connected(folder / FILE) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(_TABLES)
        except OSError as error:
            raise StoreError(f"{folder} can't be written: {write_problem(error)}") from error
        return cls(folder)

    @contextmanager
    def read(self) -> Iterator[CatalogueMoment]:
        """Gives one moment of it."""
        with _connected(self.path) as connection:
            connection.execute("BEGIN")
            yield CatalogueMoment(connection)

    @contextmanager
    def write(self) -> Iterator[CatalogueWriter]:
        """Gives one transaction: committed at the end, undone where anything is raised."""
        with _connected(self.path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield CatalogueWriter(connection)
            connection.execute("COMMIT")


class CatalogueMoment:
    """Reads a catalogue at one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._facts: dict[str, Json] = {
            key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM facts")
        }

    def fact(self, key: str) -> Any:
        """Returns a fact, None where it isn't known."""
        return self._facts.get(key)

    def number(self, key: str) -> int:
        """Returns a fact that is a whole number, 0 where it isn't known."""
        value = self._facts.get(key)
        return value if isinstance(value, int) else 0

    def words(self, words: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Maps those of the words that some passage holds to (number, passages)."""
        listed = json.dumps(list(words))
        query = "SELECT word, number, passages FROM words WHERE word IN (SELECT value FROM json_each(?)) AND passages"
        return {word: (number, passages) for word, number, passages in self._connection.execute(query, (listed,))}

    def beginning(self, beginning: str) -> list[str]:
        """Returns the words that begin so and that some passage holds, sorted."""
        query = "SELECT word FROM words WHERE word >= ? AND word < ? AND passages ORDER BY word"
        rows = self._connection.execute(query, (beginning, f"{beginning}\U0010ffff"))
        return [row[0] for row in rows]

    def every_word(self, least: int) -> list[tuple[str, int]]:
        """Returns the words that at least so many passages hold, and how often they stand in all, sorted."""
        return list(
            self._connection.execute("SELECT word, places FROM words WHERE passages >= ? ORDER BY word", (least,))
        )

    def sampled_hashes(self) -> list[bytes]:
        """Returns the hashes of the vectors that stand for all, ascending."""
        return [row[0] for row in self._connection.execute("SELECT hash FROM sample ORDER BY hash")]

    def sample(self) -> dict[bytes, bytes]:
        """Returns the vectors, by their hashes, that stand for all."""
        return dict(self._connection.execute("SELECT hash, vector FROM sample ORDER BY hash"))


class CatalogueWriter(CatalogueMoment):
    """Writes a catalogue, within one transaction."""

    def put(self, facts: Mapping[str, Json]) -> None:
        """Writes down facts, in place of those with the same keys."""
        rows = [(key, json.dumps(value)) for key, value in facts.items()]
        self._connection.executemany("REPLACE INTO facts VALUES (?, ?)", rows)
        self._facts.update(facts)

    def count_words(self, counts: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Adds (passages, places) to each word, which may be fewer than none; returns the numbers of the words."""
        statement = (
            "INSERT INTO words (word, passages, places) VALUES (?, ?, ?) ON CONFLICT (word) DO UPDATE SET "
            "passages = passages + excluded.passages, places = places + excluded.places"
        )
        self._connection.executemany(statement, ((word, *count) for word, count in counts.items()))
        return self.numbers_of(list(counts))

    def numbers_of(self, words: Sequence[str]) -> dict[str, int]:
        """Returns the numbers of words, those included that no passage holds any more."""
        query = "SELECT word, number FROM words WHERE word IN (SELECT value FROM json_each(?))"
        return dict(self._connection.execute(query, (json.dumps(list(words)),)))

    def forget_counts(self) -> None:
        """Takes it that no passage holds any word, until they are counted; words keep their numbers."""
        self._connection.execute("UPDATE words SET passages = 0, places = 0")

    def put_sample(self, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Makes these the vectors that stand for all."""
        self._connection.execute("DELETE FROM sample")
        self._connection.executemany("INSERT INTO sample VALUES (?, ?)", vectors)


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"{path} can't be opened ({error})") from error
    try:
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} can't be read or written ({error}): load the collection again") from error
    finally:
        connection.close()
