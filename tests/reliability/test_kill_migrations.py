"""Killed while a collection of an older layout is migrated: the old layout stands whole, or the new one does."""

from __future__ import annotations

import os
import random
import shutil
import signal
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from passagework import Collection
from passagework.retrieval.store import database, schema
from tests.reliability.test_kill import KILLS, QUERIES, Goal, Target, first_ingest, tell
from tests.retrieval.test_migrations import ORIGINAL, dump, facts
from tests.support.collection_checks import answers, assert_same_answers, check_whole
from tests.support.fakes import FakeEncoder

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the process that is killed is a fork"),
]

MIGRATION_KILLS = max(6, KILLS // 5)
"""At random instants of a migration; `make faults` takes 60."""

NEXT = f"{int(schema.REVISION) + 1:04}"
STEP = f"""
    import time

    from alembic import op

    revision = "{NEXT}"
    down_revision = "{schema.REVISION}"


    def upgrade():
        op.execute("ALTER TABLE documents ADD COLUMN other TEXT")
        for (number,) in op.get_bind().exec_driver_sql("SELECT id FROM documents").fetchall():
            op.execute(f"UPDATE documents SET other = 'en' WHERE id = {{number}}")
            time.sleep(0.005)
        op.execute("CREATE TABLE fresh AS SELECT * FROM pages")
        op.execute("DELETE FROM pages")
        op.execute("INSERT INTO pages SELECT * FROM fresh")
        op.execute("DROP TABLE fresh")
"""


@dataclass(frozen=True)
class Layouts:
    """A collection before and after an uninterrupted migration of so many seconds, and the migrations that make it."""

    goal: Goal
    path: Path
    migrations: Path
    before: list[str]
    after: list[str]
    seconds: float

    def task(self, collection: Path) -> dict[str, str]:
        """Opens a collection with the newer code."""
        return {
            "action": "open",
            "collection": str(collection),
            "migrations": str(self.migrations),
            "revision": NEXT,
        }


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A server of tasks."""
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Layouts:
    """A first ingest of 16 files, migrated and timed."""
    base = tmp_path_factory.mktemp("layouts")
    goal = first_ingest(base, target, each=2, records=30, long_words=300)
    shutil.copytree(ORIGINAL, base / "migrations")
    (base / "migrations" / "versions" / f"{NEXT}_next.py").write_text(textwrap.dedent(STEP))
    shutil.copytree(base / "c", base / "after")
    before = dump(base / "c" / "v0001" / "store.db")
    made = Layouts(goal, base / "c", base / "migrations", before, [], 0.0)
    assert target.run(made.task(base / "after")) == 0
    after = dump(base / "after" / "v0001" / "store.db")
    assert after != before
    return Layouts(goal, base / "c", base / "migrations", before, after, target.seconds)


@pytest.fixture
def newer(layouts: Layouts, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is of the newer code, too."""
    monkeypatch.setattr(database, "MIGRATIONS", layouts.migrations)
    monkeypatch.setattr(database, "REVISION", NEXT)


def check_migrated(layouts: Layouts, collection: Path) -> bool:
    """After a kill: all of one layout; opened again, all of the new one, with the same answers. Whether it was old."""
    path = collection / "v0001" / "store.db"
    there = dump(path)
    was_old = facts(path)[0] == schema.REVISION
    assert there == (layouts.before if was_old else layouts.after)
    Collection.open(collection, encoder=FakeEncoder()).close()
    assert facts(path)[0] == NEXT
    assert dump(path) == layouts.after
    assert check_whole(collection, FakeEncoder(), QUERIES[:1]) == layouts.goal.documents
    assert_same_answers(
        answers(collection, FakeEncoder(), QUERIES[:1]),
        {name: hits for name, hits in layouts.goal.answers.items() if name.endswith(f": {QUERIES[0]}")},
    )
    return was_old


@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("newer")
def test_killed_at_random_while_migrating(
    layouts: Layouts, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whenever it is: nothing of either layout is mixed, nothing is lost, and the next opening ends the migration."""
    rng, hit, old = random.Random(11), 0, 0
    for number in range(MIGRATION_KILLS):
        collection = tmp_path / str(number)
        shutil.copytree(layouts.path, collection)
        instant = (number + rng.random()) / MIGRATION_KILLS * layouts.seconds
        hit += target.run(layouts.task(collection), kill_after=instant) != 0
        old += check_migrated(layouts, collection)
        shutil.rmtree(collection)
    assert old
    tell(capsys, f"{hit} kills within a migration of {layouts.seconds:.2f} s: {old} times the old layout stood whole")


@pytest.mark.parametrize(
    ("where", "call", "when"),
    [
        ("passagework.retrieval.store.database:break_seal", 1, "before"),
        ("passagework.retrieval.store.database:break_seal", 1, "after"),
        ("alembic.command:upgrade", 1, "after"),
        ("passagework.retrieval.store.database:_migrate", 1, "after"),
    ],
)
@pytest.mark.usefixtures("newer")
def test_killed_between_the_steps_of_a_migration(
    layouts: Layouts, target: Target, tmp_path: Path, where: str, call: int, when: str
) -> None:
    """With its seal broken and nothing migrated, with all migrated and nothing committed, with all committed."""
    shutil.copytree(layouts.path, tmp_path / "c")
    status = target.run({**layouts.task(tmp_path / "c"), "crash": [where, call, when]})
    assert status == -signal.SIGKILL
    assert check_migrated(layouts, tmp_path / "c") == (where != "passagework.retrieval.store.database:_migrate")
