"""Opens the collection that a benchmark is searched in: made for it and kept, or one's own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete_sources
from passagework.ingest.pipeline import ingest
from passagework.ingest.report import Progress
from passagework.ingest.writing.chunk_settings import chunking_options, new_chunking
from passagework.retrieval import Encoder, EvaluationError, IndexMismatchError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import Settings
from passagework.retrieval.evaluation import Corpus
from passagework.retrieval.folder import BENCHMARK, CURRENT, versions
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Says how a collection is to be made; None is the default, or what an existing one was made with."""

    encoder: str | None = None
    options: EncoderOptions = field(default_factory=EncoderOptions)
    passage_tokens: int | None = None
    overlap: int | None = None
    whole: bool = False

    @property
    def asked(self) -> bool:
        """Tells whether any option was given."""
        return self != BuildOptions()

    @property
    def chunking(self) -> Mapping[str, int | bool]:
        """Returns the options of chunking that were given."""
        return chunking_options(passage_tokens=self.passage_tokens, overlap=self.overlap, whole=self.whole or None)


@contextmanager
def benchmark_collection(
    corpus: Corpus,
    folder: Path | None,
    building: BuildOptions,
    *,
    reranker: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Collection]:
    """Yields an open collection of the corpus: in a temporary folder, or in `folder`, which keeps it.

    A folder that `evaluate` made is brought up to the corpus, the encoder and the chunking asked for, and reused
    where nothing differs. It takes out only what it put in: with anything else in it, the folder is refused. One that
    somebody else ingested is never changed: it must hold the corpus, and be made as asked.
    Raises EvaluationError where it doesn't hold it, IndexMismatchError where it is made otherwise.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="passagework-"))) / "collection"
        own_uris = _recorded_sources(folder)
        if own_uris is None and _holds_versions(folder):
            yield stack.enter_context(_open_existing(corpus, folder, building, reranker))
            return
        if own_uris is None and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise EvaluationError(f"{folder} is no collection, and not empty: name a new folder")
        encoder = load_encoder(building.encoder, building.options, Settings.from_environment())
        _prepare(corpus, folder, building, encoder, own_uris or [], progress)
        opened = stack.enter_context(Collection.open(folder, encoder=encoder, reranker=reranker))
        if [source.sha256 for source in opened.sources()] != [corpus.sha256]:
            raise EvaluationError(f"{folder} was changed by somebody else meanwhile: try again")
        yield opened


def _prepare(
    corpus: Corpus,
    folder: Path,
    building: BuildOptions,
    encoder: Encoder,
    own_uris: list[str],
    progress: Callable[[Progress], None] | None,
) -> None:
    uri = corpus.path.resolve().as_uri()
    chunking = new_chunking(encoder, building.chunking)
    outdated = False
    if _holds_versions(folder):
        with Collection.open(folder) as existing:
            status, sources = existing.status(), existing.sources()
        foreign = [source.path for source in sources if source.uri not in own_uris]
        if foreign:
            raise EvaluationError(f"{folder} also holds {foreign[0]}, which is of no benchmark: name another folder")
        recorded = status.encoder, status.window, status.chunking
        outdated = recorded != (encoder.fingerprint, encoder.window, chunking.to_json())
        other_uris = [source.uri for source in sources if source.uri != uri]
        if other_uris:  # another corpus, or this one at another place
            delete_sources(folder, other_uris)
    _record_sources(folder, [*own_uris, uri])
    if outdated:
        rebuild(
            folder,
            encoder=encoder,
            passage_tokens=chunking.passage_tokens,
            overlap=chunking.overlap_tokens,
            whole=chunking.whole,
            progress=progress,
        )
    ingest(
        [corpus.path],
        folder,
        encoder=encoder,
        whole=chunking.whole,
        passage_tokens=chunking.passage_tokens,
        overlap=chunking.overlap_tokens,
        delete_missing=True,
        progress=progress,
    )


def _holds_versions(folder: Path) -> bool:
    return folder.is_dir() and ((folder / CURRENT).exists() or bool(versions(folder)))


def _recorded_sources(folder: Path) -> list[str] | None:
    """Returns the URIs that `evaluate` ingested into a folder that it made itself; None for any other folder."""
    try:
        record = json.loads((folder / BENCHMARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    sources = record.get("sources") if isinstance(record, dict) else None
    return [str(source) for source in sources] if isinstance(sources, list) else None


def _record_sources(folder: Path, sources: list[str]) -> None:
    note = {"made_by": "passagework evaluate", "sources": list(dict.fromkeys(sources))}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BENCHMARK).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"a collection can't be made in {folder}: {error.strerror or error}") from error


@contextmanager
def _open_existing(corpus: Corpus, folder: Path, building: BuildOptions, reranker: str | None) -> Iterator[Collection]:
    with Collection.open(folder, encoder=building.encoder, reranker=reranker) as collection:
        if not any(source.sha256 == corpus.sha256 for source in collection.sources()):
            raise EvaluationError(
                f"{folder} was made without {corpus.path.name} of this benchmark: ingest it there first, "
                "or name a folder that does not exist yet"
            )
        status = collection.status()
        if building.options.window not in (None, status.window):
            raise IndexMismatchError(f"{folder} has a window of {status.window}, not {building.options.window}")
        recorded = status.chunking
        requested = {**recorded, **building.chunking}
        if recorded != requested:
            raise IndexMismatchError(f"{folder} was chunked by {recorded}, not {requested}: leave the options out")
        yield collection
