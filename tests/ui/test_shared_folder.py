"""The folder that processes of a service share: it goes with the last of them, or as the next service begins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("fcntl", reason="Windows has no flock, and --workers needs Unix sockets")

from passagework.ui.service.shared_folder import PREFIX, held_folder, shared_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_by_a_kill(temporary: Path) -> Path:
    """What a service leaves behind that was killed."""
    folder = temporary / f"{PREFIX}left"
    (folder / "counts").mkdir(parents=True)
    (folder / "counts" / "a.db").write_bytes(b"x")
    return folder


def test_what_a_killed_service_left_goes(temporary: Path) -> None:
    """As the next begins; a folder that another holds stays, and so does what only looks like one."""
    folder, outside = left_by_a_kill(temporary), temporary / "outside"
    outside.mkdir()
    (temporary / f"{PREFIX}link").symlink_to(outside)
    with shared_folder() as first, shared_folder() as second:
        assert not folder.exists()
        assert first.is_dir()
        assert second.is_dir()
        assert outside.is_dir()
    assert sorted(one.name for one in temporary.iterdir()) == ["outside", f"{PREFIX}link"]


def test_a_worker_that_outlives_its_parent_keeps_it(temporary: Path) -> None:
    """Until it ends: a service that begins meanwhile takes nothing from under it."""
    folder = left_by_a_kill(temporary)
    with held_folder(folder), shared_folder():
        assert (folder / "counts" / "a.db").exists()
    with shared_folder():
        assert not folder.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_one_of_another_user_stays(temporary: Path) -> None:
    """It can't be looked at, and is no mistake."""
    folder = left_by_a_kill(temporary)
    folder.chmod(0)
    with shared_folder():
        assert folder.exists()
    folder.chmod(0o700)
