"""What a parser can do that a hostile document took over: nothing but read its file and answer."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from passagework.ingest.confinement import Confinement, available_confinement, interpreter_files, landlock, seccomp
from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.workers import LoadRequest, ParserPool, descriptor_path, pool, process
from passagework.ingest.workers.process import ParserProcess
from passagework.retrieval.errors import IngestError, PassageworkError
from passagework.retrieval.types import Document
from passagework.ui.sources.page_drawing import draw_page
from tests.support.attacking_loaders import CALLS, PORT, SIBLING

pytestmark = pytest.mark.faults

HERE = available_confinement()
LOADER = "tests.support.attacking_loaders:load"
needs_seccomp = pytest.mark.skipif("seccomp" not in HERE.value, reason="this system has no seccomp filters")
needs_landlock = pytest.mark.skipif("landlock" not in HERE.value, reason="this kernel has no Landlock")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are Linux's")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with somebody else's secret in it, and a port where somebody listens, told in LANG."""
    (tmp_path / SIBLING).write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("LANG", f"C.UTF-8@{server.getsockname()[1]}")
        monkeypatch.setenv("API_KEY", PORT)
        yield tmp_path


def outcome(folder: Path, attack: str, *, confine: bool = True) -> str:
    """What became of an attack."""
    return outcomes(folder, [attack], confine=confine)[attack]


def outcomes(folder: Path, attacks: list[str], *, confine: bool = True) -> dict[str, str]:
    """The same of many, by one parser."""
    for attack in attacks:
        (folder / f"{attack}.txt").write_text("abcdef")
    found = {}
    with ParserPool(1, timeout=30, memory_limit=1 << 30, loader=LOADER, confine=confine) as parsers:
        for loaded in parsers.load_all(LoadRequest(folder / f"{attack}.txt") for attack in attacks):
            (item,) = loaded.items
            assert isinstance(item, Document)
            found[loaded.request.path.stem] = item.text
    return found


REFUSED_BY_CALL = {
    **dict.fromkeys(["socket", "unix-socket", "connect-out", "send-descriptor"], "PermissionError: EPERM"),
    **dict.fromkeys(["new-file", "temporary", "overwrite", "truncate", "delete"], "PermissionError: EPERM"),
    **dict.fromkeys(["rename", "link", "folder", "mode", "time"], "PermissionError: EPERM"),
    **dict.fromkeys(["program", "fork", "replaced", "signal-parent", "signal-group"], "PermissionError: EPERM"),
}
REFUSED_BY_PATH = dict.fromkeys(["passwd", "sibling", "itself", "parent-memory", "list"], "PermissionError: EACCES")
DESTRUCTIVE = ("delete", "rename", "truncate", "link", "folder", "replaced")


@needs_seccomp
def test_no_network_no_writing_no_programs_no_signals(folder: Path) -> None:
    """Sockets, new and changed files, processes and signals are refused; nothing beside the file has changed."""
    names = [*REFUSED_BY_CALL, "resolve"]
    found = outcomes(folder, names)
    assert found.pop("resolve").startswith("gaierror")
    assert found == REFUSED_BY_CALL
    assert sorted(path.name for path in folder.iterdir()) == sorted([SIBLING, *(f"{name}.txt" for name in names)])
    assert (folder / SIBLING).read_text() == "secret"


@needs_landlock
def test_a_parser_reads_no_file_but_its_own(folder: Path) -> None:
    """Neither /etc/passwd nor the file beside it, nor its folder's names, nor its parent's memory, nor by a thread."""
    assert outcomes(folder, [*REFUSED_BY_PATH, "thread-reads"]) == {
        **REFUSED_BY_PATH,
        "thread-reads": "PermissionError",
    }


@needs_linux
def test_the_attacks_succeed_where_nothing_confines(folder: Path) -> None:
    """The tests above would fail without confinement: unconfined, the same attacks do what they are after."""
    harmless = [name for name in (*REFUSED_BY_CALL, *REFUSED_BY_PATH, "resolve") if name not in DESTRUCTIVE]
    try:
        found = outcomes(folder, harmless, confine=False)
    finally:
        Path("/tmp/passagework-attack").unlink(missing_ok=True)
    assert found == dict.fromkeys(harmless, "done")
    for attack in ("truncate", "link", "folder", "rename"):
        assert outcome(folder, attack, confine=False) == "done"
    assert not (folder / SIBLING).exists()


@needs_seccomp
@pytest.mark.parametrize("name", CALLS)
def test_calls_are_refused_by_number(folder: Path, name: str) -> None:
    """The kernel refuses the call before it looks at its arguments; unconfined it says that they make no sense."""
    assert outcome(folder, name) == "EPERM"
    assert outcome(folder, name, confine=False) != "EPERM"


def test_a_parser_can_do_its_work(folder: Path) -> None:
    """It reads its file by several openings at once, imports what it needs, starts threads."""
    assert outcomes(folder, ["own-file", "imports", "thread"]) == {
        "own-file": "b'def' b'abcdef' b'abcdef' 'abcdef' 6",
        "imports": "colorsys sqlite3",
        "thread": "done",
    }


def test_the_painter_of_pages_gets_no_more_of_the_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """It reads strangers' files as parsers do, and starts the same way."""
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    given: list[dict[str, str]] = []

    def note(command: list[str], *, env: dict[str, str], **_: object) -> None:
        given.append(env)
        raise OSError("not this time")

    monkeypatch.setattr(subprocess, "run", note)
    (folder / "a.pdf").write_bytes(b"%PDF-1.4")
    with pytest.raises(PassageworkError, match="not this time"):
        draw_page(folder / "a.pdf", "", number=1, text="", start=0, end=0)
    assert given[0]["PATH"] == os.environ["PATH"]
    assert "SECRET_KEY" not in given[0]


@needs_linux
def test_the_environment_stays_outside(folder: Path) -> None:
    """Keys and passwords of the environment are nothing for a parser."""
    known = outcome(folder, "environment").split()
    assert "LANG" in known
    assert "API_KEY" not in known


def test_status_tells_what_a_parser_tells(folder: Path) -> None:
    """What is said without locking anything is what a confined parser says of itself."""
    parser = ParserProcess(LOADER, 1 << 30)
    try:
        parser.wait_ready()
        assert parser.confined == HERE.value
    finally:
        parser.close()


@needs_linux
@pytest.mark.parametrize(
    ("without", "left"),
    [
        ({landlock: False}, Confinement.SECCOMP),
        ({seccomp: False}, Confinement.LANDLOCK),
        ({landlock: False, seccomp: False}, Confinement.LIMITS),
    ],
)
def test_what_the_system_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, without: dict[object, bool], left: Confinement
) -> None:
    """An older kernel, or a container that forbids one of both, has a word of its own; on macOS limits are all."""
    for module in (landlock, seccomp):
        monkeypatch.setattr(module, "available", lambda held=module not in without: held)
    assert available_confinement() is left
    monkeypatch.setattr(sys, "platform", "darwin")
    assert available_confinement() is Confinement.LIMITS


@needs_seccomp
def test_seccomp_alone_forbids_all_but_reading(tmp_path: Path) -> None:
    """Where Landlock is missing, there is still no network, no writing and no program."""
    code = (
        "import os, socket, subprocess\n"
        "from passagework.ingest.confinement import landlock, confine\n"
        "landlock.restrict = lambda paths: False\n"
        "print(confine().value)\n"
        "for attack in (socket.socket, os.fork, lambda: open('new', 'w'), lambda: subprocess.run(['true']),\n"
        "               lambda: os.kill(os.getppid(), 9)):\n"
        "    try:\n        attack()\n        print('done')\n"
        "    except OSError as error:\n        print(error.errno)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["seccomp", *[str(errno.EPERM)] * 5]


@needs_landlock
def test_every_version_of_landlock_is_asked_as_it_can_answer() -> None:
    """A kernel of an older version takes a shorter structure with fewer rights: each up to this one's is accepted."""
    for version in range(1, landlock.abi() + 1):
        ruleset = landlock._new_ruleset(version)
        assert ruleset >= 0
        os.close(ruleset)
    assert landlock._new_ruleset(0) == -1


def decision(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the kernel's interpreter makes of a filter: 0 for let through, else the error."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *(one & (1 << 64) - 1 for one in (*arguments, *[0] * 6)[:6]))
    steps = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    at = word = 0
    while True:
        operation, if_true, if_false, value = steps[at]
        at += 1
        if operation == 0x20:
            (word,) = struct.unpack_from("=I", data, value)
        elif operation == 0x06:
            return 0 if value == 0x7FFF0000 else value & 0xFFFF
        else:
            test = {0x15: word == value, 0x35: word >= value, 0x45: bool(word & value)}[operation]
            at += if_true if test else if_false


X86, ARM = 0xC000003E, 0xC00000B7


@pytest.mark.parametrize(("audit", "column", "arch"), [(X86, 0, "x86-64"), (ARM, 1, "ARM")])
def test_the_filter_decides_the_same_on_both_architectures(audit: int, column: int, arch: str) -> None:
    """Each refused call by its own number; threads, reading and its own signals let through; foreign calls refused."""
    code = seccomp.program(audit, column, 4711)
    for table, expected in ((seccomp._REFUSED, errno.EPERM), (seccomp._ABSENT, errno.ENOSYS)):
        for name, numbers in table.items():
            number = numbers[column]
            if number is not None:
                assert decision(code, audit, number) == expected, (arch, name)
    clone, openat, kill, tgkill, prlimit = ((56, 257, 62, 234, 302), (220, 56, 129, 131, 261))[column]
    assert decision(code, audit, clone, 0x3D0F00) == 0  # as the C library starts threads
    assert decision(code, audit, clone, 17) == errno.EPERM  # as it forks
    assert decision(code, audit, openat, 0, 0, os.O_RDONLY | 0o2000000) == 0
    assert [decision(code, audit, openat, 0, 0, flags) for flags in (1, 2, 0o100, 0o1000)] == [errno.EPERM] * 4
    for number in (kill, tgkill):
        assert decision(code, audit, number, 4711) == 0
        assert [decision(code, audit, number, pid) for pid in (1, 0, -1, -4711)] == [errno.EPERM] * 4
    assert decision(code, audit, prlimit, 0) == 0
    assert decision(code, audit, prlimit, 1) == errno.EPERM
    assert decision(code, X86 if audit == ARM else ARM, 0) == errno.EPERM
    assert decision(code, 0x40000003, 0) == errno.EPERM  # 32-bit x86
    for number in ((0, 1, 9, 202, 231, 318), (63, 64, 222, 98, 94, 278))[column]:  # read write mmap futex exit random
        assert decision(code, audit, number) == 0
    if column == 0:
        assert decision(code, audit, 0x40000000 | 39) == errno.EPERM  # x32


@pytest.mark.parametrize(
    ("header", "column", "prefix"),
    [
        ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 0, ("__NR_",)),
        ("/usr/include/asm-generic/unistd.h", 1, ("__NR_", "__NR3264_")),
    ],
)
def test_the_numbers_are_the_kernels(header: str, column: int, prefix: tuple[str, ...]) -> None:
    """Every name has the number that the kernel's own headers give it, as far as the headers know it."""
    if not Path(header).exists():
        pytest.skip("the kernel's headers aren't installed here")
    known = {}
    for line in Path(header).read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[2].isdecimal():
            known.update({words[1].removeprefix(one): int(words[2]) for one in prefix if words[1].startswith(one)})
    for table in (seccomp._REFUSED, seccomp._ABSENT):
        for name, numbers in table.items():
            if name in known:
                assert numbers[column] == known[name], name
            else:
                assert (numbers[column] or 448) >= 448, name  # newer than the headers


def test_no_home_is_let_in_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PYTHONPATH may name where libraries lie, but the home, what it lies in, and relative entries stay outside."""
    home, libraries = tmp_path / "home", tmp_path / "libraries"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(libraries), str(home), str(tmp_path), "/", ".", ""]))
    monkeypatch.setattr(sys, "path", ["", str(home), str(home / "lib" / "site-packages")])
    paths = list(interpreter_files.readable_paths())
    assert libraries in paths
    assert home / "lib" / "site-packages" in paths
    assert not {home, tmp_path, Path("/"), Path(), Path.cwd()} & set(paths)


@needs_linux
def test_a_parser_that_computes_for_ever_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sends something now and then, and so is never silent for long, has a limit of computing time."""
    monkeypatch.setattr(process, "COMPUTING_SECONDS", 1.0)
    with ParserPool(
        1, timeout=60, memory_limit=1 << 30, ahead_limit=1 << 40, loader="tests.support.fake_loaders:load"
    ) as one:
        files = one.load_all([LoadRequest(Path("/nowhere/records 100000000"))])
        loaded = next(files)
        with pytest.raises(IngestError, match=r"^the parser died \(signal 24, cpu time limit exceeded\)$"):
            for _ in loaded.items:
                pass


def test_a_text_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document whose text explodes, and a file that never stops yielding, end at a limit, with the reason."""
    monkeypatch.setattr(pool, "TEXT_LIMIT", 2_000_000)
    monkeypatch.setattr(pool, "OUTPUT_LIMIT", 8 << 20)
    expected = {
        "text 1900000": 1,
        "text 4000000": "a document of more than 2,000,000 characters: refused",
        "records 1000000": "expands to more than 8 MiB: refused",
        "text 3": 1,
    }
    with ParserPool(1, timeout=60, memory_limit=1 << 30, loader="tests.support.fake_loaders:load") as parsers:
        for loaded in parsers.load_all(LoadRequest(Path("/nowhere") / name) for name in expected):
            want = expected[loaded.request.path.name]
            if isinstance(want, int):
                assert sum(1 for _ in loaded.items) == want
            else:
                with pytest.raises(IngestError, match=f"^{want}$"):
                    for _ in loaded.items:
                        pass


def test_a_given_file_is_read_and_never_written(tmp_path: Path) -> None:
    """Opened for reading it reads what was opened, wherever the path leads meanwhile; writing is refused."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo")
    with path.open("rb") as file:
        given = descriptor_path.DescriptorPath.of(path, file.fileno())
        path.unlink()
        assert given.read_bytes() == b"one\r\ntwo"
        assert given.read_text() == "one\ntwo"
        with given.open("rb") as again:
            assert (again.seek(-3, os.SEEK_END), again.read(1), again.tell()) == (5, b"t", 6)
            with pytest.raises(OSError, match="Invalid argument"):
                again.seek(-1)
        with pytest.raises(PermissionError):
            given.open("ab")
        assert (given.suffix, given.name, str(given)) == (".txt", "a.txt", str(path))
        with pytest.raises(FileNotFoundError):
            given.with_name("b.txt").open("rb")


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe without a writer, a folder and a file that isn't there are said to be so, promptly."""
    names = {"folder.txt": "not a regular file", "absent.txt": "vanished while reading"}
    (tmp_path / "folder.txt").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        names["pipe.txt"] = "not a regular file"
    with ParserPool(1, timeout=30) as parsers:
        for loaded in parsers.load_all(LoadRequest(tmp_path / name, LoadOptions()) for name in names):
            with pytest.raises(IngestError, match=f"(?i){names[loaded.request.path.name]}"):
                list(loaded.items)
