"""The job: which files there are, units of them, workers that ingest these, and one collection of what they gave."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from passagework.ingest.distributed.fleet_report import fleet_report
from passagework.ingest.distributed.job_folder import UNIT_BYTES, JobFolder, Unit, cut_into_units
from passagework.ingest.distributed.ray_workers import Cluster, RayWorkers, nodes_of, ray_cluster
from passagework.ingest.distributed.unit_ingest import UnitOptions
from passagework.ingest.given import Given
from passagework.ingest.maintenance.exchange.export_layout import load_arrow
from passagework.ingest.maintenance.exchange.importing import import_shards
from passagework.ingest.path_checks import without_collection
from passagework.ingest.recordings import settled_recordings
from passagework.ingest.report import IngestStage, Progress, Report
from passagework.ingest.scan import FoundFile, Scan
from passagework.ingest.sources.remote_files import RemoteFiles
from passagework.ingest.sync import beneath_widest_root
from passagework.ingest.writing.languages import check_language
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, IngestError, StoreError
from passagework.retrieval.extras import require
from passagework.retrieval.roots import uri_of
from passagework.retrieval.store import ROOTS
from passagework.retrieval.types import Json


def fleet_ingest(
    paths: str | Path | Sequence[str | Path],
    collection: str | Path,
    *,
    work: str | Path | None = None,
    cluster: Cluster | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    no_ignore: bool = False,
    options: UnitOptions | None = None,
    settings: Settings | None = None,
    unit_bytes: int = UNIT_BYTES,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Makes a new collection of files and folders by many workers, equal to what `ingest` makes of them.

    `paths` are folders and files that all machines reach by the same names, or addresses that fsspec knows. `work`
    (default: beside the collection) is a folder that they all reach; it keeps what is done, so a job that was killed
    goes on from there, and is removed when the collection is there. A file that fails costs only itself, and is in the
    report. `progress` is told after each unit of files.
    Raises ConfigError where an extra is missing or a path is none of those, StoreError where something lies at
    `collection`, or a worker can't go on.
    """
    require("fleet")
    load_arrow()
    started = time.monotonic()
    collection, options = Path(collection).absolute(), options or UnitOptions()
    job = JobFolder(Path(work or f"{collection}.work").absolute())
    settings = settings or Settings.from_environment()
    check_language(options.language)
    options.opening(collection, None, settings)  # refuses what is wrong before anything is begun
    if collection.exists() and not (collection.is_dir() and not any(collection.iterdir())):
        raise StoreError(
            f"{collection} is there already: name a new folder, or bring it up to date with `passagework ingest`"
        )
    given = Given(paths, collection)
    try:
        if not all(isinstance(source, RemoteFiles) for source in given.sources):
            raise ConfigError("a fleet reads files, folders and buckets: have repositories and pages read by `ingest`")
        models = options.models(settings)
        found = given.scan(
            include=include, exclude=exclude, supported=models.supported, no_ignore=no_ignore, found=lambda _: None
        )
        outside = without_collection(without_collection(found, collection), job.folder)
        scanned = settled_recordings(outside, models.speech, no_ignore=no_ignore)
        roots = sorted({uri_of(root) for root in given.roots if root.is_dir()})
        scanned = replace(scanned, files=tuple(beneath_widest_root(scanned.files, (), roots)))
        if not scanned.files:
            raise IngestError("there is no file that can be read: nothing was done")
        job.begin({**options.to_json(), "roots": [*given.uris]})
        recordings = models.with_files(file.path for file in scanned.files).recordings
        told = _Told(progress, started)
        _ingest_units(job, scanned, (options, settings, recordings), cluster or Cluster(), unit_bytes, told)
        manifests = _merge(job, collection, roots, told)
        report = fleet_report(scanned, manifests)
    finally:
        given.close()
    job.remove()
    report.seconds = time.monotonic() - started
    return report


def _ingest_units(
    job: JobFolder,
    scanned: Scan,
    worker: tuple[UnitOptions, Settings, bool],
    cluster: Cluster,
    unit_bytes: int,
    told: _Told,
) -> None:
    """Has all units ingested that are not done; files that are in none yet make new ones."""
    units, new = job.units(scanned.files)
    left = [unit for unit in units if job.manifest(unit.number) is None]
    told.begin(units, left, new)
    if not left and not new:
        return
    with ray_cluster(cluster.address) as ray:
        shares = cluster.shares(nodes_of(ray))
        more = cut_into_units(new, len(units), workers=shares.workers, most=unit_bytes)
        if more:
            job.plan([*units, *more])
        workers = RayWorkers(ray, shares, job.folder, *worker)
        try:
            for unit, manifest in workers.run([*left, *more]):
                told.done(unit, manifest)
        finally:
            workers.end()


def _merge(job: JobFolder, collection: Path, roots: Sequence[str], told: _Told) -> list[dict[str, Json]]:
    """Makes the collection of what the units gave, in their order; returns their manifests."""
    manifests: list[dict[str, Json]] = []
    while (manifest := job.manifest(len(manifests))) is not None:
        manifests.append(manifest)
    facts: Any = manifests[0]["meta"]
    meta = {**facts, ROOTS: list(roots)}
    import_shards([job.shard(one) for one in manifests], collection, meta=meta, progress=told.merged)
    return manifests


class _Told:
    """Tells how far the job is, a unit at a time, and estimates the rest by the bytes that this run has done."""

    def __init__(self, callback: Callable[[Progress], None] | None, started: float) -> None:
        self._callback = callback
        self._started = started
        self._files = self._bytes = self._total_files = self._total_bytes = self._bytes_before = 0
        self._documents = self._passages = 0

    def begin(self, units: Sequence[Unit], left: Sequence[Unit], new: Sequence[FoundFile]) -> None:
        """Notes what there is, and what is done of it."""
        waiting = [file for unit in left for file in unit.files] + list(new)
        files = [file for unit in units for file in unit.files] + list(new)
        self._total_files, self._files = len(files), len(files) - len(waiting)
        self._total_bytes = sum(file.size for file in files)
        self._bytes = self._bytes_before = self._total_bytes - sum(file.size for file in waiting)
        self._tell(IngestStage.READING)

    def done(self, unit: Unit, manifest: dict[str, Json]) -> None:
        """Notes a unit that is done."""
        self._files += len(unit.files)
        self._bytes += unit.bytes
        self._documents += int(str(manifest["documents"]))
        self._passages += int(str(manifest["passages"]))
        self._tell(IngestStage.READING)

    def merged(self, passages: int) -> None:
        """Notes how many passages are in the collection."""
        self._passages = passages
        self._tell(IngestStage.INDEXING)

    def _tell(self, stage: IngestStage) -> None:
        if self._callback is None:
            return
        seconds, done = time.monotonic() - self._started, self._bytes - self._bytes_before
        reading = stage is IngestStage.READING and done > 0
        self._callback(
            Progress(
                files=self._files,
                total_files=self._total_files,
                documents=self._documents,
                passages=self._passages,
                encoded=0,
                seconds=seconds,
                stage=stage,
                found=self._total_files,
                bytes_read=self._bytes,
                total_bytes=self._total_bytes,
                seconds_left=seconds * (self._total_bytes - self._bytes) / done if reading else None,
            )
        )
