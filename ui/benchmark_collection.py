"""The collection that a benchmark is searched in: made for it and kept, or one's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest import ingest
from ingest.destination import chunking_asked, new_chunking
from ingest.rebuild import rebuild
from ingest.report import Progress
from retrieval import BiEncoder, Collection, EvaluationError, IndexMismatchError
from retrieval.evaluation import Corpus
from retrieval.versions import BENCHMARK, CURRENT, VERSION


@dataclass(frozen=True, slots=True)
class Building:
    """How a collection is to be made; None is the default, or what an existing one was made with."""

    encoder: str | None = None
    window: int | None = None
    passage_tokens: int | None = None
    overlap: int | None = None
    whole: bool = False

    @property
    def asked(self) -> bool:
        """Whether anything was said."""
        return self != Building()

    @property
    def chunking(self) -> Mapping[str, int | bool]:
        """What was said about chunking."""
        return chunking_asked(passage_tokens=self.passage_tokens, overlap=self.overlap, whole=self.whole or None)


@contextmanager
def benchmark_collection(
    corpus: Corpus,
    folder: Path | None,
    building: Building,
    *,
    reranker: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Collection]:
    """A collection of the corpus, open: in a temporary folder, or in `folder`, which keeps it.

    A folder that `evaluate` filled is brought up to the corpus, the encoder and the chunking asked for, and reused
    where nothing differs. One that somebody else ingested is never changed: it must hold the corpus, and be made
    as asked.
    Raises EvaluationError where it doesn't hold it, IndexMismatchError where it is made otherwise.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="passagework-"))) / "collection"
        if (folder / CURRENT).is_file() and not (folder / BENCHMARK).is_file():
            yield stack.enter_context(_borrowed(corpus, folder, building, reranker))
            return
        encoder = BiEncoder.load(building.encoder, window=building.window)
        _prepare(corpus, folder, building, encoder, progress)
        yield stack.enter_context(Collection.open(folder, encoder=encoder, reranker=reranker))


def _prepare(
    corpus: Corpus,
    folder: Path,
    building: Building,
    encoder: BiEncoder,
    progress: Callable[[Progress], None] | None,
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BENCHMARK).write_text("Made by `passagework evaluate`, which may make it anew.\n", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"a collection can't be made in {folder}: {error.strerror or error}") from error
    chunking = new_chunking(encoder, building.chunking)
    if (folder / CURRENT).is_file():
        with Collection.open(folder) as existing:
            status = existing.status()
            sources = existing.sources()
        uri = corpus.path.resolve().as_uri()
        if any(source.uri != uri and source.sha256 != corpus.sha256 for source in sources):
            _empty(folder)  # another corpus
        elif (status["encoder"], status["window"], status["chunking"]) != (
            encoder.fingerprint.to_json(),
            encoder.window,
            chunking.to_json(),
        ):
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
        passage_tokens=chunking.passage_tokens,
        overlap=chunking.overlap_tokens,
        whole=chunking.whole,
        delete_missing=True,
        progress=progress,
    )


def _empty(folder: Path) -> None:
    """Takes away the versions; what else lies in the folder stays."""
    (folder / CURRENT).unlink()
    for entry in folder.iterdir():
        if VERSION.fullmatch(entry.name):
            shutil.rmtree(entry)


@contextmanager
def _borrowed(corpus: Corpus, folder: Path, building: Building, reranker: str | None) -> Iterator[Collection]:
    with Collection.open(folder, encoder=building.encoder, reranker=reranker) as collection:
        if not any(source.sha256 == corpus.sha256 for source in collection.sources()):
            raise EvaluationError(
                f"{folder} was made without {corpus.path.name} of this benchmark: ingest it there first, "
                "or name a folder that does not exist yet"
            )
        status = collection.status()
        if building.window not in (None, status["window"]):
            raise IndexMismatchError(f"{folder} has a window of {status['window']}, not {building.window}")
        made = status["chunking"]
        wanted = {**made, **building.chunking} if isinstance(made, dict) else made
        if made != wanted:
            raise IndexMismatchError(f"{folder} was chunked by {made}, not {wanted}: leave the options out")
        yield collection
