"""Makes the token vectors of passages: which are new, which another version has, how they are coded."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from itertools import accumulate

import numpy as np

from passagework.ingest.chunker import EncoderInput, encode_inputs
from passagework.ingest.writing.derived_data import DerivedTexts, EncodedTexts
from passagework.retrieval.errors import StoreError
from passagework.retrieval.late_interaction.kept_tokens import aligned_mask
from passagework.retrieval.late_interaction.stored_tokens import (
    TOKEN_RECORD,
    TokenRecord,
    recorded_tokens,
    token_encoder,
)
from passagework.retrieval.late_interaction.token_encoder import AT_ONCE, token_windows
from passagework.retrieval.models.encoder import Encoder, TwofoldEncoder
from passagework.retrieval.models.identity import recorded_window
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import Store, Writer, token_rows
from passagework.retrieval.store.token_rows import RerankerPassage, TokenCodes
from passagework.retrieval.store.writer import one_line_each
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document, Passage, TokenIds, Vectors
from passagework.retrieval.words.file_names import searched_title

FILLED_AT_ONCE = 2 * AT_ONCE
"""Passages between two commits where token vectors are added to what is there: about two seconds on a laptop."""

FILLED_CHARACTERS = 256_000
"""The characters of such a commit's passages, unless one alone is longer: ten times the usual length."""

CHARACTERS_A_TOKEN = 4
"""What a text counts as that is encoded for its token vectors, before it is tokenised."""

LONGEST = 4_000_000
"""Characters of a passage whose token vectors are kept: 200 MB of them. A longer one is encoded when it is reranked."""


class TokenVectors:
    """Makes and stores the token vectors that reranking compares, as codes; see `DerivedData`.

    `copies_from` is another version of the collection, whose token vectors serve where they were made alike.
    """

    def __init__(self, store: Store, record: TokenRecord, *, copies_from: Store | None = None) -> None:
        self._record = record
        self._store = store
        self._copies_from = copies_from
        if copies_from is not None:
            with copies_from.read() as before, store.read() as snapshot:
                # A text beyond the window is read in several, which another window cuts elsewhere.
                same_vectors = record.same_vectors_as(recorded_tokens(before))
                if not same_vectors or recorded_window(before) != recorded_window(snapshot):
                    self._copies_from = None

    def text_of(self, document: Document, passage: Passage) -> tuple[bytes, str]:
        """Returns the passage as a reranker reads it, behind its hash."""
        text = reranker_text(searched_title(document), one_line_each(passage.headings), passage.text)
        return text_hash(text), text

    def queue(
        self,
        texts: Mapping[bytes, str],
        group: DerivedTexts,
        earlier: Sequence[DerivedTexts],
        passages: Container[bytes],
    ) -> int:
        """Queues in `group` what has no token vectors yet, nor on their way; returns about how many tokens it has."""
        fresh = [key for key in texts if not any(key in other_group for other_group in (group, *earlier))]
        if not fresh:
            return 0
        with self._store.read() as snapshot:
            known = token_rows.known_hashes(snapshot, fresh)
        if self._copies_from is not None:
            with self._copies_from.read() as snapshot:
                elsewhere = token_rows.known_hashes(snapshot, [key for key in fresh if key not in known])
            group.copies |= elsewhere
            known |= elsewhere
        new = {key: texts[key] for key in fresh if key not in known}
        group.texts.update(new)
        return sum(len(text) for key, text in new.items() if key not in passages) // CHARACTERS_A_TOKEN

    def encode(self, encoder: Encoder, passages: Mapping[bytes, EncoderInput], group: DerivedTexts) -> EncodedTexts:
        """Encodes passages and what was queued, on the thread of the encoder: what is both in one pass."""
        both = {key: group.texts[key] for key in passages if key in group.texts}
        vectors, codes = None, dict[bytes, TokenCodes]()
        if both and isinstance(encoder, TwofoldEncoder):
            vectors, codes = vectors_and_codes(
                encoder, self._record, {key: passage.token_ids for key, passage in passages.items()}, both
            )
        elif passages:
            vectors = encode_inputs(encoder, list(passages.values()))
        rest = {key: text for key, text in group.texts.items() if key not in codes}
        if rest:
            codes |= token_codes(encoder, self._record, rest)
        return EncodedTexts(vectors, lambda writer: token_rows.put_codes(writer, codes))

    def copy(self, writer: Writer, group: DerivedTexts) -> None:
        """Stores what another version has of the texts that were queued to be copied."""
        if self._copies_from is not None and group.copies:
            with self._copies_from.read() as snapshot:
                token_rows.put_codes(writer, token_rows.codes_by_hash(snapshot, list(group.copies)))

    def fill(self, encoder: Callable[[], Encoder], progress: Callable[[int, int], None] | None) -> int:
        """Makes the token vectors of passages that were there before the collection kept any; returns of how many."""
        if self._record.filled:
            return 0
        return fill(self._store, encoder(), self._record, progress=progress)


def vectors_and_codes(
    encoder: TwofoldEncoder, record: TokenRecord, passages: Mapping[bytes, TokenIds], texts: Mapping[bytes, str]
) -> tuple[Vectors, dict[bytes, TokenCodes]]:
    """Returns the vectors of passages, in order, and the codes of those in `texts`, of one pass through the model."""
    keys = list(passages)
    tokens = encoder.tokenize_whole(list(texts.values()))
    masks = {
        key: aligned_mask(record.kept.mask(texts[key], text_tokens), text_tokens, passages[key])
        for key, text_tokens in zip(texts, tokens, strict=True)
    }
    taken: dict[bytes, tuple[Vectors, int]] = {}

    def take(place: int, token_vectors: Vectors) -> None:
        mask = masks.get(keys[place])
        if mask is not None:
            taken[keys[place]] = token_vectors[mask], len(token_vectors)

    vectors = encoder.encode_tokens_twofold(list(passages.values()), take)
    codes = coded_each(record, [kept for kept, _ in taken.values()])
    rows = zip(taken.items(), codes, strict=True)
    return vectors, {key: TokenCodes(read, coded) for (key, (_, read)), coded in rows}


def token_codes(encoder: Encoder, record: TokenRecord, texts: Mapping[bytes, str]) -> dict[bytes, TokenCodes]:
    """Returns the token vectors of texts as codes, by the same hashes; none of a text beyond LONGEST."""
    keys = [key for key, text in texts.items() if len(text) <= LONGEST]
    parts: dict[bytes, list[bytes]] = {key: [] for key in texts}
    counts = dict.fromkeys(texts, 0)
    for windows in token_windows(token_encoder(encoder), [texts[key] for key in keys], record.kept):
        codes = coded_each(record, [window.vectors for window in windows])
        for window, coded in zip(windows, codes, strict=True):
            parts[keys[window.text]].append(coded)
            counts[keys[window.text]] += window.tokens
    return {key: TokenCodes(counts[key], b"".join(blocks)) for key, blocks in parts.items()}


def coded_each(record: TokenRecord, vectors: Sequence[Vectors]) -> list[bytes]:
    """Returns the codes of each text's token vectors, all rotated at once: small products keep threads waiting.

    Raises StoreError where they are not of the dimensions that are recorded.
    """
    other = next((rows.shape[1] for rows in vectors if rows.shape[1] != record.dim), None)
    if other is not None:
        raise StoreError(
            f"the collection's record of its token vectors is damaged ({record.dim} dimensions, not {other}); mend it "
            "with `passagework doctor --repair`"
        )
    ends = list(accumulate(len(rows) * record.codec.row_bytes for rows in vectors))
    codes = record.codec.encode(np.concatenate(vectors)) if vectors else b""
    return [codes[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def fill(
    store: Store, encoder: Encoder, record: TokenRecord, *, progress: Callable[[int, int], None] | None = None
) -> int:
    """Makes the token vectors that passages lack, a few passages a commit, and records that none is missing.

    Killed at any instant, the next call goes on from the last commit. `progress` gets how many passages are done, of
    how many. Returns how many there were.
    """
    with store.read() as snapshot:
        missing = token_rows.count_without(snapshot)
    done = last = 0
    while True:
        with store.read() as snapshot:
            rows = _commit_rows(token_rows.passages_without(snapshot, after=last, most=FILLED_AT_ONCE))
            texts = {row.id: reranker_text(row.title, row.headings, row.text) for row in rows}
            hashes = {passage_id: text_hash(text) for passage_id, text in texts.items()}
            known = token_rows.known_hashes(snapshot, list(hashes.values()))
        if not rows:
            break
        fresh = {hashes[passage_id]: text for passage_id, text in texts.items() if hashes[passage_id] not in known}
        codes = token_codes(encoder, record, fresh)
        with store.write() as writer:
            token_rows.put_codes(writer, codes)
            token_rows.put_reranker_hashes(writer, hashes)
        done, last = done + len(rows), rows[-1].id
        if progress is not None:
            progress(done, missing)
    with store.write() as writer:
        writer.set_meta(TOKEN_RECORD, record.complete().to_json())
    return done


def _commit_rows(rows: Sequence[RerankerPassage]) -> list[RerankerPassage]:
    """Returns the first of the rows, as far as FILLED_CHARACTERS go, and at least one, where there is one."""
    behind = accumulate(len(row.text) for row in rows)
    return [
        row for place, (row, end) in enumerate(zip(rows, behind, strict=True)) if not place or end <= FILLED_CHARACTERS
    ]
