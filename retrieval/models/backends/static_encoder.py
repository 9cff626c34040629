"""Runs tables of word vectors (model2vec's, sentence-transformers' StaticEmbedding) by NumPy: look up, and average."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.backends.backend import EncoderConfig, Rows, passage_prompt_of
from passagework.retrieval.models.backends.model_files import (
    model_load_errors,
    module_names,
    read_json,
    read_modules,
    read_tokenizer,
)
from passagework.retrieval.models.batching import BatchShape
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.types import Vectors

MODULES = (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])
"""Modules of a model that is a table and no more."""

ENDLESS = 1_000_000
"""Tokens of its window: it has no positions that could run out. The number is that of model2vec's own config.json."""

SHAPE = BatchShape(tokens=4096, width_step=1, rows_step=1)
"""4 MB of looked-up vectors of 256 dimensions."""

LOOKED_UP = 512
"""Columns of a batch that are summed in single precision: one text may have a million, and would lose digits."""


class StaticEncoder:
    """Holds a table with a row for each token; a text's vector is the mean of its tokens' rows.

    The mean of the whole table stands for a text of whose tokens it holds nothing, which has no direction of its own.
    """

    name, device, shape = "numpy cpu fp32", "cpu", SHAPE

    def __init__(self, table: Vectors, encoder_config: EncoderConfig) -> None:
        self._table = table
        self._unknown = table.mean(axis=0)
        self.encoder_config = encoder_config

    @classmethod
    def load(cls, resolved: ResolvedModel) -> StaticEncoder | None:
        """Returns the model of this folder; None for any other kind; raises ModelUnavailableError for a damaged one."""
        if module_names(resolved.path) not in MODULES:
            return None
        folder = resolved.path / str(read_modules(resolved.path)[0].get("path", ""))
        with model_load_errors(resolved):
            table = _read_table(folder)
            tokenizer = read_tokenizer(folder)
        if tokenizer is None:
            raise ModelUnavailableError(f"{resolved.name} has no tokenizer.json in {folder}")
        if tokenizer.get_vocab_size() > len(table):
            raise ModelUnavailableError(
                f"{resolved.name} has {len(table):,} vectors for {tokenizer.get_vocab_size():,} tokens"
            )
        tokenizer.post_processor = None  # no special tokens: their rows would be part of every mean
        return cls(table, _encoder_config(resolved.path, tokenizer, table.shape[1]))

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:  # noqa: ARG002 - part of the mean
        """Returns (rows, dimension) float32."""
        sums = np.zeros((len(ids), self._table.shape[1]), dtype=np.float64)
        for start in range(0, ids.shape[1], LOOKED_UP):
            columns = slice(start, start + LOOKED_UP)
            sums += (mask[:, None, columns].astype(np.float32) @ self._table[ids[:, columns]])[:, 0]
        means = sums / np.maximum(mask.sum(axis=1, keepdims=True), 1)
        nothing = ~means.any(axis=1)
        means[nothing] = self._unknown if self._unknown.any() else 1.0
        return np.asarray(means, dtype=np.float32)

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> None:  # noqa: ARG002
        """Returns None: a token has the same row in every text, which BM25 tells as well."""
        return

    def text_and_token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, None]:
        """Returns the vectors of texts, and None."""
        return self.text_vectors(ids, mask, prompt_length=prompt_length), None


def _read_table(folder: Path) -> Vectors:
    """Returns a float32 row a token id, folded as sentence-transformers folds what model2vec keeps apart."""
    from safetensors.numpy import load_file

    stored = load_file(folder / "model.safetensors")
    if "embedding.weight" in stored:
        return np.asarray(stored["embedding.weight"], dtype=np.float32)
    table: Vectors = np.asarray(stored["embeddings"], dtype=np.float32)
    if "mapping" in stored:
        table = table[stored["mapping"].astype(np.intp)]
    if "weights" in stored:
        table = table * stored["weights"].astype(np.float32)[:, None]
    return table


def _encoder_config(folder: Path, tokenizer: Any, dimension: int) -> EncoderConfig:
    saved = read_json(folder / "config_sentence_transformers.json")
    prompts = {str(key): str(text) for key, text in (saved.get("prompts") or {}).items() if text}
    cut = saved.get("truncate_dim")
    return EncoderConfig(
        tokenizer=tokenizer,
        pad=0,
        window=ENDLESS,
        positions=ENDLESS,
        pooling="static",
        dimension=min(dimension, cut) if isinstance(cut, int) and cut > 0 else dimension,
        query_prompt=prompts.get("query", ""),
        passage_prompt=passage_prompt_of(prompts),
    )
