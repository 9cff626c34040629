"""The documents of a served collection, read from the engine when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from passagework.retrieval.remote.engine import BORN, DIED, ROWS, every_point
from passagework.retrieval.remote.typed_tokens import DOCUMENT, HasToken, value_token
from passagework.retrieval.roots import FILE_SCHEME, root_of, tell_apart
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.conditions import Column, Condition
from passagework.retrieval.store.naming import spellings
from passagework.retrieval.store.rows import DocumentRow, SourceRow
from passagework.retrieval.store.schema import SEGMENT_CHARS
from passagework.retrieval.types import Document, Heading, Hidden, Injection, Masked, OcrSpan
from passagework.retrieval.words.code_names import CODE
from passagework.retrieval.words.indexed import INDEXED_LANGUAGES

if TYPE_CHECKING:
    from passagework.retrieval.remote.served_reading import ServedReading
    from passagework.retrieval.store.catalogue import CatalogueMoment


class ServedDocuments(Snapshot):
    """Reads documents, and what the catalogue knows of all of them."""

    reading: ServedReading
    catalogue: CatalogueMoment

    def text(self, document_id: int, start: int, end: int) -> str:
        """Returns `document.text[start:end]`, reading no more segments than that needs."""
        if start < end:
            self.reading.need_text(document_id, range(start // SEGMENT_CHARS, (end - 1) // SEGMENT_CHARS + 1))
        return super().text(document_id, start, end)

    def hidden(self, document_id: int, start: int, end: int) -> tuple[Hidden, ...]:
        """Returns what readers don't see of `document.text[start:end]`, cut to it, in order."""
        self.reading.need_documents([document_id])
        return super().hidden(document_id, start, end)

    def ocr(self, document_id: int, start: int, end: int) -> tuple[OcrSpan, ...]:
        """Returns what OCR read of `document.text[start:end]`, whole words, in order."""
        self.reading.need_documents([document_id])
        return super().ocr(document_id, start, end)

    def masked(self, document_id: int) -> tuple[Masked, ...]:
        """Returns what placeholders stand for in a document's text, in order."""
        self.reading.need_documents([document_id])
        return super().masked(document_id)

    def surroundings(self, document_id: int) -> str:
        """Returns what a page shows around its content, "" where that is nothing, or the document is no page."""
        self.reading.need_documents([document_id])
        return super().surroundings(document_id)

    def injection(self, document_id: int, start: int, end: int) -> tuple[Injection, ...]:
        """Returns what of `document.text[start:end]` instructs a language model, cut to it, in order."""
        self._need_passages_in(document_id, start, end)
        return super().injection(document_id, start, end)

    def length(self, document_id: int) -> int:
        """Returns how many code points a document's text has; 0 where it is gone."""
        self.reading.need_documents([document_id])
        return super().length(document_id)

    def headings(self, document_id: int) -> tuple[Heading, ...]:
        """Returns a document's headings, in order."""
        self.reading.need_documents([document_id])
        return super().headings(document_id)

    def document(self, document_id: int) -> Document:
        """Returns a document whole, as it was loaded. Raises StoreError if it is gone."""
        self.reading.need_documents([document_id])
        return super().document(document_id)

    def documents(self, condition: Condition | None = None) -> Iterator[DocumentRow]:
        """Yields documents in order of path, without their text; those of which a passage fulfils the condition."""
        if condition is not None:
            return self._described({card.place.document_id for card in self.reading.matching(condition)})
        return self._described(self.every_document())

    def documents_named(self, names: Sequence[str]) -> list[DocumentRow]:
        """Returns the documents that bear one of the names, each once: an `_id`, a URI or a path."""
        columns = (Column.DOCUMENT, Column.PATH)
        tokens = [value_token(column, name) for name in names for column in columns]
        tokens += [value_token(DOCUMENT, name) for name in names]
        return list(self._described(self.reading.documents_with(HasToken(tuple(tokens)))))

    def recorded_spellings(self, column: Column, names: Sequence[str]) -> dict[str, list[str]]:
        """Maps each name to itself, or to the other spellings of it that a column holds, where it holds these alone."""
        return {name: self._recorded(column, name) for name in names}

    def documents_of(self, source_id: int) -> Iterator[DocumentRow]:
        """Returns a file's documents, in order."""
        return (row for row in self.documents() if row.source_id == source_id)

    def document_hashes(self, source_id: int | None = None) -> dict[str, tuple[int, str]]:
        """Maps the uris of a source's documents, or of all, to (id, sha256)."""
        self.every_document()
        return super().document_hashes(source_id)

    def hashes_of(self, uris: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Maps those of the uris that are documents' to (id, sha256)."""
        self.documents_named(uris)
        return super().hashes_of(uris)

    def sources(self) -> list[SourceRow]:
        """Returns the files that documents came from, in order of uri."""
        self.every_document()
        return super().sources()

    def roots(self) -> list[str]:
        """Returns the URIs of the folders that were ingested, as far as they are on record."""
        roots = self.meta("roots")
        return [str(root) for root in roots] if isinstance(roots, list) else []

    def root_rows(self) -> Any:
        """Returns the folders that files came from, in order of their paths."""
        self.every_document()
        return super().root_rows()

    def shared_roots(self, documents: Set[tuple[str, str]]) -> dict[str, str]:
        """Maps the uris of documents (path, uri) to their roots, told apart, where files of several have that path."""
        shared = self.catalogue.fact("shared_paths") or {}
        labels = {path: tell_apart(set(shared[path])) for path, _ in documents if path in shared}
        return {
            uri: labels[path][root_of(uri, path)] if uri.startswith(FILE_SCHEME) else ""
            for path, uri in documents
            if path in labels
        }

    # what the catalogue knows

    def counts(self) -> dict[str, int]:
        """Returns the sizes for `status`."""
        return dict(self.catalogue.fact("counts") or {})

    def document_count(self) -> int:
        """Returns how many documents there are."""
        return self.counts()["documents"]

    def document_languages(self) -> dict[str, int]:
        """Returns how many documents are in each language, by its code, most first; `und` where that isn't known."""
        languages: dict[str, int] = self.catalogue.fact("languages") or {}
        return dict(sorted(languages.items(), key=lambda pair: (-pair[1], pair[0])))

    def languages(self) -> tuple[str, ...]:
        """Returns the languages, by their codes, of documents whose words are indexed by stems, or as code."""
        return tuple(sorted(self.document_languages().keys() & INDEXED_LANGUAGES))

    @property
    def is_code(self) -> bool:
        """Tells whether more documents are source code than not."""
        return 2 * self.document_languages().get(CODE, 0) > self.document_count()

    def _need_passages_in(self, document_id: int, start: int, end: int) -> None:
        spans = self.reading.spans(document_id)
        self.reading.need_passages(span[0] for span in spans if span[1] < end and span[2] > start)

    def every_document(self) -> list[int]:
        """Returns the numbers of all documents, whose rows are read."""
        points = every_point(self.reading.engine, HasToken((DOCUMENT,)), (BORN, DIED, ROWS))
        return self.reading.put_documents(points)

    def _described(self, documents: Iterable[int]) -> Iterator[DocumentRow]:
        listed = list(documents)
        self.reading.need_documents(listed)
        wanted = set(listed)
        yield from self._documents_in(wanted)

    def _documents_in(self, wanted: set[int]) -> Iterator[DocumentRow]:
        for row in super().documents():
            if row.id in wanted:
                spans = self.reading.spans(row.id)
                yield _with_passages(row, len(spans), sum(span[3] for span in spans))

    def _recorded(self, column: Column, name: str) -> list[str]:
        forms = spellings(name)
        if len(forms) == 1 or self._has_value(column, name):
            return [name]
        return [form for form in forms if self._has_value(column, form)] or [name]

    def _has_value(self, column: Column, value: str) -> bool:
        return self.reading.engine.count(HasToken((value_token(column, value),))) > 0


def _with_passages(row: DocumentRow, passages: int, cut: int) -> DocumentRow:
    return replace(row, passages=passages, cut=cut)
