"""Caches what the collection holds: it is read once after each commit, however many sessions look at it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.status import Status
from passagework.retrieval.store import DocumentRow, SourceRow
from passagework.retrieval.types import Document


def status_of(collection: Collection) -> Status:
    """Returns what `passagework status --json` prints."""
    return _status(collection, *_key(collection))


def documents_of(collection: Collection) -> Sequence[DocumentRow]:
    """Returns every document, in order of path."""
    return _documents(collection, *_key(collection))


def document_of(collection: Collection, document_id: int) -> Document:
    """Returns one document with its text; the last ones are kept."""
    return _document(collection, *_key(collection), document_id)


def sources_of(collection: Collection) -> Sequence[SourceRow]:
    """Returns every file, with its state."""
    return _sources(collection, *_key(collection))


def _key(collection: Collection) -> tuple[str, str]:
    return str(collection.path.resolve()), collection.moment()


# As resources, for nobody changes them: as data they would be copied at every click.


@st.cache_resource(show_spinner=False, max_entries=4)
def _status(_collection: Collection, path: str, moment: str) -> Status:  # noqa: ARG001 - the key
    return _collection.status()


@st.cache_resource(show_spinner=False, max_entries=4)
def _documents(_collection: Collection, path: str, moment: str) -> Sequence[DocumentRow]:  # noqa: ARG001 - the key
    return _collection.documents()


@st.cache_resource(show_spinner=False, max_entries=8)
def _document(_collection: Collection, path: str, moment: str, document_id: int) -> Document:  # noqa: ARG001 - the key
    return _collection.document(document_id)


@st.cache_resource(show_spinner=False, max_entries=4)
def _sources(_collection: Collection, path: str, moment: str) -> Sequence[SourceRow]:  # noqa: ARG001 - the key
    return _collection.sources()
