"""Makes documents into stored passages: chunk, encode what is new, commit; the half of ingestion behind the loaders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property

from passagework.ingest.chunker import Chunker, ChunkSettings, EncoderInput
from passagework.ingest.injection.injection_screen import InjectionScreen, with_injection
from passagework.ingest.writing.commit_group import (
    ChunkedDocument,
    CommitGroup,
    GroupEncoding,
    SourceFile,
    encode_group,
    encoding_result,
)
from passagework.ingest.writing.derived_data import DerivedData, EncodedTexts, NoDerivedData
from passagework.ingest.writing.languages import Languages
from passagework.ingest.writing.write_counts import WriteCounts
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.models.encoder import Encoder, notes_of
from passagework.retrieval.store import NewPassage, Store, Writer
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document

GROUP_TOKENS = 32_768
"""Tokens encoded between two commits: about two seconds on a laptop, which is what a kill can cost."""

GROUP_DOCUMENTS = 256
GROUP_CHARACTERS = 8_000_000
"""Text that may wait for its commit; a longer document waits alone."""


class PassageWriter:
    """Takes documents in, and commits them in groups; each document comes whole, or not at all.

    Documents are cut into passages on the caller's thread, whose texts a thread of its own encodes: while one group is
    encoded, the next is cut, and the caller commits the one before.

    `vectors_from` is another version of the collection, of the same encoder, whose vectors are copied, not made again.
    `derived` is what the collection keeps of each passage beside its vector.
    """

    def __init__(
        self,
        store: Store,
        encoder: Callable[[], Encoder],
        chunking: ChunkSettings,
        *,
        vectors_from: Store | None = None,
        derived: DerivedData | None = None,
    ) -> None:
        self._store = store
        self._load_encoder = encoder  # called when the first document comes: a run that changes nothing loads no model
        self._chunking = chunking
        self._vectors_from = vectors_from
        self._derived: DerivedData = derived or NoDerivedData()
        self._languages = Languages(store)
        self._models: tuple[Encoder, Chunker] | None = None
        self.on_progress: Callable[[], None] = lambda: None
        self._group = CommitGroup()
        self._encoding: GroupEncoding | None = None
        self._thread: ThreadPoolExecutor | None = None
        self.counts = WriteCounts()

    def add(
        self, source: SourceFile, document: Document, *, sha256: str, position: int = 0, replaces: int | None = None
    ) -> None:
        """Chunks a document and queues it; commits when enough is queued, so a long one is encoded as it is cut."""
        passages: list[NewPassage] = []
        waiting: list[tuple[bytes, EncoderInput]] = []
        derived: dict[bytes, str] = {}
        before = self.counts.characters
        for passage, encoder_input in self._loaded()[1].chunk(document):
            key = text_hash(encoder_input.text)
            derived_text = self._derived.text_of(document, passage)
            if derived_text is not None:
                derived[derived_text[0]] = derived_text[1]
            reading = None if derived_text is None else derived_text[0]
            passages.append(NewPassage(passage.start, passage.end, passage.headings, key, encoder_input.cut, reading))
            waiting.append((key, encoder_input))
            if len(waiting) >= GROUP_DOCUMENTS:
                self.counts.characters = before + passage.end
                self._queue_texts(waiting, derived)
                self.on_progress()
                waiting.clear()
                derived.clear()
                if self._group.tokens >= GROUP_TOKENS:
                    self._encode_and_commit(ahead=True)
        self.counts.characters = before + len(document.text)
        self._queue_texts(waiting, derived)
        language = self._languages.of(document)
        suspects = self._screen.suspects(document)
        self._group.ready.append(
            ChunkedDocument(source, document, passages, sha256, position, language, replaces, suspects)
        )
        self._group.characters += len(document.text)
        self._flush_if_full()

    def finish_file(self, source: SourceFile, *, remove: Sequence[int] = ()) -> None:
        """Queues what is to be recorded of a file, behind its documents, and which old documents of it go."""
        self._group.finished.append((source, remove))
        self._flush_if_full()

    def flush(self) -> None:
        """Encodes and commits what is queued: vectors, documents and files in one transaction a group."""
        try:
            self._encode_and_commit(ahead=False)
            self._encode_and_commit(ahead=False)  # what the first call began to encode
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None

    def _encode_and_commit(self, *, ahead: bool) -> None:
        """Begins to encode what is queued, then commits the group before."""
        group, self._group = self._group, CommitGroup()
        before, self._encoding = self._encoding, None
        encoded = None if before is None or before.future is None else encoding_result(before.group, before.future)
        if group.texts or group.copies or group.ready or group.finished or group.derived.texts:
            self._encoding = GroupEncoding(group, ahead, self._start_encoding(group))
        if before is not None:
            self._store_group(before, encoded)

    def _start_encoding(self, group: CommitGroup) -> Future[EncodedTexts] | None:
        if not group.texts and not group.derived.texts and not any(one.suspects.sentences for one in group.ready):
            return None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="passagework-encoding")
        return self._thread.submit(encode_group, self._loaded()[0], self._screen, group, self._derived)

    def _store_group(self, encoding: GroupEncoding, encoded: EncodedTexts | None) -> None:
        group = encoding.group
        copies = {}
        if group.copies and self._vectors_from is not None:
            with self._vectors_from.read() as snapshot:
                copies = snapshot.vectors_by_hash(list(group.copies))
        with self._store.write() as writer:
            if encoded is not None:
                if encoded.vectors is not None:
                    writer.put_vectors(list(group.texts), encoded.vectors)
                encoded.put_derived(writer)
            writer.put_vector_bytes(copies)
            self._derived.copy(writer, group.derived)
            if encoding.ahead:
                writer.expect_unused()  # should its document never come
            self._commit(writer, group)
        counts = self.counts
        counts.documents += len(group.ready)
        counts.encoded += len(group.texts)
        counts.token_vectors += sum(
            passage.reranker_hash is not None for document in group.ready for passage in document.passages
        )
        counts.cut += sum(passage.cut for document in group.ready for passage in document.passages)
        self.on_progress()

    def fill_derived_data(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Makes what is missing of passages that were there before the collection kept it; flush first.

        `progress` gets how many passages are done, of how many.
        """
        with enough_memory("the encoder ran out of memory: what was committed is safe; run again"):
            self.counts.token_vectors += self._derived.fill(lambda: self._loaded()[0], progress)

    def _loaded(self) -> tuple[Encoder, Chunker]:
        if self._models is None:
            encoder = self._load_encoder()
            self._models = encoder, Chunker(encoder, self._chunking)
            self.counts.encoder_notes = notes_of(encoder)
        return self._models

    @cached_property
    def _screen(self) -> InjectionScreen:
        return InjectionScreen(self._loaded()[0])

    def _commit(self, writer: Writer, group: CommitGroup) -> None:
        source_ids: dict[str, int] = {}
        for document in group.ready:
            uri = document.source.uri
            if uri not in source_ids:
                source_ids[uri] = writer.put_source(**asdict(document.source))
            self.counts.passages += writer.put_document(
                source_ids[uri],
                document.document,
                with_injection(document.passages, document.suspects.injection(group.judged)),
                sha256=document.sha256,
                position=document.position,
                language=document.language,
                replaces=document.replaces,
            )
        for source, remove in group.finished:
            writer.remove_documents(remove)
            writer.put_source(**asdict(source))

    def _queue_texts(self, texts: Sequence[tuple[bytes, EncoderInput]], derived: Mapping[bytes, str]) -> None:
        """Queues for encoding what no vector is stored for yet, nor on its way; the same of derived data."""
        groups = [self._group] if self._encoding is None else [self._group, self._encoding.group]
        fresh = {
            key: encoder_input
            for key, encoder_input in texts
            if not any(key in group.texts or key in group.copies for group in groups)
        }
        if fresh:
            self._queue_fresh(fresh)
        earlier = [group.derived for group in groups[1:]]
        self._group.tokens += self._derived.queue(derived, self._group.derived, earlier, self._group.texts)

    def _queue_fresh(self, fresh: Mapping[bytes, EncoderInput]) -> None:
        with self._store.read() as snapshot:
            known = snapshot.known_hashes(list(fresh))
        elsewhere: set[bytes] = set()
        if self._vectors_from is not None:
            with self._vectors_from.read() as snapshot:
                elsewhere = snapshot.known_hashes([key for key in fresh if key not in known])
        self._group.copies |= elsewhere
        for key, encoder_input in fresh.items():
            if key not in known and key not in elsewhere:
                self.counts.to_encode += 1
                self._group.texts[key] = encoder_input
                self._group.tokens += len(encoder_input.token_ids)

    def _flush_if_full(self) -> None:
        group = self._group
        waiting = len(group.ready) + len(group.finished)
        if group.tokens >= GROUP_TOKENS or waiting >= GROUP_DOCUMENTS or group.characters >= GROUP_CHARACTERS:
            self._encode_and_commit(ahead=False)
