"""Token vectors in the database: codes by the hash of the text that a reranker reads, and which passage reads what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from passagework.retrieval.store import schema as t
from passagework.retrieval.store.batches import batches
from passagework.retrieval.store.snapshot import Snapshot
from passagework.retrieval.store.writer import Writer


@dataclass(frozen=True, slots=True)
class TokenCodes:
    """The coded vectors of a text of so many tokens: of all of them, or of some."""

    tokens: int
    codes: bytes

    def is_whole(self, row_bytes: int) -> bool:
        """Tells whether they are codes of so many bytes each, and of no more tokens than the text has."""
        return len(self.codes) % row_bytes == 0 and len(self.codes) <= self.tokens * row_bytes


@dataclass(frozen=True, slots=True)
class RerankerPassage:
    """A passage's parts that a reranker reads, and the hash of their text, where it was recorded."""

    id: int
    title: str
    headings: tuple[str, ...]
    text: str
    hash: bytes | None


def codes_by_hash(snapshot: Snapshot, hashes: Sequence[bytes]) -> dict[bytes, TokenCodes]:
    """Returns the codes of those texts that have some; rows of another shape than a writer's are left out."""
    v = t.token_vectors.c
    codes_of: dict[bytes, TokenCodes] = {}
    for batch in batches(hashes):
        for key, tokens, codes in snapshot.connection.execute(
            select(v.hash, v.tokens, v.codes).where(v.hash.in_(batch))
        ):
            if isinstance(tokens, int) and isinstance(codes, bytes):
                codes_of[key] = TokenCodes(tokens, codes)
    return codes_of


def known_hashes(snapshot: Snapshot, hashes: Sequence[bytes]) -> set[bytes]:
    """Returns those of the texts that have token vectors."""
    stored: set[bytes] = set()
    for batch in batches(hashes):
        query = select(t.token_vectors.c.hash).where(t.token_vectors.c.hash.in_(batch))
        stored.update(snapshot.connection.execute(query).scalars())
    return stored


def put_codes(writer: Writer, codes: Mapping[bytes, TokenCodes]) -> None:
    """Stores token vectors; they go with the next sweep unless a passage reads their text."""
    rows = [{"hash": key, "tokens": stored.tokens, "codes": stored.codes} for key, stored in codes.items()]
    if rows:
        writer.connection.execute(upsert(t.token_vectors).on_conflict_do_nothing(), rows)


def put_reranker_hashes(writer: Writer, hashes: Mapping[int, bytes]) -> None:
    """Records the hash of what is read of each passage, by its id."""
    rows = [{"passage_id": passage, "hash": key} for passage, key in hashes.items()]
    if rows:
        statement = upsert(t.readings)
        replacing = statement.on_conflict_do_update(
            index_elements=["passage_id"], set_={"hash": statement.excluded.hash}
        )
        writer.connection.execute(replacing, rows)


def passages_without(snapshot: Snapshot, *, after: int = 0, most: int) -> list[RerankerPassage]:
    """Returns the first passages behind `after` that have no token vectors, in order of id."""
    query = _reranker_passages().where(t.passages.c.id > after, t.token_vectors.c.id.is_(None)).limit(most)
    return [_reranker_passage(*row) for row in snapshot.connection.execute(query)]


def count_without(snapshot: Snapshot) -> int:
    """Returns how many passages have no token vectors."""
    return int(snapshot.connection.execute(_passage_count().where(t.token_vectors.c.id.is_(None))).scalar_one())


def count_with(snapshot: Snapshot) -> int:
    """Returns how many passages have token vectors."""
    return int(snapshot.connection.execute(_passage_count().where(t.token_vectors.c.id.is_not(None))).scalar_one())


def bytes_stored(snapshot: Snapshot) -> int:
    """Returns the bytes of all token vectors."""
    query = select(func.coalesce(func.sum(func.length(t.token_vectors.c.codes)), 0))
    return int(snapshot.connection.execute(query).scalar_one())


def forget_all(writer: Writer) -> None:
    """Takes out all token vectors; the file keeps its size, and what comes next takes the room."""
    writer.connection.execute(delete(t.readings))
    writer.connection.execute(delete(t.token_vectors))


# for the doctor


def reranker_passages(snapshot: Snapshot) -> Iterator[RerankerPassage]:
    """Yields every passage, in order of id."""
    rows = snapshot.connection.execute(_reranker_passages().execution_options(yield_per=1000))
    for row in rows:
        yield _reranker_passage(*row)


def passages_at(snapshot: Snapshot, places: Sequence[int]) -> list[RerankerPassage]:
    """Returns the passages at these places of all, counted from 0 in order of id."""
    ids = select(t.passages.c.id).order_by(t.passages.c.id)
    chosen = [snapshot.connection.execute(ids.offset(place).limit(1)).scalar() for place in places]
    query = _reranker_passages().where(t.passages.c.id.in_([passage for passage in chosen if passage is not None]))
    return [_reranker_passage(*row) for row in snapshot.connection.execute(query)]


def count_unused(snapshot: Snapshot) -> int:
    """Counts the token vectors of texts that no passage has."""
    return int(
        snapshot.connection.execute(
            select(func.count()).select_from(t.token_vectors).where(t.unused_token_vectors())
        ).scalar_one()
    )


def misshapen(snapshot: Snapshot, *, row_bytes: int) -> list[bytes]:
    """Returns the hashes of the rows that haven't so many bytes a code, or more codes than their text has tokens."""
    v = t.token_vectors.c
    wrong = or_(
        func.typeof(v.codes) != "blob",
        func.typeof(v.tokens) != "integer",
        v.tokens < 0,
        func.length(v.codes) % row_bytes != 0,
        func.length(v.codes) > v.tokens * row_bytes,
    )
    return list(snapshot.connection.execute(select(v.hash).where(wrong)).scalars())


def every_code(snapshot: Snapshot) -> Iterator[tuple[bytes, bytes]]:
    """Yields the hash and the codes of every text that has token vectors, one after another."""
    v = t.token_vectors.c
    rows = snapshot.connection.execute(select(v.hash, v.codes).execution_options(yield_per=64))
    for row in rows:
        yield row[0], row[1]


def every_text(snapshot: Snapshot) -> Iterator[tuple[bytes, TokenCodes]]:
    """Yields the hash of every text that has token vectors, with them, one after another."""
    v = t.token_vectors.c
    rows = snapshot.connection.execute(select(v.hash, v.tokens, v.codes).execution_options(yield_per=64))
    for key, tokens, codes in rows:
        yield key, TokenCodes(tokens, codes)


def drop_codes(writer: Writer, hashes: Sequence[bytes]) -> None:
    """Takes out token vectors that are to be made again."""
    for batch in batches(hashes):
        writer.connection.execute(delete(t.token_vectors).where(t.token_vectors.c.hash.in_(batch)))


def drop_reranker_hashes(writer: Writer, passage_ids: Sequence[int]) -> None:
    """Forgets what these passages read."""
    for batch in batches(passage_ids):
        writer.connection.execute(delete(t.readings).where(t.readings.c.passage_id.in_(batch)))


def _reranker_passages() -> Select[Any]:
    p, r = t.passages.c, t.readings.c
    return (
        select(p.id, p.title, p.headings, p.text, r.hash)
        .outerjoin(t.readings, r.passage_id == p.id)
        .outerjoin(t.token_vectors, t.token_vectors.c.hash == r.hash)
        .order_by(p.id)
    )


def _passage_count() -> Select[Any]:
    return (
        select(func.count())
        .select_from(t.passages)
        .outerjoin(t.readings, t.readings.c.passage_id == t.passages.c.id)
        .outerjoin(t.token_vectors, t.token_vectors.c.hash == t.readings.c.hash)
    )


def _reranker_passage(passage: int, title: str, headings: str, text: str, key: bytes | None) -> RerankerPassage:
    return RerankerPassage(passage, title, tuple(headings.split("\n")) if headings else (), text, key)
