"""Opens a version for its only writer, and takes one up again where its name was lost."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from passagework.retrieval.errors import LostVersionError, PassageworkError, StoreError
from passagework.retrieval.files import set_aside
from passagework.retrieval.folder import CURRENT, current_version, publish, versions, writer_lock
from passagework.retrieval.store import Store, VersionState
from passagework.retrieval.store.generations import check_whole

_log = logging.getLogger(__name__)


def live_version(collection: Path) -> Path | None:
    """Returns the live version, or the one that `recovered_version` would publish; None where there is no collection.

    Changes nothing. Raises StoreError where a damaged collection has no whole version.
    """
    if not os.path.lexists(collection / CURRENT) and not (os.path.lexists(collection) and versions(collection)):
        return None
    try:
        return current_version(collection)
    except LostVersionError as error:
        whole = next(filter(_is_whole, versions(collection)), None)
        if whole is None and os.path.lexists(collection / CURRENT):
            raise StoreError(
                f"{error.found}, and there is no version that is whole: "
                "restore the collection from a copy, or name a new folder"
            ) from error
        return whole


def recovered_version(collection: Path) -> Path | None:
    """Returns what `live_version` does, and publishes it where CURRENT was lost.

    A damaged CURRENT is renamed, never deleted.

    Call it as the only writer. Raises StoreError also where the folder can't be written.
    """
    live = live_version(collection)
    if live is None:
        return None
    try:
        return current_version(collection)
    except LostVersionError as error:
        _log.warning("%s; took up %s", error.found, live.name)
        if os.path.lexists(collection / CURRENT):
            try:
                set_aside(collection / CURRENT)
            except OSError as failed:
                raise StoreError(f"{collection} can't be written: {failed.strerror or failed}") from failed
        publish(collection, live)
    return live


@contextmanager
def writable_version(collection: Path) -> Iterator[Path]:
    """Yields the live version's folder to write in, recovered where its name was lost; raises StoreError as above."""
    if live_version(collection) is None:
        current_version(collection)  # says what is there instead, before a lock file is left in it
    with writer_lock(collection):
        yield recovered_version(collection) or current_version(collection)


@contextmanager
def open_for_writing(
    collection: Path, *, create: Callable[[], Path] | None = None, check: bool = True, read_only: bool = False
) -> Iterator[Store]:
    """Opens the live version as its only writer; vectors that nothing uses are swept at the end, and all is sealed.

    A collection that lost the name of its live version takes up its newest whole one; `create` makes the first version
    of a folder that has none. With `read_only` the version stays as it is, and only others are kept from writing.
    With `check`, raises StoreError where the database is not what its last writer left. Raises it also where there is
    no collection, another writer, or a folder that can't be written.
    """
    if create is None and live_version(collection) is None:
        current_version(collection)  # says what is there instead, before a lock file is left in it
    with writer_lock(collection):
        folder = recovered_version(collection) or (current_version(collection) if create is None else create())
        with Store.open(folder / "store.db") as store:
            if check:
                check_whole(store)
            yield store
            if not read_only:
                with store.write() as writer:
                    writer.sweep_vectors()
                store.checkpoint()


def is_damaged(version: Path) -> bool:
    """Tells whether a version has a database that isn't whole: there may be something left in it to save."""
    try:
        with Store.open(version / "store.db") as store:
            check_whole(store)
    except PassageworkError:
        with suppress(OSError):
            return (version / "store.db").stat().st_size > 0
    return False


def _is_whole(version: Path) -> bool:
    """Tells whether its database is as it was left, and its making came to an end."""
    try:
        with Store.open(version / "store.db") as store:
            check_whole(store)
            with store.read() as snapshot:
                return bool(snapshot.meta("state") == VersionState.READY.value)
    except PassageworkError:
        return False
