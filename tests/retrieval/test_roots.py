"""Roots: the folder that a path is relative to, whether a file is there, and what tells two folders apart."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from passagework.retrieval.roots import is_beneath, is_gone, record_uri, root_of, shown_path, tell_apart, uri_of


@pytest.mark.parametrize(
    ("uri", "path", "root"),
    [
        ("file:///d/a.md", "a.md", "file:///d"),
        ("file:///d/sub/a.md", "sub/a.md", "file:///d"),
        ("file:///d/list.csv#row=3", "list.csv", "file:///d"),
        ("file:///d/list.csv#a%2Fb", "list.csv", "file:///d"),
        ("file:///a.md", "a.md", "file://"),
        (record_uri("a/b#c"), "a/b#c", ""),
    ],
)
def test_root_of(uri: str, path: str, root: str) -> None:
    """A record lies where its file lies; what a program added lies nowhere."""
    assert root_of(uri, path) == root


def test_uri_of_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that was removed can be named, from the top or from where one is."""
    monkeypatch.chdir(tmp_path)
    assert (
        uri_of("old") == uri_of(tmp_path / "old") == uri_of(tmp_path / "x" / ".." / "old") == f"{tmp_path.as_uri()}/old"
    )
    assert shown_path(uri_of("old")) == str(tmp_path / "old")


def test_is_beneath() -> None:
    """A root is beneath itself, a like-named neighbour is not; composed and decomposed letters are the same."""
    assert is_beneath("file:///d/a.md", ["file:///d"])
    assert is_beneath("file:///d", ["file:///d/"])
    assert not is_beneath("file:///docs/a.md", ["file:///d"])
    composed, decomposed = (Path("/" + unicodedata.normalize(form, "Gehälter")) for form in ("NFC", "NFD"))
    assert is_beneath((decomposed / "a.md").as_uri(), [composed.as_uri()])
    assert not is_beneath(record_uri("a"), ["file:///"])


def test_is_gone(tmp_path: Path) -> None:
    """A file that is not there, a folder in its place, or a link that leads nowhere is gone; what is no file is not."""
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "link.md").symlink_to(tmp_path / "nowhere")
    assert not is_gone((tmp_path / "a.md").as_uri())
    assert is_gone((tmp_path / "b.md").as_uri())
    assert is_gone((tmp_path / "a.md" / "b.md").as_uri())
    assert is_gone((tmp_path / "folder.md").as_uri())
    assert is_gone((tmp_path / "link.md").as_uri())
    assert not is_gone(record_uri("b.md"))


def test_tell_apart() -> None:
    """The shortest ends that differ, whole where one is the end of the other."""
    assert tell_apart(["file:///x/2023/docs", "file:///x/2024/docs"]) == {
        "file:///x/2023/docs": "2023/docs",
        "file:///x/2024/docs": "2024/docs",
    }
    assert tell_apart(["file:///d", "file:///e"]) == {"file:///d": "d", "file:///e": "e"}
    assert tell_apart(["file:///a/d", "file:///d"]) == {"file:///a/d": "a/d", "file:///d": "d"}
