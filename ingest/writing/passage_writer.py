"""Documents to stored passages: chunk, encode what is new, commit; the half of ingestion behind the loaders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from passagework.ingest.chunker import Chunker, ChunkSettings, EncoderInput
from passagework.ingest.writing.token_queue import Readings, TokenQueue, coded, fill
from passagework.retrieval.late_interaction.stored import TokenRecord
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker_input import as_read
from passagework.retrieval.store import NewPassage, SourceState, Store, Writer, token_rows
from passagework.retrieval.store.token_rows import TokenCodes
from passagework.retrieval.store.writer import one_line_each
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document, TokenIds, Vectors

GROUP_TOKENS = 32_768
"""Tokens encoded between two commits: about two seconds on a laptop, which is what a kill can cost."""

CHARACTERS_A_TOKEN = 4
"""What a text counts as that is encoded for its token vectors, before it is tokenised."""

GROUP_DOCUMENTS = 256
GROUP_CHARACTERS = 8_000_000
"""Text that may wait for its commit; a longer document waits alone."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as its record is to show it. `state` partial stands until the last of its documents is in."""

    uri: str
    path: str
    sha256: str
    media_type: str
    state: SourceState = SourceState.PARTIAL
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ready:
    source: SourceFile
    document: Document
    passages: Sequence[NewPassage]
    sha256: str
    position: int
    replaces: int | None


@dataclass(slots=True)
class _Group:
    """What the next commit holds."""

    ready: list[_Ready] = field(default_factory=list)
    finished: list[tuple[SourceFile, Sequence[int]]] = field(default_factory=list)
    texts: dict[bytes, TokenIds] = field(default_factory=dict)
    copies: set[bytes] = field(default_factory=set)
    readings: Readings = field(default_factory=Readings)
    tokens: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class _Made:
    """What was encoded of a group."""

    vectors: Vectors | None
    codes: dict[bytes, TokenCodes]


@dataclass(frozen=True, slots=True)
class _Encoding:
    """A group whose texts are being encoded; `ahead` of the last document, some of whose vectors are among them."""

    group: _Group
    ahead: bool
    made: Future[_Made] | None


class PassageWriter:
    """Takes documents in, and commits them in groups; each document comes whole, or not at all.

    While one group is encoded, on a thread of its own, the documents of the next are cut; commits are the caller's.

    `vectors_from` is another version of the collection, of the same encoder, whose vectors are copied, not made again.
    `tokens` is how the collection keeps token vectors, where it does.
    """

    def __init__(
        self,
        store: Store,
        encoder: Callable[[], Encoder],
        chunking: ChunkSettings,
        *,
        vectors_from: Store | None = None,
        tokens: TokenRecord | None = None,
    ) -> None:
        self._store = store
        self._load_encoder = encoder  # called when the first document comes: a run that changes nothing loads no model
        self._chunking = chunking
        self._vectors_from = vectors_from
        self._tokens = None if tokens is None else TokenQueue(store, tokens, copies_from=vectors_from)
        self._models: tuple[Encoder, Chunker] | None = None
        self.on_commit: Callable[[], None] | None = None
        self._group = _Group()
        self._encoding: _Encoding | None = None
        self._thread: ThreadPoolExecutor | None = None
        self.documents = 0
        self.passages = 0
        self.encoded = 0
        self.cut = 0
        self.token_vectors = 0

    def add(
        self, source: SourceFile, document: Document, *, sha256: str, position: int = 0, replaces: int | None = None
    ) -> None:
        """Chunks a document and queues it; commits when enough is queued, so a long one is encoded as it is cut."""
        passages: list[NewPassage] = []
        waiting: list[tuple[bytes, EncoderInput]] = []
        read: dict[bytes, str] = {}
        for passage, seen in self._loaded()[1].chunk(document):
            key = text_hash(seen.text)
            reading = None
            if self._tokens is not None:
                text = as_read(document.title, one_line_each(passage.headings), passage.text)
                reading = text_hash(text)
                read[reading] = text
            passages.append(NewPassage(passage.start, passage.end, passage.headings, key, seen.cut, reading))
            waiting.append((key, seen))
            if len(waiting) >= GROUP_DOCUMENTS:
                self._queue_texts(waiting, read)
                waiting.clear()
                read.clear()
                if self._group.tokens >= GROUP_TOKENS:
                    self._hand_on(ahead=True)
        self._queue_texts(waiting, read)
        self._group.ready.append(_Ready(source, document, passages, sha256, position, replaces))
        self._group.characters += len(document.text)
        self._flush_if_full()

    def finish(self, source: SourceFile, *, remove: Sequence[int] = ()) -> None:
        """Queues what is to be recorded of a file, behind its documents, and which old documents of it go."""
        self._group.finished.append((source, remove))
        self._flush_if_full()

    def flush(self) -> None:
        """Encodes and commits what is queued: vectors, documents and files in one transaction a group."""
        try:
            self._hand_on(ahead=False)
            self._hand_on(ahead=False)  # what the first call began to encode
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None

    def _hand_on(self, *, ahead: bool) -> None:
        """Begins to encode what is queued, then commits the group before."""
        group, self._group = self._group, _Group()
        before, self._encoding = self._encoding, None
        made = None if before is None or before.made is None else before.made.result()
        if group.texts or group.copies or group.ready or group.finished or group.readings.texts:
            self._encoding = _Encoding(group, ahead, self._begun(group))
        if before is not None:
            self._store_group(before, made)

    def _begun(self, group: _Group) -> Future[_Made] | None:
        if not group.texts and not group.readings.texts:
            return None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="passagework-encoding")
        record = None if self._tokens is None else self._tokens.record
        return self._thread.submit(_encoded, self._loaded()[0], list(group.texts.values()), record, group.readings)

    def _store_group(self, done: _Encoding, made: _Made | None) -> None:
        group = done.group
        copies = {}
        if group.copies and self._vectors_from is not None:
            with self._vectors_from.read() as snapshot:
                copies = snapshot.vectors_by_hash(list(group.copies))
        codes = {} if self._tokens is None else self._tokens.copied(group.readings)
        with self._store.write() as writer:
            if made is not None:
                if made.vectors is not None:
                    writer.put_vectors(list(group.texts), made.vectors)
                codes |= made.codes
            writer.put_vector_bytes(copies)
            token_rows.put_codes(writer, codes)
            if done.ahead:
                writer.expect_unused()  # should its document never come
            self._commit(writer, group)
        self.documents += len(group.ready)
        self.encoded += len(group.texts)
        self.token_vectors += sum(passage.reading is not None for one in group.ready for passage in one.passages)
        self.cut += sum(passage.cut for one in group.ready for passage in one.passages)
        if self.on_commit is not None:
            self.on_commit()

    def fill_in(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Makes the token vectors of passages that were there before the collection kept any; flush first.

        `progress` gets how many passages are done, of how many.
        """
        if self._tokens is not None and not self._tokens.record.filled:
            with enough_memory("the encoder ran out of memory: what was committed is safe; run again"):
                self.token_vectors += fill(self._store, self._loaded()[0], self._tokens.record, progress=progress)

    def _loaded(self) -> tuple[Encoder, Chunker]:
        if self._models is None:
            encoder = self._load_encoder()
            self._models = encoder, Chunker(encoder, self._chunking)
        return self._models

    def _commit(self, writer: Writer, group: _Group) -> None:
        source_ids: dict[str, int] = {}
        for one in group.ready:
            uri = one.source.uri
            if uri not in source_ids:
                source_ids[uri] = writer.put_source(**asdict(one.source))
            self.passages += writer.put_document(
                source_ids[uri],
                one.document,
                one.passages,
                sha256=one.sha256,
                position=one.position,
                replaces=one.replaces,
            )
        for source, remove in group.finished:
            writer.remove_documents(remove)
            writer.put_source(**asdict(source))

    def _queue_texts(self, texts: Sequence[tuple[bytes, EncoderInput]], read: Mapping[bytes, str]) -> None:
        """Queues for encoding what no vector is stored for yet, nor on its way; the same of token vectors."""
        if self._tokens is not None:
            before = [] if self._encoding is None else [self._encoding.group.readings]
            fresh_readings = self._tokens.put(read, self._group.readings, before)
            self._group.tokens += sum(len(read[key]) for key in fresh_readings) // CHARACTERS_A_TOKEN
        groups = [self._group] if self._encoding is None else [self._group, self._encoding.group]
        fresh = {key: seen for key, seen in texts if not any(key in one.texts or key in one.copies for one in groups)}
        if not fresh:
            return
        with self._store.read() as snapshot:
            known = snapshot.known_hashes(list(fresh))
        elsewhere: set[bytes] = set()
        if self._vectors_from is not None:
            with self._vectors_from.read() as snapshot:
                elsewhere = snapshot.known_hashes([key for key in fresh if key not in known])
        self._group.copies |= elsewhere
        for key, seen in fresh.items():
            if key not in known and key not in elsewhere:
                self._group.texts[key] = seen.token_ids
                self._group.tokens += len(seen.token_ids)

    def _flush_if_full(self) -> None:
        group = self._group
        waiting = len(group.ready) + len(group.finished)
        if group.tokens >= GROUP_TOKENS or waiting >= GROUP_DOCUMENTS or group.characters >= GROUP_CHARACTERS:
            self._hand_on(ahead=False)


def _encoded(encoder: Encoder, texts: Sequence[TokenIds], record: TokenRecord | None, readings: Readings) -> _Made:
    otherwise = (
        f"the encoder ran out of memory over {len(texts) + len(readings.texts):,} texts: what was committed is safe; "
        "end other programs, or take a smaller encoder, and run again"
    )
    with enough_memory(otherwise):
        vectors = encoder.encode_tokens(texts) if texts else None
        return _Made(vectors, {} if record is None else coded(encoder, record, readings.texts))


def document_hash(document: Document) -> str:
    """sha256 of all that search can show of a document: equal hashes mean there is nothing to do."""
    digest = hashlib.sha256()
    shape: list[object] = [
        document.media_type,
        document.title,
        dict(document.metadata),
        [[page.number, page.label, page.start, page.end] for page in document.pages],
        [[heading.level, heading.title, heading.start, heading.end] for heading in document.headings],
    ]
    if document.hidden:  # a document without keeps the digest that it had before there was this
        shape.append([[span.start, span.end, span.reason.value] for span in document.hidden])
    digest.update(json.dumps(shape, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for start in range(0, len(document.text), 1 << 20):  # piece by piece: a book need not be in memory twice
        digest.update(document.text[start : start + (1 << 20)].encode("utf-8"))
    return digest.hexdigest()
