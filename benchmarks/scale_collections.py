"""Made collections of any size: passages, vectors and token vectors through the store's own writer."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.scale_data import STEP, Base, Texts, made_codes, made_texts, made_vectors
from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.refresh import refresh_index
from passagework.retrieval.late_interaction.stored_tokens import new_record
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import NewPassage, SourceState, Store, VersionState, Writer, token_rows
from passagework.retrieval.store.token_rows import TokenCodes
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document

PASSAGES_A_DOCUMENT = 10


def build(
    folder: Path,
    texts: Texts,
    vectors: Callable[[], Base],
    codes: Callable[[], Sequence[TokenCodes]],
    count: int,
    encoder: Encoder,
) -> dict[str, float]:
    """A collection of so many made passages through the store's own writer; seconds of each part."""
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    seconds = {}
    start = time.perf_counter()
    tokens = new_record(encoder)
    version = create_version(unfinished, encoder, ChunkSettings(), state=VersionState.READY, tokens=tokens)
    with Store.open(version / "store.db") as store:
        for number, group in enumerate(made_texts(texts, count)):
            with store.write() as writer:
                put(writer, group, first=number * STEP)
        seconds["texts_s"] = time.perf_counter() - start
        base_codes = codes()
        start = time.perf_counter()
        groups = zip(made_texts(texts, count), made_codes(base_codes, count), strict=True)
        for number, (group, group_codes) in enumerate(groups):
            with store.write() as writer:
                put_codes(writer, group, group_codes, first=number * STEP)
        seconds["token_vectors_s"] = time.perf_counter() - start
        base = vectors()
        start = time.perf_counter()
        for number, rows in enumerate(made_vectors(base, count)):
            with store.write() as writer:
                writer.put_vectors([key(number * STEP + place) for place in range(len(rows))], rows)
        seconds["vectors_s"] = time.perf_counter() - start
        start = time.perf_counter()
        refresh_index(store, version)
        store.checkpoint()
        seconds["index_s"] = time.perf_counter() - start
    unfinished.rename(folder)
    return seconds


def put(writer: Writer, group: Sequence[tuple[str, str]], *, first: int) -> None:
    """Stores made passages, ten a document, with fields that let a thousandth, a tenth or nine tenths through."""
    for start in range(0, len(group), PASSAGES_A_DOCUMENT):
        number = (first + start) // PASSAGES_A_DOCUMENT
        texts = [text for _, text in group[start : start + PASSAGES_A_DOCUMENT]]
        passages, offset = [], 0
        for place, text in enumerate(texts):
            passages.append(NewPassage(offset, offset + len(text), (), key(first + start + place), False))
            offset += len(text) + 1
        document = Document(
            text="\n".join(texts),
            media_type="text/plain",
            title=group[start][0],
            uri=uri(number),
            path=f"{number:08d}/index.txt",
            metadata={"tenth": number % 10, "thousandth": number % 1000},
        )
        digest = hashlib.sha256(document.text.encode()).hexdigest()
        source = writer.put_source(
            uri=document.uri, path=document.path, sha256=digest, media_type="text/plain", state=SourceState.DONE
        )
        writer.put_document(source, document, passages, sha256=digest, position=0)


def put_codes(writer: Writer, group: Sequence[tuple[str, str]], codes: Sequence[TokenCodes], *, first: int) -> None:
    """Stores the token vectors of made passages, whose ids are those of a new collection, from 1."""
    titles = [group[place - place % PASSAGES_A_DOCUMENT][0] for place in range(len(group))]
    hashes = [text_hash(reranker_text(title, (), text)) for title, (_, text) in zip(titles, group, strict=True)]
    token_rows.put_codes(writer, dict(zip(hashes, codes, strict=True)))
    token_rows.put_reranker_hashes(writer, {first + place: read for place, read in enumerate(hashes, start=1)})


def uri(number: int) -> str:
    """Of a made document; in order of their numbers."""
    return f"file:///made/{number:08d}.txt"


def key(number: int) -> bytes:
    """The hash that a made passage's vector is stored under: each has its own, whatever its text."""
    return number.to_bytes(16, "big")
