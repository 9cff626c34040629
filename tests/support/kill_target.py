"""The process that tests kill or keep from writing: it ingests, deletes, rebuilds, migrates; it logs what it committed.

A server, because imports take longer than the work: each line of standard input is a task as JSON, which a fork does in
a process group of its own. The answers are the fork's process id and, once it is gone, its exit status.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import alembic.command  # so that the forks need not

from passagework import Collection
from passagework.ingest import Progress
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete
from passagework.ingest.pipeline import ingest
from passagework.ingest.writing import passage_writer, token_vectors
from passagework.ingest.writing.languages import identified
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.folder import current_version
from passagework.retrieval.store import database
from passagework.retrieval.types import TokenIds, Vectors
from tests.support.fakes import FakeEncoder, FakeTokenEncoder

if sys.platform != "win32":
    import resource

SETTINGS = Settings(workers=2)
REFUSED = 3
"""Exit status of a task that ended in a line for the user; `said` names the file that it is written to."""

assert alembic.command is not None


class SlowEncoder(FakeEncoder):
    """Takes its time, so that a kill finds it at work."""

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """The same vectors as FakeEncoder's."""
        time.sleep(0.004)
        return super().encode_tokens(token_ids)


class SlowTokenEncoder(SlowEncoder, FakeTokenEncoder):
    """The same, with the vectors of tokens."""


class Log:
    """A file of the documents committed: `uri sha256` a line, on its way before anything else happens."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.collection = Path(task["collection"])
        self.file = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.documents = -1
        self.said: set[str] = set()

    def note(self, progress: Progress) -> None:
        """Called at every step; looks only where something was committed."""
        if progress.documents == self.documents or not (self.collection / "CURRENT").exists():
            return  # nothing new, or nothing at all: the files are still being found
        self.documents = progress.documents
        address = f"file:{current_version(self.collection) / 'store.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            rows = {f"{uri} {sha256}\n" for uri, sha256 in connection.execute("SELECT uri, sha256 FROM documents")}
        os.write(self.file, "".join(sorted(rows - self.said)).encode())
        self.said |= rows


def main() -> None:
    """Serves tasks until standard input closes."""
    identified("Sie wurden im Herbst gestrichen.")  # its model is unpacked into a file larger than any of a collection
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)  # here too: the group exists before its number is known
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _say(number: int) -> None:
    print(number, flush=True)


def _run(task: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        with contextlib.suppress(PermissionError):
            os.setpgid(0, 0)
        passage_writer.GROUP_TOKENS, passage_writer.GROUP_DOCUMENTS = 400, 16
        token_vectors.FILLED_AT_ONCE = task.get("filled_at_once", token_vectors.FILLED_AT_ONCE)
        if task.get("crash"):
            arm(*task["crash"])
        if task.get("limit"):  # bytes of any one file: the next one is refused
            resource.setrlimit(resource.RLIMIT_FSIZE, (task["limit"], task["limit"]))
        perform(task)
        code = 0
    except PassageworkError as error:
        code = REFUSED
        Path(task.get("said", os.devnull)).write_text(str(error))
    except BaseException:  # noqa: BLE001 - whatever it is, the test shows it
        traceback.print_exc()
    finally:
        os._exit(code)


def perform(task: dict[str, Any]) -> None:
    """Does the task."""
    keeps = bool(task.get("token_vectors"))
    encoder = (SlowTokenEncoder if keeps else SlowEncoder)(seed=task.get("seed", ""))
    if task.get("action", "ingest") == "ingest":
        missing = bool(task.get("delete_missing"))
        ingest(
            [task["docs"]],
            task["collection"],
            encoder=encoder,
            passage_tokens=40,
            overlap=8,
            delete_missing=missing,
            token_vectors=keeps or None,
            settings=SETTINGS,
            progress=Log(task).note,
        )
    elif task["action"] == "open":
        database.MIGRATIONS = Path(task["migrations"])
        database.__dict__["REVISION"] = task["revision"]
        Collection.open(task["collection"], encoder=encoder).close()
    elif task["action"] == "rebuild":
        rebuild(task["collection"], encoder=encoder, passage_tokens=24, settings=SETTINGS)
    else:
        delete(task["collection"], [task["target"]])


def arm(where: str, call: int, when: str) -> None:
    """Has this process group killed `before` or `after` the n-th call of `module:function` or `module:Class.method`."""
    module, _, path = where.partition(":")
    owner: Any = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, name, _deadly(getattr(owner, name), call, when))


def _deadly(function: Callable[..., Any], call: int, when: str) -> Callable[..., Any]:
    calls = 0

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            os.killpg(0, signal.SIGKILL)
        result = function(*arguments, **options)
        if calls == call and when == "after":
            os.killpg(0, signal.SIGKILL)
        return result

    return called


if __name__ == "__main__":
    main()
