"""Drives one parser process from its parent: start, ask, listen, and end it whatever state it is in."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from passagework.ingest.confinement.child_process import child_command, child_environment
from passagework.ingest.loaders.base import LoadOptions
from passagework.ingest.workers.messages import MESSAGE_LIMIT, from_json, request_to_json, to_json
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

START_SECONDS = 60.0
"""How long a parser may take to start: the imports of every loader, on a busy laptop."""
COMPUTING_SECONDS = 600.0
COMPUTING_BYTES = 1 << 20
"""A file may be computed on for so long, and a second more for so many of its bytes."""


class ParserProcess:
    """A child that loads one file after another. One thread talks to it; any thread may `kill` it.

    Started by a plain `subprocess`, never by fork or multiprocessing, so it works under notebooks, Streamlit and
    scripts without a main guard, and holds nothing of the parent's memory. Raises IngestError where it can't start.
    """

    def __init__(
        self,
        loader: str,
        memory_limit: int,
        *,
        model_memory: int = 0,
        readable: Sequence[Path] = (),
        confine: bool = True,
    ) -> None:
        self.files = 0
        self.confined = ""  # how, as it says itself once it is ready
        self._lock = threading.Lock()
        self._killed = False
        self._deadline: float | None = None
        self._late = 0
        self._given, theirs = _descriptor_channel()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
                child_command("passagework.ingest.workers.child"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=1 << 20,
                env=child_environment(),
                pass_fds=() if theirs is None else (theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is the parent's to handle; and its own children can be killed with it
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same of Ctrl-C on Windows
            )
        except OSError as error:
            if self._given is not None:
                self._given.close()
            raise IngestError(f"parser processes can't start: {error}") from error
        finally:
            files = None if theirs is None else theirs.fileno()
            if theirs is not None:
                theirs.close()
        self._inlet, self._outlet = _pipes(self._process)
        self._start = {
            "loader": loader,
            "memory_limit": memory_limit,
            "model_memory": model_memory,
            "readable": [os.fspath(path) for path in readable],
            "parent": os.getpid(),
            "confine": confine,
            "files": files,
        }

    def wait_ready(self) -> None:
        """Returns once it can take a request. Raises IngestError where it never will."""
        self._send(self._start)
        try:
            message, _ = self.receive(START_SECONDS)
        except IngestError as error:
            raise IngestError(f"parser processes can't start: {error}") from error
        if message.get("kind") != "ready":
            raise IngestError(one_line(f"parser processes can't start: {message.get('reason')}"))
        self.confined = str(message.get("confined"))

    def request(self, path: Path, options: LoadOptions) -> int:
        """Asks for a file, which goes along opened; returns its size in bytes, 0 if unknown. `receive` gets the answer.

        What can't be opened here is asked for all the same: the parser says why.
        """
        self.files += 1
        message = request_to_json(path, options)
        descriptor = None if self._given is None else _open_regular(path)
        if descriptor is None or self._given is None:
            self._send({**message, "given": False, "seconds": COMPUTING_SECONDS})
            return 0
        try:
            size = os.fstat(descriptor).st_size
            self._send({**message, "given": True, "seconds": COMPUTING_SECONDS + size / COMPUTING_BYTES})
            with contextlib.suppress(OSError):  # it died meanwhile: `receive` says so
                socket.send_fds(self._given, [b"f"], [descriptor])
        finally:
            os.close(descriptor)
        return size

    def receive(self, timeout: float) -> tuple[dict[str, Any], int]:
        """Returns the next message and its length in bytes; raises IngestError if the process died or was too late."""
        with self._lock:
            self._deadline, self._late = time.monotonic() + timeout, 0
        line = self._outlet.readline(MESSAGE_LIMIT + 1)
        with self._lock:
            self._deadline = None
        if self._late > 1:
            raise IngestError(f"took longer than {timeout:g} s to read: stopped")
        if not line.endswith(b"\n"):
            raise IngestError("the parser's answer is too long" if line else f"the parser died ({self._exit()})")
        try:
            return from_json(line), len(line)
        except RecursionError as error:
            raise IngestError("nested too deep") from error
        except ValueError as error:
            raise IngestError(one_line(f"the parser's answer is broken: {error}")) from error

    def stop_if_late(self) -> None:
        """Kills it if a message is overdue, the second time this is asked: after a pause of the whole machine or a
        Ctrl-Z, deadlines are over at once, and the thread that listens needs a moment to find the answer."""
        with self._lock:
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._late += 1
                if self._late > 1:
                    self._kill()

    @property
    def usable(self) -> bool:
        """Tells whether it can be asked for another file."""
        with self._lock:
            return not self._killed and self._process.poll() is None

    def kill(self) -> None:
        """Ends it at once, and whatever it started."""
        with self._lock:
            self._kill()

    def close(self) -> None:
        """Ends it and waits until nothing of it is left."""
        self._exit()
        with contextlib.suppress(OSError):  # an unsent request
            self._inlet.close()
        self._outlet.close()
        if self._given is not None:
            self._given.close()

    def _kill(self) -> None:
        if self._killed or self._process.returncode is not None:
            return  # once it has been waited for, its number may be another process's
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: a group of the dead
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _exit(self) -> str:
        """Makes sure that it is dead; says how it died. A kill doesn't change what it was already dying of."""
        self.kill()
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # the kernel waits for a disk or a network
            return "it can't be stopped"
        if code >= 0:
            return f"exit code {code}"
        return f"signal {-code}, {(signal.strsignal(-code) or 'unknown').lower()}"

    def _send(self, message: object) -> None:
        # Where it died meanwhile, `receive` says so.
        with contextlib.suppress(OSError):
            self._inlet.write(to_json(message) + b"\n")
            self._inlet.flush()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    if process.stdin is None or process.stdout is None:
        raise IngestError("parser processes can't start: no pipes")
    return process.stdin, process.stdout  # type: ignore[return-value] # typed IO[bytes], buffered by bufsize


def _descriptor_channel() -> tuple[socket.socket | None, socket.socket | None]:
    """Returns both ends of the socket that open files travel by; none on Windows, which can't pass them."""
    return socket.socketpair() if hasattr(socket, "send_fds") and sys.platform != "win32" else (None, None)


def _open_regular(path: Path) -> int | None:
    """Returns a descriptor of a regular file that can be read, else None; never waits for a pipe's writer."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
