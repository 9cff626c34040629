"""Loads a collection into an engine, and later what changed in it since: the same command, as often as one likes.

New versions of documents are kept under a moment that nobody answers yet, old ones are marked to end with it; then the
moment becomes the one that is answered, in one transaction of the catalogue. What a crash leaves is of a moment that
nobody answers, and the next load takes it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from passagework.ingest.fleet.document_points import DIGEST, DocumentParts
from passagework.retrieval.dense.background import SAMPLE
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import current_version, next_version, versions, writer_lock
from passagework.retrieval.remote.engine import BORN, DIED, LOAD_SECONDS, ROWS, Engine, EnginePoint, every_point
from passagework.retrieval.remote.packed_rows import points_of, unpacked
from passagework.retrieval.remote.point_numbers import version_at
from passagework.retrieval.remote.remote_record import RemoteRecord, check_engine, is_served
from passagework.retrieval.remote.typed_tokens import DOCUMENT, HasToken
from passagework.retrieval.remote.word_weights import DRIFT, CountedPassage, counted_passages, word_weight
from passagework.retrieval.store import Snapshot, Store, schema as t
from passagework.retrieval.store.catalogue import FILE, MOMENT, Catalogue
from passagework.retrieval.types import Json

BATCH = 64
"""Documents whose points are put together."""

Progress = Callable[[int, int], None]
"""Is told how many documents, or searches, are done, of how many."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Tells how many documents a load put and ended, whether all were weighed anew, and what there is now."""

    collection: str
    version: str
    put: int
    ended: int
    weighed_anew: bool
    documents: int
    passages: int

    def to_json(self) -> dict[str, Json]:
        """Returns what `passagework fleet load --json` prints."""
        return {name: getattr(self, name) for name in self.__slots__}


def load_collection(
    source: str | Path,
    collection: str | Path,
    *,
    engine: str = "qdrant",
    address: str | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """Brings an engine, and the folder `collection` that names it, up to date with the collection in `source`.

    `engine` is qdrant (at `address`, its collection `name`), postgres (its schema `name`) or qdrant-edge (shards in the
    folder; `address` is their number); all this counts for the first load alone, which is answered once
    `verify_collection` found it right.
    Raises StoreError where either can't be read or written, ConfigError where there is no such engine.
    """
    source, collection = Path(source), Path(collection)
    if not collection.is_dir() or served_folder(collection) is None:
        check_engine(engine, address or "")
    if is_served(current_version(source)):
        raise StoreError(f"{source} is served by an engine itself: load the collection that it was loaded from")
    collection.mkdir(parents=True, exist_ok=True)
    with writer_lock(collection), Store.open(current_version(source) / "store.db") as store, store.read() as snapshot:
        folder = served_folder(collection) or next_version(collection)
        if not is_served(folder):
            folder.mkdir(parents=True)
            RemoteRecord(engine, address or "", name or source.name, {}).write(folder)
        record = RemoteRecord.read(folder)
        connected = record.connect(folder, seconds=LOAD_SECONDS)
        try:
            loaded = load_snapshot(snapshot, folder, record, connected, progress)
            return replace(loaded, collection=str(collection))
        finally:
            connected.close()


def load_snapshot(
    snapshot: Snapshot, folder: Path, record: RemoteRecord, engine: Engine, progress: Progress | None = None
) -> Loaded:
    """Brings an engine, and a version's folder that names it, up to date with one moment of a collection."""
    return _Load(snapshot, folder, record, engine, progress).run()


def served_folder(collection: Path) -> Path | None:
    """Returns the newest version's folder that names an engine, answered or not; None where there is none."""
    return next((folder for folder in versions(collection) if is_served(folder)), None)


class _Load:
    def __init__(
        self, snapshot: Snapshot, folder: Path, record: RemoteRecord, engine: Engine, progress: Progress | None
    ) -> None:
        self._snapshot = snapshot
        self._folder = folder
        self._record = record
        self._engine = engine
        self._progress = progress
        self._catalogue = Catalogue(folder) if (folder / FILE).is_file() else Catalogue.create(folder)
        self._words: Counter[str] = Counter()
        self._places: Counter[str] = Counter()

    def run(self) -> Loaded:
        """Puts what is new, ends what is gone, and answers both at once."""
        with self._catalogue.read() as before:
            moment, was_average = before.number(MOMENT) + 1, before.fact("average_length")
        if not self._engine.exists():
            if moment > 1:
                raise StoreError("the engine lost the collection: load it into a new folder")
            self._engine.create(self._snapshot.dim)
        tokens, average = self._average()
        anew = was_average is not None and abs(average / was_average - 1) > DRIFT
        if was_average is not None and not anew:
            average = was_average
        kept = dict(self._kept_documents())
        put, new_keys = self._put(kept, moment, average, anew=anew)
        gone = self._ended(kept, moment)
        self._engine.settle()
        if new_keys:
            self._engine.index_numbers(sorted(new_keys))
        self._commit(moment, average, tokens)
        self._engine.delete(gone)
        counts = self._snapshot.counts()
        of_all = counts["documents"], counts["passages"]
        return Loaded(str(self._folder.parent), self._folder.name, put, len(kept), anew, *of_all)

    def _average(self) -> tuple[int, float]:
        """Returns the words of all passages, and how many a passage has on average."""
        with self._snapshot.words() as reader:
            lengths = reader.lengths()[1]
        tokens = int(lengths.sum())
        return tokens, tokens / max(1, len(lengths))

    def _kept_documents(self) -> Iterator[tuple[int, EnginePoint]]:
        """Yields the versions of documents that the engine has, those included that a crash left."""
        for point in every_point(self._engine, HasToken((DOCUMENT,)), (BORN, DIED, DIGEST)):
            yield version_at(point.id), point

    def _put(self, kept: dict[int, EnginePoint], moment: int, average: float, *, anew: bool) -> tuple[int, set[str]]:
        """Puts documents that the engine doesn't have as they are; what stays is taken out of `kept`.

        Returns how many, and the keys of numbers in them.
        """
        d, put, keys = t.documents.c, 0, set()
        ids = list(self._snapshot.connection.execute(select(d.id).order_by(d.id)).scalars())
        for start in range(0, len(ids), BATCH):
            parts = [DocumentParts.read(self._snapshot, document) for document in ids[start : start + BATCH]]
            counted = counted_passages([text for part in parts for text in part.texts()])
            self._count(counted)
            changed = []
            for part in parts:
                there = kept.pop(part.version, None)
                if there is not None and there.payload.get(DIED) is not None:
                    self._engine.end(points_of(part.version, part.rows), None)  # a load before came no further
                if anew or there is None or there.payload.get(DIGEST) != part.digest:
                    born = moment if there is None else int(str(there.payload[BORN]))
                    changed.append((part, born))
            if changed:
                numbers = self._numbers(counted)
                points = [
                    point
                    for part, born in changed
                    for point in part.points(
                        self._snapshot.vectors_of(list(part.passages)),
                        {one: _weights(counted[one], numbers, average) for one in part.passages},
                        born,
                    )
                ]
                self._engine.put(points)
                keys |= {key for point in points for key in point.payload if key.startswith("n_")}
            put += len(changed)
            if self._progress is not None:
                self._progress(min(start + BATCH, len(ids)), len(ids))
        return put, keys

    def _count(self, counted: dict[int, CountedPassage]) -> None:
        for passage in counted.values():
            self._words.update(passage.words.keys())
            self._places.update(passage.words)

    def _numbers(self, counted: dict[int, CountedPassage]) -> dict[str, int]:
        """Returns the numbers of words; new ones are written down at once, for points with them are there at once."""
        words = {word: (0, 0) for passage in counted.values() for word in passage.words}
        with self._catalogue.write() as writer:
            return writer.count_words(words)

    def _ended(self, kept: dict[int, EnginePoint], moment: int) -> list[int]:
        """Marks what the collection no longer has, to end with the moment; returns the numbers of all points of it."""
        gone: list[int] = []
        for point in self._engine.fetch([point.id for point in kept.values()], (ROWS,)) if kept else []:
            numbers = points_of(version_at(point.id), unpacked(str(point.payload[ROWS])))
            self._engine.end(numbers, moment)
            gone += numbers
        return gone

    def _commit(self, moment: int, average: float, tokens: int) -> None:
        """Answers the moment from here on."""
        snapshot = self._snapshot
        meta = {row.key: snapshot.meta(row.key) for row in snapshot.connection.execute(select(t.meta.c.key))}
        hashes = snapshot.least_hashes(SAMPLE)
        vectors = snapshot.vectors_by_hash(hashes)
        with self._catalogue.write() as writer:
            writer.forget_counts()
            writer.count_words({word: (passages, self._places[word]) for word, passages in self._words.items()})
            writer.put_sample(sorted(vectors.items()))
            writer.put(
                {
                    "meta": meta,
                    "counts": {**snapshot.counts()},
                    "languages": {**snapshot.document_languages()},
                    "fields": list(snapshot.field_names()),
                    "former_fields": list(snapshot.former_field_names()),
                    "shared_paths": _shared_paths(snapshot),
                    "average_length": average,
                    "tokens": tokens,
                    MOMENT: moment,
                }
            )
        loaded: dict[str, Json] = {
            "encoder": meta.get("encoder"),
            "window": meta.get("window"),
            "chunking": meta.get("chunking"),
            "average_length": average,
            "words": FILE,
        }
        record = self._record
        RemoteRecord(record.engine, record.address, record.collection, loaded).write(self._folder)


def _weights(passage: CountedPassage, numbers: dict[str, int], average: float) -> dict[int, float]:
    return {numbers[word]: word_weight(count, passage.length, average) for word, count in passage.words.items()}


def _shared_paths(snapshot: Snapshot) -> dict[str, Json]:
    """Maps the paths that files of several folders have to the roots of these."""
    f = t.sources.c
    shared = select(f.path).group_by(f.path).having(func.count() > 1)
    roots: dict[str, Json] = {}
    for source in snapshot.sources() if snapshot.connection.execute(shared).first() else ():
        roots.setdefault(source.path, []).append(source.root)  # type: ignore[union-attr]
    return {path: listed for path, listed in roots.items() if isinstance(listed, list) and len(listed) > 1}
