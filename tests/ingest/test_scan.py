"""The walk over the PATHs: what is found, in which order, under which name, and what is said of the rest."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, strategies as st

from passagework.ingest.globs import Globs
from passagework.ingest.scan import FoundFile, Scan, Unread, scan, sha256_file
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.roots import path_of

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links and FIFOs")


def supported(path: Path) -> bool:
    """As the loaders say it, for two types."""
    return path.suffix.lower() in (".md", ".txt")


def make(folder: Path, *names: str) -> None:
    """Files that hold their own names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def found(*paths: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """The relative paths of the files, nothing else being reported."""
    result = scan(paths, include=include, exclude=exclude, supported=supported)
    assert (result.skipped, result.failed) == ((), ())
    return [file.relative for file in result.files]


def reasons(problems: Sequence[Unread]) -> list[tuple[str, str]]:
    """What a report shows of them."""
    return [(problem.relative, problem.reason) for problem in problems]


@pytest.mark.parametrize(
    "path",
    [r"C:\docs\a b%41#1.md", r"c:\ü\日本.txt", r"\\server\share\a b.md", "D:\\half \ud83d.md"],
)
def test_a_uri_leads_back_to_a_path_of_windows(path: str) -> None:
    """With a drive and with a server's name; signs that URIs know come back, and so do halves of characters."""
    uri = "file:///D:/half%20%ED%A0%BD.md" if "\ud83d" in path else PureWindowsPath(path).as_uri()
    assert path_of(uri, windows=True) == path
    assert path_of(f"{uri}#row=3", windows=True) == path


@posix_only
@pytest.mark.parametrize("path", ["/docs/a b%41#1?.md", "/ü/日本.txt", "/docs/caf\udce9.txt", "/C:/x", "/"])
def test_a_uri_leads_back_to_a_path(path: str) -> None:
    """Bytes that are no UTF-8 come back as they were."""
    uri = "file:///docs/caf%E9.txt" if "caf" in path else PurePosixPath(path).as_uri()
    assert path_of(uri, windows=False) == path


def test_a_folder_is_walked_in_byte_order(tmp_path: Path) -> None:
    """Files come in the byte order of their relative paths, whatever the file system's order and the depth."""
    make(tmp_path, "b/a.md", "b.md", "a.md", "b/ä.md", "b/z/1.txt", "B.md", "b-1.md")
    assert found(tmp_path) == ["B.md", "a.md", "b-1.md", "b.md", "b/a.md", "b/z/1.txt", "b/ä.md"]


def test_a_file_knows_where_it_is(tmp_path: Path) -> None:
    """Path and root are absolute, the relative path begins beneath the root, the URI is percent-encoded."""
    make(tmp_path, "a b/ü#1.md")
    root = tmp_path / "a b"
    file = root / "ü#1.md"
    assert scan([root], supported=supported) == Scan((FoundFile(file, "ü#1.md", file.as_uri(), root),), (), ())
    assert file.as_uri().endswith("/a%20b/%C3%BC%231.md")


def test_a_file_as_path_is_its_own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH that is a file is found under its own name; a relative PATH becomes absolute, `..` resolved."""
    make(tmp_path, "docs/a.md", "other/b.md")
    monkeypatch.chdir(tmp_path / "other")
    (file,) = scan([Path("../docs/a.md")], supported=supported).files
    path = (tmp_path / "docs/a.md").resolve()
    assert file == FoundFile(path, "a.md", path.as_uri(), path)
    assert [file.path for file in scan([Path()], supported=supported).files] == [tmp_path / "other/b.md"]


@pytest.mark.skipif(sys.platform == "win32", reason="no name holds control characters there")
def test_unsupported_types_are_skipped_with_the_type(tmp_path: Path) -> None:
    """A file that no loader reads is reported by its suffix, or for having none; never silently."""
    make(tmp_path, "a.md", "b/c.ODT", "README", "d.tar.\x1bgz")
    result = scan([tmp_path], supported=supported)
    assert [file.relative for file in result.files] == ["a.md"]
    assert reasons(result.skipped) == [
        ("README", "files without an extension are not supported"),
        ("b/c.ODT", ".odt files are not supported"),
        ("d.tar.\x1bgz", ". gz files are not supported"),
    ]


def test_hidden_files_are_left_out_unless_named(tmp_path: Path) -> None:
    """What begins with a dot is passed over in silence beneath a PATH, and read where it is the PATH."""
    make(tmp_path, ".hidden.md", ".git/a.md", "a/.b.md", ".odd/x.odt", "shown.md")
    assert found(tmp_path) == ["shown.md"]
    assert found(tmp_path / ".git", tmp_path / ".hidden.md") == ["a.md", ".hidden.md"]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """One wrong PATH fails the whole scan, and is named."""
    make(tmp_path, "a.md", "file")
    for missing in (tmp_path / "absent", tmp_path / "file" / "below"):
        with pytest.raises(IngestError, match=f"^{re.escape(str(missing))}: doesn't exist$"):
            scan([tmp_path, missing], supported=supported)


def test_overlapping_paths_list_a_file_once(tmp_path: Path) -> None:
    """A file beneath two PATHs belongs to the first; so does what is skipped."""
    make(tmp_path, "a/b.txt", "a/c/d.txt", "a/c/e.odt")
    result = scan([tmp_path / "a/c/d.txt", tmp_path / "a", tmp_path / "a/c", tmp_path / "a"], supported=supported)
    assert [(file.relative, file.root) for file in result.files] == [
        ("d.txt", tmp_path / "a/c/d.txt"),
        ("b.txt", tmp_path / "a"),
    ]
    assert reasons(result.skipped) == [("c/e.odt", ".odt files are not supported")]


def test_what_one_path_excludes_another_may_take(tmp_path: Path) -> None:
    """Globs are relative to each PATH: a folder left out beneath one is still read when it is a PATH itself."""
    make(tmp_path, "a/b.txt", "a/c/d.txt")
    assert found(tmp_path / "a", tmp_path / "a/c", exclude=["c/*"]) == ["b.txt", "d.txt"]


@posix_only
def test_links_are_followed_and_a_file_keeps_its_own_place(tmp_path: Path) -> None:
    """Linked files and folders from elsewhere are read under the link's name; those from here in their own place."""
    make(tmp_path, "elsewhere/x.md", "elsewhere/deep/y.md", "docs/v2/a.md", "docs/b.md", "single.md")
    docs = tmp_path / "docs"
    (docs / "0-outside").symlink_to(tmp_path / "elsewhere")
    (docs / "1-again").symlink_to(tmp_path / "elsewhere/deep")
    (docs / "current").symlink_to("v2")
    (docs / "a-link.md").symlink_to("v2/a.md")
    (docs / "one.md").symlink_to("../single.md")
    assert found(docs) == ["0-outside/deep/y.md", "0-outside/x.md", "b.md", "one.md", "v2/a.md"]
    (tmp_path / "link").symlink_to(docs)
    (file,) = scan([tmp_path / "link"], include=["b.md"], supported=supported).files
    assert file.path == tmp_path / "link/b.md"


@posix_only
def test_loops_and_broken_links_are_reported(tmp_path: Path) -> None:
    """Links back to a folder above them, to themselves and to nothing are skipped; the walk ends."""
    make(tmp_path, "docs/a/b.md", "beside.md")
    docs = tmp_path / "docs"
    (docs / "a/up").symlink_to("..")
    (docs / "a/here").symlink_to(".")
    (docs / "beyond").symlink_to("..")
    (docs / "self.md").symlink_to("self.md")
    (docs / "gone.md").symlink_to("nowhere.md")
    (docs / "hidden").symlink_to(".nothing")
    result = scan([docs], exclude=["hidden"], supported=supported)
    assert [file.relative for file in result.files] == ["a/b.md"]
    assert result.failed == ()
    assert reasons(result.skipped) == [
        ("a/here", "symlink loop"),
        ("a/up", "symlink loop"),
        ("beyond", "symlink loop"),
        ("gone.md", "broken symlink"),
        ("self.md", "symlink loop"),
    ]
    with pytest.raises(IngestError, match=r"self\.md: symlink loop$"):
        scan([docs / "self.md"], supported=supported)


@posix_only
def test_a_loop_through_another_folder_ends(tmp_path: Path) -> None:
    """Two folders that link to each other are each walked once."""
    make(tmp_path, "one/a.md", "two/b.md")
    (tmp_path / "one/two").symlink_to(tmp_path / "two")
    (tmp_path / "two/one").symlink_to(tmp_path / "one")
    assert found(tmp_path / "one") == ["a.md", "two/b.md"]


@posix_only
def test_only_regular_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FIFOs, sockets and devices are failures named by kind, never opened: opening a FIFO would wait for ever."""
    make(tmp_path, "a.md")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.md")
    (tmp_path / "null.md").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.md")
        result = scan([tmp_path, tmp_path / "pipe.md"], supported=supported)
        with pytest.raises(IngestError, match=r"^not a regular file \(socket\)$"):
            sha256_file(tmp_path / "socket.md")
    assert [file.relative for file in result.files] == ["a.md"]
    assert reasons(result.failed) == [
        ("null.md", "not a regular file (device)"),
        ("pipe.md", "not a regular file (FIFO)"),
        ("socket.md", "not a regular file (socket)"),
    ]
    assert reasons(scan([tmp_path / "pipe.md"], supported=supported).failed) == [
        ("pipe.md", "not a regular file (FIFO)")
    ]
    for name, kind in (("pipe.md", "FIFO"), ("null.md", "device"), (".", "folder")):
        with pytest.raises(IngestError, match=rf"^not a regular file \({kind}\)$"):
            sha256_file(tmp_path / name)


def test_an_unreadable_folder_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can't be listed is a failure, the PATH itself being "."; everything else is found."""
    make(tmp_path, "a.md", "secret/b.md", "z/c.md")
    list_folder = os.scandir

    def refuse(path: str) -> object:
        if os.fspath(path) in refused:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    refused = [str(tmp_path / "secret")]
    result = scan([tmp_path], supported=supported)
    assert [file.relative for file in result.files] == ["a.md", "z/c.md"]
    assert result.failed == (Unread(tmp_path / "secret", "secret", "permission denied"),)
    refused = [str(tmp_path)]
    assert reasons(scan([tmp_path], supported=supported).failed) == [(".", "permission denied")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_permissions_as_the_system_enforces_them(tmp_path: Path) -> None:
    """A folder and a file without permission to read are told so."""
    make(tmp_path, "folder/a.md", "b.md")
    (tmp_path / "folder").chmod(0)
    (tmp_path / "b.md").chmod(0)
    try:
        result = scan([tmp_path], supported=supported)
        with pytest.raises(IngestError, match=r"^permission denied$"):
            sha256_file(tmp_path / "b.md")
    finally:
        (tmp_path / "folder").chmod(0o700)
    assert reasons(result.failed) == [("folder", "permission denied")]


@posix_only
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Undecodable bytes are U+FFFD in the relative path, and themselves in the URI, where two names stay two."""
    for name in (b"a\xff.md", b"a\xfe.md"):
        try:
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"")
        except OSError:
            pytest.skip("this file system takes only UTF-8 names")
    files = scan([tmp_path], supported=supported).files
    assert [file.relative for file in files] == ["a\ufffd.md", "a\ufffd.md"]
    assert [file.uri for file in files] == [f"{tmp_path.as_uri()}/a%FE.md", f"{tmp_path.as_uri()}/a%FF.md"]


def test_a_very_deep_folder_is_walked(tmp_path: Path) -> None:
    """Depth is no matter of Python's stack."""
    deep = "/".join("d" for _ in range(1200))
    for depth in range(1, 1201):
        (tmp_path / deep[: 2 * depth - 1]).mkdir()
    make(tmp_path, "a.md", f"{deep}/b.md")
    try:
        assert found(tmp_path) == ["a.md", f"{deep}/b.md"]
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # pytest's own cleaning up recurses


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["*.md"], [], ["a.md", "docs/b.md", "docs/drafts/c.md", "drafts/x/d.md"]),
        (["*.MD"], [], []),
        ([], ["*.md"], ["docs/e.txt"]),
        (["docs/*.md"], [], ["docs/b.md"]),
        (["docs/*"], [], ["docs/b.md", "docs/drafts/c.md", "docs/e.txt"]),
        (["docs/"], [], ["docs/b.md", "docs/drafts/c.md", "docs/e.txt"]),
        (["docs/**"], ["*.txt"], ["docs/b.md", "docs/drafts/c.md"]),
        (["**/drafts/**"], [], ["docs/drafts/c.md", "drafts/x/d.md"]),
        (["docs/**/*.md"], [], ["docs/b.md", "docs/drafts/c.md"]),
        (["/a.md", "./docs/e.txt"], [], ["a.md", "docs/e.txt"]),
        (["/*.md"], [], ["a.md"]),
        ([], ["drafts/*"], ["a.md", "docs/b.md", "docs/drafts/c.md", "docs/e.txt"]),
        ([], ["drafts"], ["a.md", "docs/b.md", "docs/e.txt"]),
        (["drafts"], [], []),
        (["[ab].md", "?.txt"], [], ["a.md", "docs/b.md", "docs/e.txt"]),
        (["[!a].md"], ["**/c.md"], ["docs/b.md", "drafts/x/d.md"]),
    ],
)
def test_globs_choose_files(tmp_path: Path, include: list[str], exclude: list[str], expected: list[str]) -> None:
    """Without a slash: the name. With one: the relative path, or a folder above. What is excluded isn't reported."""
    make(tmp_path, "a.md", "docs/b.md", "docs/e.txt", "docs/drafts/c.md", "drafts/x/d.md")
    assert found(tmp_path, include=include, exclude=exclude) == expected


def test_excluded_files_are_reported_nowhere(tmp_path: Path) -> None:
    """A file that the globs leave out is neither skipped nor failed, whatever it is; nor is a PATH that is a file."""
    make(tmp_path, "a.md", "b.odt", "c/d.odt")
    (tmp_path / "c/broken").symlink_to("nowhere")
    assert found(tmp_path, tmp_path / "b.odt", exclude=["*.odt", "broken"]) == ["a.md"]
    assert found(tmp_path, tmp_path / "b.odt", include=["*.md"]) == ["a.md"]


@pytest.mark.parametrize("glob", ["", "/", "./"])
def test_an_empty_glob_is_refused(tmp_path: Path, glob: str) -> None:
    """A glob that can't match anything is a mistake, not an empty result."""
    with pytest.raises(ConfigError, match="names nothing"):
        scan([tmp_path], include=[glob], supported=supported)


def as_regex(glob: str) -> str:
    """The oracle: a glob with a slash as one regular expression, over "/" before each part of the path."""
    parts = [part for part in glob.split("/") if part]
    if parts[-1] == "**":
        parts.append("*")
    out = ""
    for part in parts:
        out += "(/[^/]+)*" if part == "**" else "/" + part.replace("*", "[^/]*").replace("?", "[^/]")
    return out + "(/.*)?"


@given(
    st.lists(st.sampled_from(["**", "*", "a", "?b", "a*", "*b*", "ab"]), min_size=1, max_size=5).map("/".join),
    st.lists(st.sampled_from(["a", "b", "ab", "aab", "c"]), min_size=1, max_size=6).map("/".join),
)
@example("a/**", "a")
@example("**/a", "a")
@example("**/**", "a")
def test_globs_against_an_oracle(glob: str, path: str) -> None:
    """A glob with a slash takes exactly the paths that its regular expression matches, as include and as exclude."""
    expected = re.fullmatch(as_regex("/" + glob), "/" + path) is not None
    assert Globs(["/" + glob], []).take_file(path) is expected
    assert Globs([], ["/" + glob]).take_file(path) is not expected


def test_sha256_and_size(tmp_path: Path) -> None:
    """The digest and the size are those of the bytes, also beyond one piece, and for an empty file."""
    content = os.urandom(2_500_000)
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(b"")
    assert sha256_file(tmp_path / "a") == (hashlib.sha256(content).hexdigest(), 2_500_000)
    assert sha256_file(tmp_path / "b") == ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0)


def test_hashing_says_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that vanished, that is forbidden, or whose disk fails, is an IngestError with the reason alone."""
    with pytest.raises(IngestError, match=r"^vanished while reading$"):
        sha256_file(tmp_path / "gone")
    make(tmp_path, "a")
    for number, reason in ((errno.EACCES, "permission denied"), (errno.EIO, "can't be read: disk")):

        def fail(descriptor: int, size: int, number: int = number) -> bytes:
            raise OSError(number, "disk")

        with monkeypatch.context() as patch:
            patch.setattr(os, "read", fail)
            with pytest.raises(IngestError, match=f"^{re.escape(reason)}$"):
                sha256_file(tmp_path / "a")
