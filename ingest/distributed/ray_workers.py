"""Workers as actors of Ray: units are handed to whoever is free, and once more where a worker died over one.

Ray's actors alone are used, not Ray Data: what a unit gives lies in the job's folder, and a line about it is all that
travels, so there are no rows to stream; and which units are done is on record there, whatever becomes of the cluster.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from passagework.ingest.distributed.job_folder import Unit
from passagework.ingest.distributed.unit_ingest import ERROR, UnitOptions, UnitWorker
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.extras import missing_extra
from passagework.retrieval.text import counted, one_line
from passagework.retrieval.types import Json

CPUS = 4
"""Processors of a worker, where nothing else is asked for: an encoder gains little of more."""

TRIES = 3
"""How often a unit is begun whose workers die."""

QUIET_SECONDS = 300.0
"""So long may no worker be there."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Says how many workers there are, and how many processors and GPUs each has to itself, parts of one, too."""

    workers: int
    cpus: float
    gpus: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Says where workers run: in a Ray cluster at `address`, or (None) in processes of this machine.

    Each has `cpus` processors and `gpus` GPUs; without `workers` there are as many as find room.
    """

    address: str | None = None
    workers: int | None = None
    cpus: float | None = None
    gpus: float = 0.0

    def shares(self, nodes: Sequence[Mapping[str, float]]) -> Shares:
        """Returns what was asked for, completed by what the machines (their CPU and GPU) have.

        Raises ConfigError where no machine has what a worker is to have.
        """
        if (self.workers or 1) < 1 or self.workers == 0 or (self.cpus or 1) <= 0 or self.cpus == 0 or self.gpus < 0:
            raise ConfigError("give at least one worker, more than 0 CPUs for each, and no fewer GPUs than 0")
        processors = [node.get("CPU", 0.0) for node in nodes]
        cpus = self.cpus
        if cpus is None:
            cpus = min(CPUS, sum(processors) / self.workers if self.workers else CPUS, max(processors))
            cpus = float(int(cpus)) if cpus >= 1 else round(cpus, 2)  # Ray takes parts of one, and whole ones
        rooms = [node.get("CPU", 0.0) / cpus for node in nodes]
        if self.gpus:
            rooms = [min(room, node.get("GPU", 0.0) / self.gpus) for room, node in zip(rooms, nodes, strict=True)]
        room = sum(int(one + 1e-6) for one in rooms)
        if room < 1:
            asked = f"{cpus:g} CPUs" + (f" and {self.gpus:g} GPUs" if self.gpus else "")
            raise ConfigError(f"no machine of the cluster has {asked} for a worker: ask for less")
        return Shares(self.workers or room, cpus, self.gpus)


@contextmanager
def ray_cluster(address: str | None) -> Iterator[Any]:
    """Yields Ray, connected to the cluster at `address`, or to processes of this machine that end with the job.

    What is connected already is used as it is. Raises ConfigError where Ray is missing, StoreError where the cluster
    can't be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")  # on stdout it would print what becomes of its workers
    try:
        ray = import_module("ray")
    except ImportError as error:
        raise missing_extra("fleet", "ray", cause=error) from error
    ours = not ray.is_initialized()
    if ours:
        quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        try:
            if address is None:
                ray.init(address="local", include_dashboard=False, **quiet)
            else:
                ray.init(address=address, **quiet)
        except Exception as error:
            where = "on this machine" if address is None else f"at {address}"
            raise StoreError(one_line(f"Ray {where} can't be reached or started: {error}")) from error
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def nodes_of(ray: Any) -> list[Mapping[str, float]]:
    """Returns what each machine of the cluster has: CPU, GPU and more, by name."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


class RayWorkers:
    """Has actors ingest units; see UnitWorker for what each of them is given."""

    def __init__(
        self, ray: Any, shares: Shares, work: Path, options: UnitOptions, settings: Settings, recordings: bool
    ) -> None:
        actor = ray.remote(UnitWorker).options(num_cpus=shares.cpus, num_gpus=shares.gpus, max_restarts=-1)
        given = {"cpus": shares.cpus, "recordings": recordings}
        self._ray = ray
        self._workers = [actor.remote(work, options, settings, **given) for _ in range(shares.workers)]
        self._facts: dict[str, Json] | None = None

    def run(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, dict[str, Json]]]:
        """Yields each unit with its manifest, as it is done.

        A worker that dies is started again, if there is a machine for it, and its unit goes to whoever is free next.
        Raises StoreError, when the others are done, where workers died over a unit again and again; at once where one
        can't go on, or none is there.
        """
        waiting, tries, given_up = deque(units), Counter[int](), list[Unit]()
        tasks: dict[Any, tuple[Any, Unit | None]] = {one.ready.remote(): (one, None) for one in self._workers}
        heard = time.monotonic()
        while waiting or any(unit is not None for _, unit in tasks.values()):
            done, _ = self._ray.wait(list(tasks), num_returns=1, timeout=5.0)
            if done or any(unit is not None for _, unit in tasks.values()):
                heard = time.monotonic()
            elif time.monotonic() - heard > QUIET_SECONDS:
                raise StoreError("no worker is there any more: what is done is kept, and the same command goes on")
            for task in done:
                worker, unit = tasks.pop(task)
                answer = self._answer(task, unit)
                if answer is None:  # it died: its next answer says that it is back
                    tasks[worker.ready.remote()] = worker, None
                    if unit is not None:
                        tries[unit.number] += 1
                        (given_up if tries[unit.number] >= TRIES else waiting).append(unit)
                    continue
                if unit is None:
                    self._check(answer)
                else:
                    yield unit, answer
                if waiting:
                    following = waiting.popleft()
                    tasks[worker.ingest.remote(following)] = worker, following
        if given_up:
            first = given_up[0].files[0].relative
            raise StoreError(
                one_line(
                    f"workers died {TRIES} times over each of {counted(len(given_up), 'unit')}, the first of which "
                    f"begins with {first}: all else is done and kept; see whether there is memory enough, and run again"
                )
            )

    def end(self) -> None:
        """Ends all workers."""
        for worker in self._workers:
            self._ray.kill(worker)

    def _answer(self, task: Any, unit: Unit | None) -> dict[str, Json] | None:
        """Returns what a worker answered; None where it died. Raises StoreError for what it couldn't do."""
        errors = self._ray.exceptions
        try:
            answer: dict[str, Json] = self._ray.get(task)
        except (errors.RayActorError, errors.OutOfMemoryError, errors.ObjectLostError):
            return None
        except errors.RayTaskError as error:
            answer = {ERROR: f"{type(error.cause).__name__}: {error.cause}"}
        if ERROR in answer:
            over = "" if unit is None else f" over unit {unit.number}"
            raise StoreError(one_line(f"a worker can't go on{over}: {answer[ERROR]}", limit=1_000))
        return answer

    def _check(self, facts: dict[str, Json]) -> None:
        """Raises ConfigError where workers differ in what must be the same of all."""
        self._facts = self._facts or facts
        for name, value in facts.items():
            if self._facts[name] != value:
                raise ConfigError(
                    f"{name} is {self._facts[name]} on one machine and {value} on another: install the same on all"
                )
