"""Files behind addresses: listed, compared by what the other side says of them, and copied only where they changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec", reason='pip install "passagework[remote-files]"')

from fsspec.core import url_to_fs

from passagework import Collection
from passagework.ingest import Report, ingest
from passagework.retrieval import ConfigError, IngestError, extras
from tests.support.fakes import FakeEncoder

BEES, WASPS = b"Bees dance to tell of flowers.", b"Wasps build paper nests."


class Place:
    """A folder elsewhere: its address, and what a test does to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.system, self.root = url_to_fs(address)

    def put(self, name: str, content: bytes) -> None:
        """Writes a file."""
        path = f"{self.root}/{name}"
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(path, content)

    def remove(self, name: str) -> None:
        """Removes a file."""
        self.system.rm_file(f"{self.root}/{name}")


@pytest.fixture(params=["memory", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Two documents, one of them hidden, and one of an unknown type, in memory and on this machine."""
    made = Place(f"memory://{uuid.uuid4()}/docs" if request.param == "memory" else f"local://{tmp_path}/away")
    made.put("bees.txt", BEES)
    made.put("sub/wäsps #1.md", WASPS)
    made.put(".hidden/ants.txt", b"Ants carry leaves.")
    made.put("tool.xyz", b"nothing")
    yield made
    if request.param == "memory" and made.system.exists(made.root):
        made.system.rm(made.root, recursive=True)


def run(place: Place, tmp_path: Path, **options: Any) -> Report:
    """An ingest."""
    return ingest(place.address, tmp_path / "c", encoder=FakeEncoder(), **options)


def test_what_is_there_comes_in(place: Place, tmp_path: Path) -> None:
    """Under addresses of its own, with paths from the folder that was named."""
    report = run(place, tmp_path)
    assert (report.added, report.failed, [problem.path for problem in report.skipped]) == (2, [], ["tool.xyz"])
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert {row.path: row.uri for row in collection.documents()} == {
            "bees.txt": f"{place.address}/bees.txt",
            "sub/wäsps #1.md": f"{place.address}/sub/w%C3%A4sps%20%231.md",
        }
        assert [hit.text for hit in collection.search("nests", k=1)] == [WASPS.decode()]
        assert [row.root for row in collection.roots()] == [place.address]
    assert run(place, tmp_path / "one", exclude=["sub"]).added == 1


def test_only_what_changed_is_copied(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is gone is gone when that is asked for."""
    assert run(place, tmp_path).added == 2
    copied: list[str] = []
    get_file = type(place.system).get_file

    def noted(self: Any, name: str, *arguments: Any, **options: Any) -> None:
        copied.append(name)
        get_file(self, name, *arguments, **options)

    monkeypatch.setattr(type(place.system), "get_file", noted)
    assert (run(place, tmp_path).unchanged, copied) == (2, [])
    place.put("bees.txt", b"Bees sleep.")
    assert (run(place, tmp_path).updated, copied) == (1, [f"{place.root}/bees.txt"])
    place.remove("sub/wäsps #1.md")
    assert run(place, tmp_path).gone == 1
    assert run(place, tmp_path, delete_missing=True).deleted == 1


def test_a_place_that_is_empty_takes_nothing_out(place: Place, tmp_path: Path) -> None:
    """A bucket that can't be seen looks like that; one file may be named by itself."""
    run(place, tmp_path)
    report = ingest(f"{place.address}/bees.txt", tmp_path / "c", encoder=FakeEncoder(), delete_missing=True)
    assert (report.unchanged, report.deleted) == (1, 0)
    place.system.rm(place.root, recursive=True)
    with pytest.raises(IngestError, match=r"can't be listed|there is nothing at"):
        run(place, tmp_path, delete_missing=True)
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        assert len(collection.documents()) == 2


def test_a_file_that_cannot_be_had_fails_alone(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason that the file system gives."""
    get_file = type(place.system).get_file

    def refusing(self: Any, name: str, *arguments: Any, **options: Any) -> None:
        if name.endswith("bees.txt"):
            raise PermissionError("no right to read it")
        get_file(self, name, *arguments, **options)

    monkeypatch.setattr(type(place.system), "get_file", refusing)
    report = run(place, tmp_path)
    assert report.added == 1
    assert [(problem.path, problem.reason) for problem in report.failed] == [
        ("bees.txt", "can't be had: no right to read it")
    ]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system's own library, or the extra; a scheme that nobody knows is refused either way."""
    if extras._is_installed("s3fs"):
        pytest.skip("s3fs is there")
    with pytest.raises(ConfigError, match="s3://bucket/docs: Install s3fs to access S3"):
        ingest("s3://bucket/docs", tmp_path / "c")
    with pytest.raises(ConfigError, match="or what fsspec knows, such as s3://BUCKET/FOLDER"):
        ingest("gopher://example.org/1", tmp_path / "c")
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "fsspec")
    with pytest.raises(ConfigError, match=r'take the extra: pip install "passagework\[remote-files\]"'):
        ingest("s3://bucket/docs", tmp_path / "c")


def test_a_password_is_no_part_of_an_address() -> None:
    """It would be kept with every document."""
    from passagework.ingest.sources.remote_files import RemoteFiles

    assert RemoteFiles("sftp://ada:secret@example.org:2222/my docs/").uri == "sftp://example.org:2222/my%20docs"
