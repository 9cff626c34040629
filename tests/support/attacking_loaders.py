"""A loader that does what a hostile document would have a parser do: read, write, send, run, and reach for its parent.

What it tries is its file's name: `socket.txt` opens a socket. It yields how that went: `done`, or the error's name.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.retrieval.types import Document

SIBLING = "sibling.secret"
PORT = "port"
"""Beside the file: somebody else's secret, and the port where somebody listens, in a name so that it can be known."""


def load(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """Tries what the file's name says."""
    attack = ATTACKS.get(path.stem)
    try:
        said = attack(path) if attack else call(path.stem)
    except OSError as error:
        said = f"{type(error).__name__}: {errno.errorcode.get(error.errno or 0, error.errno)}"
    yield Document(text=said or "done", media_type="text/plain")


def beside(path: Path, name: str) -> str:
    """A path beside the file, as text: the path that was given opens by its descriptor."""
    return str(Path(str(path)).parent / name)


def _connect(path: Path) -> None:
    port = int(os.environ.get("LANG", "").rpartition("@")[2] or 0)  # the environment is what an attacker knows
    with closing(socket.socket()) as one:
        one.connect(("127.0.0.1", port))


def _send_descriptor(path: Path) -> None:
    one, other = socket.socketpair()
    with closing(one), closing(other):
        socket.send_fds(one, [b"x"], [0])


def _rename(path: str, other: str) -> None:
    Path(path).rename(other)


def _read(path: str) -> str:
    with Path(path).open("rb") as file:
        file.read(16)
    return "done"


def _write(path: str, flags: int) -> None:
    os.close(os.open(path, flags, 0o600))


def _program(path: Path) -> None:
    subprocess.run(["/bin/true"], check=True)


def _fork(path: Path) -> None:
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def _replaced(path: Path) -> None:
    os.execv("/bin/false", ["false"])


def _thread(path: Path) -> str:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append("done"))
    thread.start()
    thread.join()
    return said[0]


def _thread_reads(path: Path) -> str:
    said: list[str] = []

    def read() -> None:
        try:
            said.append(_read("/etc/passwd"))
        except OSError as error:
            said.append(type(error).__name__)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    return said[0]


def _own_file(path: Path) -> str:
    with path.open("rb") as first, path.open("rb") as second:
        first.seek(3)
        return f"{first.read()!r} {second.read()!r} {path.read_bytes()!r} {path.read_text()!r} {path.stat().st_size}"


def _lazy_import(path: Path) -> str:
    import colorsys
    import sqlite3

    return f"{colorsys.__name__} {sqlite3.__name__}"


def _environment(path: Path) -> str:
    return " ".join(sorted(os.environ))


CALLS: dict[str, tuple[tuple[int, int], tuple[int, ...]]] = {
    "ptrace": ((101, 117), (0x4206, -1, 0, 0)),
    "process_vm_readv": ((310, 270), (-1, 0, 0, 0, 0, 0)),
    "io_uring_setup": ((425, 425), (0, 0)),
    "keyctl": ((250, 219), (-1, 0, 0, 0, 0)),
    "unshare": ((272, 97), (1, 0)),
    "userfaultfd": ((323, 282), (-1, 0)),
    "pidfd_open": ((434, 434), (-1, 0)),
    "execveat": ((322, 281), (-1, 0, 0, 0, 0)),
    "sendto": ((44, 206), (-1, 0, 0, 0, 0, 0)),
    "sendmsg": ((46, 211), (-1, 0, 0)),
    "connect": ((42, 203), (-1, 0, 0)),
    "shmget": ((29, 194), (1, 0, 0)),
    "prlimit64": ((302, 261), (-1, 7, 0, 0)),
    "kill": ((62, 129), (-2, 0)),
}
"""Calls by number, on x86-64 and on ARM, with arguments that make no sense: unconfined, the kernel says so."""


def call(name: str) -> str:
    """Makes a call of CALLS; the error that the kernel answers."""
    numbers, arguments = CALLS[name]
    libc = ctypes.CDLL(None, use_errno=True)
    number = numbers[0 if platform.machine() == "x86_64" else 1]
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        return errno.errorcode[ctypes.get_errno()]
    return "done"


ATTACKS: dict[str, Callable[[Path], str | None]] = {
    # the network
    "socket": lambda _: socket.socket().close(),
    "unix-socket": lambda _: socket.socket(getattr(socket, "AF_UNIX", 1)).close(),
    "connect-out": _connect,
    "resolve": lambda _: str(socket.getaddrinfo("localhost", 80)) and None,
    "send-descriptor": _send_descriptor,
    # what isn't its file
    "passwd": lambda _: _read("/etc/passwd"),
    "sibling": lambda path: _read(beside(path, SIBLING)),
    "itself": lambda path: _read(str(path)),
    "parent-memory": lambda _: _read(f"/proc/{os.getppid()}/environ"),
    "list": lambda path: str(list(Path(beside(path, ".")).iterdir())) and None,
    "thread-reads": _thread_reads,
    # writing
    "new-file": lambda path: _write(beside(path, "new"), os.O_WRONLY | os.O_CREAT),
    "temporary": lambda _: _write("/tmp/passagework-attack", os.O_RDWR | os.O_CREAT),
    "overwrite": lambda path: _write(str(path), os.O_RDWR),
    "truncate": lambda path: os.truncate(beside(path, SIBLING), 0),
    "delete": lambda path: Path(beside(path, SIBLING)).unlink(),
    "rename": lambda path: _rename(beside(path, SIBLING), beside(path, "other")),
    "link": lambda path: Path(beside(path, "linked")).symlink_to(SIBLING),
    "folder": lambda path: Path(beside(path, "made")).mkdir(),
    "mode": lambda path: Path(beside(path, SIBLING)).chmod(0o777),
    "time": lambda path: os.utime(beside(path, SIBLING), (0, 0)),
    # programs and processes
    "program": _program,
    "fork": _fork,
    "replaced": _replaced,
    "signal-parent": lambda _: os.kill(os.getppid(), 0),
    "signal-group": lambda _: os.killpg(os.getpgid(os.getppid()), 0),
    # what a parser does, and still can
    "own-file": _own_file,
    "imports": _lazy_import,
    "thread": _thread,
    "environment": _environment,
}

if sys.platform == "win32":
    ATTACKS.clear()
