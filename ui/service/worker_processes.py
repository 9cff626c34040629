"""Serves by several processes that answer at one address, the first of which writes; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.ui.service.listening import STOP_SECONDS, STOPPING
from passagework.ui.service.request_metrics import SHARED_COUNTS
from passagework.ui.service.serving_process import ServeOptions, serve_until_stopped
from passagework.ui.service.shared_folder import held_folder, shared_folder

NOTICED_WITHIN = 0.5
"""Seconds until a signal is noticed between two looks at the processes."""

REPLACED_AFTER = 1.0
"""Seconds until a process that died is replaced: one that dies at once must not take all cores."""

WRITER, COUNTS, RATES = "writer.sock", "counts", "rates"
"""What processes share, by its name in their folder: where the writer listens, and what they count."""

_spawning = multiprocessing.get_context("spawn")  # threads and models of a parent don't survive a fork


@dataclass(frozen=True, slots=True)
class _Worker:
    """Is a process, and what it tells once: that it answers (None), or why it can't."""

    process: SpawnProcess
    told: Connection

    def answer(self) -> str | None:
        """Waits for what it tells, and returns it; one that ended without a word is told of as well."""
        wait([self.told, self.process.sentinel])
        try:
            told: str | None = self.told.recv()
        except EOFError:
            return f"a worker ended with {self.process.exitcode} before it answered"
        return told


class ServiceProcesses:
    """Holds the processes; `options` say what they serve, at `listening`, and what they share is in `folder`."""

    def __init__(self, options: ServeOptions, listening: socket.socket, *, count: int, folder: Path) -> None:
        self._options = options
        self._listening = listening
        self._count = count
        self._folder = folder
        self._alive, self._lifeline = _spawning.Pipe(duplex=False)  # its end tells them that this process is gone
        self._workers: dict[int, _Worker] = {}

    def start(self) -> None:
        """Starts the writer, then the others together; raises PassageworkError where one can't serve."""
        self._begin(0)
        self._await(0)
        for number in range(1, self._count):
            self._begin(number)
        for number in range(1, self._count):
            self._await(number)

    def replace_the_dead(self, stopped: Callable[[], bool], note: Callable[[str], None]) -> None:
        """Begins anew whichever process ends, until `stopped`; `note` gets a line on each."""
        while not stopped():
            wait([worker.process.sentinel for worker in self._workers.values()], timeout=NOTICED_WITHIN)
            dead = [number for number, worker in self._workers.items() if not worker.process.is_alive()]
            for number in dead:
                if stopped():
                    return
                note(f"worker {number} ended with {self._workers[number].process.exitcode}, and is replaced")
                time.sleep(REPLACED_AFTER)
                self._begin(number)

    def stop(self) -> None:
        """Has all of them end what runs, and waits for it."""
        processes = [worker.process for worker in self._workers.values()]
        for process in processes:
            process.terminate()
        until = time.monotonic() + STOP_SECONDS + 5
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()

    def _begin(self, number: int) -> None:
        told, tell = _spawning.Pipe(duplex=False)
        arguments = (self._options, self._listening, self._folder, number == 0, tell, self._alive)
        process = _spawning.Process(target=_serve, args=arguments, name=f"passagework-{number}")
        process.start()
        tell.close()
        self._workers[number] = _Worker(process, told)

    def _await(self, number: int) -> None:
        if (problem := self._workers[number].answer()) is not None:
            raise PassageworkError(problem)


def serve_by(
    count: int,
    options: ServeOptions,
    listening: socket.socket,
    *,
    started: Callable[[], None],
    note: Callable[[str], None],
) -> bool:
    """Serves by so many processes until SIGINT or SIGTERM; returns whether it was SIGINT.

    `started` is called when all answer; `note` gets a line on each that ended. Raises ConfigError where the system
    can't share a socket so, PassageworkError where they can't begin.
    """
    if not hasattr(socket, "AF_UNIX") or sys.platform == "win32":
        raise ConfigError("--workers needs Unix sockets: serve by one process here")
    received: list[int] = []
    before = {number: signal.signal(number, lambda got, _: received.append(got)) for number in STOPPING}
    try:
        with shared_folder() as folder, _shared_counts(folder / COUNTS):
            (folder / RATES).mkdir()
            processes = ServiceProcesses(options, listening, count=count, folder=folder)
            try:
                processes.start()
                started()
                processes.replace_the_dead(lambda: bool(received), note)
            finally:
                processes.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return signal.SIGINT in received


@contextmanager
def _shared_counts(folder: Path) -> Iterator[None]:
    """Has the processes that are started within count together."""
    folder.mkdir()
    os.environ[SHARED_COUNTS] = str(folder)
    try:
        yield
    finally:
        del os.environ[SHARED_COUNTS]


def _serve(
    options: ServeOptions, listening: socket.socket, folder: Path, writes: bool, tell: Connection, alive: Connection
) -> None:
    """Runs in a process of its own, until it is asked to stop or the one that started it is gone."""
    os.setsid()  # Ctrl-C in a terminal is for the process that started this one, which asks it to stop
    threading.Thread(target=_stop_when_alone, args=(alive,), daemon=True).start()
    sockets, writer = [listening], folder / WRITER
    if writes:
        writer.unlink(missing_ok=True)
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].bind(str(writer))
    try:
        with held_folder(folder):
            serve_until_stopped(
                options,
                sockets,
                started=lambda: tell.send(None),
                writer=None if writes else writer,
                rates=folder / RATES,
            )
    except PassageworkError as error:
        tell.send(str(error))
        sys.exit(1)


def _stop_when_alone(alive: Connection) -> None:
    alive.poll(None)  # nothing is ever sent: it ends with the process that holds the other end
    os.kill(os.getpid(), signal.SIGTERM)
