"""Checks token vectors, where a collection keeps them: each passage has them, and the encoder makes the same."""

from __future__ import annotations

import numpy as np

from passagework.ingest.maintenance.doctor.check_context import TOKEN_PASSAGES, TOKENS, CheckContext
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.ingest.maintenance.doctor.vector_checks import SAMPLE_PASSAGES, loaded_encoder
from passagework.ingest.writing.token_vectors import fill
from passagework.retrieval.errors import StoreError
from passagework.retrieval.late_interaction.stored_tokens import (
    TOKEN_RECORD,
    NoTokenVectors,
    TokenRecord,
    new_record,
    recorded_tokens,
    token_encoder,
)
from passagework.retrieval.late_interaction.token_encoder import token_vectors_of
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import Snapshot, token_rows
from passagework.retrieval.store.token_rows import RerankerPassage, TokenCodes
from passagework.retrieval.text import counted, text_hash
from passagework.retrieval.types import Vectors

LEAST_COSINE = {4: 0.98, 2: 0.9, 1: 0.7}
"""By bits, of a passage's codes with token vectors of the passage, on the mean: 0.995, 0.94 and 0.80 if all is well."""


def check_token_vectors(context: CheckContext) -> str:
    """Checks that every passage has whole token vectors of the text that is read of it, and that none is unused."""
    with context.store.read() as snapshot:
        record = recorded_tokens(snapshot)
        if record is None:
            return _check_none(context, snapshot)
        misshapen = token_rows.misshapen(snapshot, row_bytes=record.codec.row_bytes)
        if misshapen:
            text = f"those of {counted(len(misshapen), 'text')} are not of {record.codec.row_bytes} bytes a token"
            context.find("token vectors", text, Remedy.TOKENS)
            context.bad[TOKENS].extend(misshapen)
        known = set(misshapen)
        rest = ((key, codes) for key, codes in token_rows.every_code(snapshot) if key not in known)
        broken = [key for key, codes in rest if not record.codec.is_intact(codes)]
        if broken:
            text = f"those of {counted(len(broken), 'text')} hold what no vector is coded as"
            context.find("token vectors", text, Remedy.TOKENS)
            context.bad[TOKENS].extend(broken)
        strangers = [
            passage.id
            for passage in token_rows.reranker_passages(snapshot)
            if passage.hash not in (None, _hash(passage))
        ]
        if strangers:
            text = f"{counted(len(strangers), 'passage')} with those of another text"
            context.find("token vectors", text, Remedy.TOKENS)
            context.bad[TOKEN_PASSAGES].extend(strangers)
        missing, unused = token_rows.count_without(snapshot), token_rows.count_unused(snapshot)
        if missing and record.filled:
            context.find("token vectors", f"{counted(missing, 'passage')} without", Remedy.TOKENS)
        if unused and not snapshot.meta("unswept"):
            context.find("token vectors", f"those of {counted(unused, 'text')} that no passage reads", Remedy.TOKENS)
        waiting = f"; {missing:,} wait for the next ingest" if missing and not record.filled else ""
        return f"of {counted(token_rows.count_with(snapshot), 'passage')}{waiting}"


def check_token_encoding(context: CheckContext) -> str:
    """Encodes a sample of passages again, and compares the token vectors with the stored ones."""
    with context.store.read() as snapshot:
        record = recorded_tokens(snapshot)
        sample = [] if record is None else _sample(snapshot, record, {*context.bad[TOKENS]})
    if record is None or not sample:
        return "no token vectors are kept" if record is None else "none yet"
    model = token_encoder(loaded_encoder(context))
    encoded = token_vectors_of(model, [text for text, _, _ in sample], record.kept)
    cosines = [_likeness(record, vectors, stored) for vectors, (_, _, stored) in zip(encoded, sample, strict=True)]
    bad = [key for (_, key, _), cosine in zip(sample, cosines, strict=True) if not cosine >= LEAST_COSINE[record.bits]]
    if bad:
        of = counted(len(sample), "passage")
        text = f"{len(bad):,} of {of} encoded again differ: least cosine {min(cosines):.4f}"
        context.find("token encoder", text, Remedy.TOKENS)
        context.bad[TOKENS].extend(bad)
    return f"{counted(len(sample), 'passage')} encoded again, least cosine {min(cosines):.4f}"


def mend_token_vectors(context: CheckContext) -> None:
    """Takes out what is damaged or unused, and makes what passages lack; all, where the record makes no sense."""
    store = context.store
    bad = [key for key in context.bad[TOKENS] if isinstance(key, bytes)]
    strangers = [passage_id for passage_id in context.bad[TOKEN_PASSAGES] if isinstance(passage_id, int)]
    with store.read() as snapshot:
        record, recorded = recorded_tokens(snapshot), snapshot.meta(TOKEN_RECORD)
    if NoTokenVectors.says(recorded):
        with store.write() as writer:
            token_rows.forget_all(writer)
        return
    encoder = loaded_encoder(context)
    fresh = new_record(encoder)
    if record is not None and record.dim == fresh.dim:
        fresh = record
    with store.write() as writer:
        if fresh is not record:
            token_rows.forget_all(writer)
        token_rows.drop_codes(writer, bad)
        token_rows.drop_reranker_hashes(writer, strangers)
        writer.set_meta(TOKEN_RECORD, fresh.unfilled().to_json())
        writer.expect_unused()
        writer.sweep_vectors()
    fill(store, encoder, fresh)


def _check_none(context: CheckContext, snapshot: Snapshot) -> str:
    """Checks a collection that says it keeps no token vectors: it has none, and what it says makes sense."""
    recorded = snapshot.meta(TOKEN_RECORD)
    if not NoTokenVectors.says(recorded):
        try:
            made_by, current = TokenRecord.from_json(recorded).encoder, recorded_encoder(snapshot)
            text = f"kept of {made_by.describe()}, and the collection is of {current.describe()}"
        except StoreError as error:
            text = str(error)
        context.find("token vectors", text, Remedy.TOKENS)
    elif token_rows.count_unused(snapshot) or token_rows.count_with(snapshot):
        context.find("token vectors", "there are some, though the collection keeps none", Remedy.TOKENS)
    return "none are kept"


def _hash(passage: RerankerPassage) -> bytes:
    return text_hash(reranker_text(passage.title, passage.headings, passage.text))


def _sample(snapshot: Snapshot, record: TokenRecord, bad: set[int | bytes]) -> list[tuple[str, bytes, TokenCodes]]:
    """Returns texts evenly spaced among the passages, with the codes stored for them."""
    ids = np.linspace(0, max(0, snapshot.passage_count() - 1), SAMPLE_PASSAGES).astype(int)
    rows = token_rows.passages_at(snapshot, sorted(set(ids.tolist())))
    texts = {text_hash(text): text for row in rows if (text := reranker_text(row.title, row.headings, row.text))}
    stored = token_rows.codes_by_hash(snapshot, [key for key in texts if key not in bad])
    whole = {key: stored_codes for key, stored_codes in stored.items() if stored_codes.codes}
    return [
        (texts[key], key, stored_codes)
        for key, stored_codes in whole.items()
        if len(stored_codes.codes) % record.codec.row_bytes == 0
    ]


def _likeness(record: TokenRecord, vectors: Vectors, stored: TokenCodes) -> float:
    """Returns the mean, over the codes, of the best cosine with a token vector of the text.

    A text that was tokenised in parts may have a token more than in one, so codes are not compared one by one.
    """
    decoded = record.codec.decode(stored.codes)
    if not len(vectors):
        return 0.0
    lengths = np.linalg.norm(decoded, axis=1, keepdims=True)
    cosines = decoded @ record.codec.rotate(vectors).T / np.where(lengths > 0, lengths, 1)
    return float(np.where(lengths[:, 0] > 0, cosines.max(axis=1), 1.0).mean())
