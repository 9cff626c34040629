"""Any number of passages made of real ones: texts by exchanging sentences, vectors by mixing near neighbours.

The base is SQuAD train and MedQuAD, cut into runs of sentences and encoded once. A made passage takes most sentences of
a base passage, and some of others with its title; its vector is a mixture of the base passage's and of one of its
nearest neighbours', and noise in proportion to their distance. `likeness` tells whether made vectors are as hard to
search as real ones.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import data_folder
from passagework.ingest.writing.token_vectors import token_codes
from passagework.retrieval import BiEncoder
from passagework.retrieval.dense.index import ExactIndex, IndexKind, build_index
from passagework.retrieval.late_interaction.stored_tokens import new_record
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store.token_rows import TokenCodes
from passagework.retrieval.types import Ids, Vectors

SEED = 5
STEP = 10_000
MOST_WORDS = 75
LEAST_WORDS = 20
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(\"'])")
NEAR = 12
"""Nearest neighbours that a passage may be mixed with."""
OWN_SHARE = (0.45, 0.95)
"""Of the mixture that is the passage's own vector, drawn evenly."""
NOISE = 0.55
"""Length of the noise, against the distance to the neighbour mixed with: by it the made set is as hard as the base."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Real passages: a run of sentences each, its title, the rows with that title; real questions."""

    titles: Sequence[str]
    sentences: Sequence[tuple[str, ...]]
    rows_of: Mapping[str, Sequence[int]]
    questions: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """Their unit vectors (n, dim), and the rows of the `NEAR` nearest others of each, behind its own."""

    vectors: Vectors
    near: Ids


def real_texts(most: int) -> Texts:
    """So many real passages, always the same ones."""
    found = list(_runs())
    random.Random(SEED).shuffle(found)
    found = found[:most]
    rows: dict[str, list[int]] = defaultdict(list)
    for row, (title, _) in enumerate(found):
        rows[title].append(row)
    return Texts([one for one, _ in found], [one for _, one in found], rows, list(_questions()))


def real_vectors(texts: Texts, folder: Path) -> Base:
    """Their vectors, encoded when they are first asked for, and kept in `folder`."""
    kept = folder / f"base-{len(texts.sentences)}.npz"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        vectors = BiEncoder.load().encode_passages([" ".join(sentences) for sentences in texts.sentences])
        near = ExactIndex(np.arange(len(vectors)), vectors).search(vectors, NEAR + 1).ids
        with kept.open("wb") as file:
            np.savez(file, vectors=vectors, near=near)
    with np.load(kept) as arrays:
        return Base(arrays["vectors"], arrays["near"])


def real_codes(texts: Texts, folder: Path, encoder: Encoder) -> list[TokenCodes]:
    """The codes of their token vectors, in order, made when they are first asked for, and kept in `folder`."""
    kept = folder / f"codes-{len(texts.sentences)}.npz"
    if not kept.exists():
        whole = [
            reranker_text(title, (), " ".join(run)) for title, run in zip(texts.titles, texts.sentences, strict=True)
        ]
        made: list[TokenCodes] = []
        for start in range(0, len(whole), STEP):
            group = {place.to_bytes(4, "big"): text for place, text in enumerate(whole[start : start + STEP])}
            made += token_codes(encoder, new_record(encoder), group).values()
        with kept.open("wb") as file:
            np.savez(
                file,
                tokens=[one.tokens for one in made],
                ends=np.cumsum([len(one.codes) for one in made]),
                codes=np.frombuffer(b"".join(one.codes for one in made), np.uint8),
            )
    with np.load(kept) as arrays:
        codes, ends = arrays["codes"].tobytes(), arrays["ends"].tolist()
        begins = [0, *ends[:-1]]
        parts = zip(arrays["tokens"].tolist(), begins, ends, strict=True)
        return [TokenCodes(tokens, codes[begin:end]) for tokens, begin, end in parts]


def made_codes(codes: Sequence[TokenCodes], count: int, *, seed: int = SEED) -> Iterator[list[TokenCodes]]:
    """Groups of `STEP`: the codes of the real passages that `count` are made of, which are about as long."""
    for rows in _rows(len(codes), count, seed, STEP):
        yield [codes[row] for row in rows.tolist()]


def made_texts(texts: Texts, count: int, *, seed: int = SEED, step: int = STEP) -> Iterator[list[tuple[str, str]]]:
    """`count` (title, text) in groups of `step`, always the same ones."""
    draw = random.Random(seed)
    for rows in _rows(len(texts.sentences), count, seed, step):
        yield [(texts.titles[row], _mixed(texts, row, draw)) for row in rows.tolist()]


def made_vectors(base: Base, count: int, *, seed: int = SEED, step: int = STEP) -> Iterator[Vectors]:
    """`count` unit vectors (n, dim) float32 in groups of `step`, always the same ones, in the order of the texts."""
    noise = np.random.default_rng(seed)
    for rows in _rows(len(base.vectors), count, seed, step):
        others = base.near[rows, noise.integers(1, NEAR + 1, len(rows))]
        yield _mixtures(base.vectors[rows], base.vectors[others], noise)


def _rows(base: int, count: int, seed: int, step: int) -> Iterator[Ids]:
    """The row of the base that each passage is made of: each equally often."""
    order = np.random.default_rng(seed).permutation(base)
    for start in range(0, count, step):
        yield order[np.arange(start, min(count, start + step)) % base]


def _mixtures(own: Vectors, other: Vectors, noise: np.random.Generator) -> Vectors:
    share = noise.uniform(*OWN_SHARE, (len(own), 1)).astype(np.float32)
    apart = np.linalg.norm(own - other, axis=1, keepdims=True)
    random_part = noise.standard_normal(own.shape, dtype=np.float32)
    random_part *= NOISE * apart / np.linalg.norm(random_part, axis=1, keepdims=True)
    mixed = share * own + (1 - share) * other + random_part
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.ascontiguousarray(mixed, dtype=np.float32)


def _mixed(texts: Texts, row: int, draw: random.Random) -> str:
    """The passage's sentences, about a third of them exchanged for others below the same title, in a new order."""
    alike = texts.rows_of[texts.titles[row]]
    chosen = []
    for sentence in texts.sentences[row]:
        exchanged = draw.random() < 1 / 3
        chosen.append(draw.choice(texts.sentences[draw.choice(alike)]) if exchanged else sentence)
    draw.shuffle(chosen)
    return " ".join(chosen)


def likeness(base: Base) -> dict[str, dict[str, float]]:
    """Real and as many made vectors: cosines of nearest neighbours, and the lists that IVF probes for its recall."""
    synthetic = np.vstack(list(made_vectors(base, len(base.vectors))))
    return {"real": _hardness(base.vectors), "made": _hardness(synthetic)}


def _hardness(vectors: Vectors) -> dict[str, float]:
    ids = np.arange(len(vectors))
    sample = np.random.default_rng(0).choice(len(vectors), 500, replace=False)
    scores = ExactIndex(ids, vectors).search(vectors[sample], 101).scores
    built = build_index(ids, vectors, kind=IndexKind.IVF_SQ8)
    return {
        **{f"cosine_{rank}_p{share}": float(np.percentile(scores[:, rank], share)) for rank in (1, 10, 100)
           for share in (10, 50, 90)},
        "nlist": built.parameters["nlist"],
        "nprobe": built.parameters["nprobe"],
        "recall": built.recall_at_10,
    }  # fmt: skip


def _runs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(title, sentences) of every different run of whole sentences of at most MOST_WORDS, where it has LEAST_WORDS."""
    seen: set[tuple[str, ...]] = set()
    for name in ("squad-train", "medquad"):
        for line in _lines(name):
            for run in _cut(str(line["passage"])):
                if run not in seen:
                    seen.add(run)
                    yield str(line["title"]), run


def _cut(text: str) -> Iterator[tuple[str, ...]]:
    run: list[str] = []
    words = 0
    for sentence in SENTENCE.split(" ".join(text.split())):
        length = len(sentence.split())
        if words + length > MOST_WORDS:
            if words >= LEAST_WORDS:
                yield tuple(run)
            run, words = [], 0
        if length <= MOST_WORDS:
            run.append(sentence)
            words += length
    if words >= LEAST_WORDS:
        yield tuple(run)


def _questions() -> Iterator[str]:
    """A real question of every eighth SQuAD paragraph, and of every eighth of MedQuAD."""
    for line in _lines("squad-train")[::8]:
        yield from (str(question["text"]).strip() for question in line["questions"][:1])
    for line in _lines("medquad")[::8]:
        yield str(line["question"])


def _lines(name: str) -> list[dict[str, Any]]:
    with gzip.open(data_folder() / "pairs" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
