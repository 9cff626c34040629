"""What encoders and rerankers share on their way to the processor: batches, threads, the window of a model."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import MAX_WINDOW, limit_thread_spinning
from passagework.retrieval.errors import ConfigError, ModelUnavailableError, PassageworkError
from passagework.retrieval.forks import at_fork
from passagework.retrieval.models.prompt_tokens import PromptTokens
from passagework.retrieval.models.weights import ResolvedModel
from passagework.retrieval.types import TokenIds, Tokens, Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding

limit_thread_spinning()


@dataclass(frozen=True, slots=True)
class BatchShape:
    """Tells how rows become batches: `tokens` at most, with padding; widths and heights are multiples of the steps.

    A backend that compiles code for every shape, and keeps it, wants few of them; one that doesn't wants no padding.
    `rows_apart` tells that a row is the same to the last bit however many are beside it in a batch of its width.
    """

    tokens: int
    width_step: int
    rows_step: int
    rows_apart: bool = False

    def width(self, length: int, window: int) -> int:
        """Returns the width of a batch whose longest row has `length` tokens, within the window."""
        return padded_width(length, window, self.width_step)

    def rows(self, rows: int, width: int) -> int:
        """Returns the height of a batch of so many rows; few are left as they are, or a query would be many."""
        most = max(rows, self.tokens // width)
        return rows if rows <= self.rows_step else min(-(-rows // self.rows_step) * self.rows_step, most)


TORCH_CPU = BatchShape(tokens=4096, width_step=16, rows_step=8)
"""oneDNN compiles, and keeps, code for every shape.

Memory at the peak over 7,500 passages of 60 to 215 tokens in bf16: 0.9 GB, without padding 1.4 GB.
"""

TORCH_GPU = BatchShape(tokens=65_536, width_step=16, rows_step=8)

OPENVINO = BatchShape(tokens=1024, width_step=4, rows_step=1, rows_apart=True)
"""Under 5% of padding over passages of up to 200 tokens. A query that comes meanwhile waits for a batch.

400 passages of 159 tokens on two cores: 2.2 s in batches of 2048 tokens as of 1024 (36 ms each), 2.6 of 512.
"""

FEW_TOKENS = 64
"""Tokens of a batch that one thread encodes alone."""


def batches(order: Sequence[int], length: Callable[[int], int], budget: int) -> Iterator[list[int]]:
    """Yields rows, longest first, in batches whose padded size stays within `budget` tokens; at least one row each."""
    batch: list[int] = []
    for row in order:
        if batch and (len(batch) + 1) * length(batch[0]) > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def padded_width(length: int, window: int, step: int) -> int:
    """Returns a multiple of `step`, within the window."""
    return min(max(1, -(-length // step)) * step, window)


@contextmanager
def threads_for(tokens: int, most: int) -> Iterator[None]:
    """Sets torch to one thread for a query, to `most` for a batch.

    Threads that share a query wait for one another dozens of times, by spinning: beside two other busy processes on
    two cores, a query took 41 ms (95th percentile 125), on one thread 12 (29), and hardly more than two when alone.
    """
    import torch

    most = 1 if "torch" in _parents_threads else most
    torch.set_num_threads(1 if tokens <= FEW_TOKENS else most)
    try:
        yield
    finally:
        torch.set_num_threads(most)


_parents_threads: set[str] = set()
"""Libraries whose threads stayed in the parent of this forked process: each waits for them, unless told to use one."""


def _use_one_thread() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        _parents_threads.add("torch")


at_fork(in_child=_use_one_thread)


def refuse_in_child(model: str, device: str, process: int) -> None:
    """Raises ModelUnavailableError in a forked child of the process that loaded a model on a GPU."""
    if device != "cpu" and os.getpid() != process:
        raise ModelUnavailableError(
            f"{model} is on a GPU, which a forked process can't use: open the collection after the fork, in processes "
            "started by spawn"
        )


def release_memory() -> None:
    """Gives back what the C library keeps of freed batches, hundreds of megabytes in time; only glibc knows how."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def token_arrays(encoding: Encoding) -> Tokens:
    """Returns what the tokenizer gave, as arrays."""
    offsets = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
    return Tokens(np.array(encoding.ids, dtype=np.int32), offsets[:, 0], offsets[:, 1])


def load_model(
    kind: type[Any], resolved: ResolvedModel, device: str | None, options: Mapping[str, object] | None = None
) -> Any:
    """Loads a sentence-transformers model from local files: safetensors only, and nothing in the folder is run.

    Raises ModelUnavailableError where it can't be loaded.
    """
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return kind(
            str(resolved.path),
            device=device or ("cuda" if torch.cuda.is_available() else "cpu"),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
            **(options or {}),
        )
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelUnavailableError(f"{resolved.name} can't be loaded from {resolved.path}: {reason}") from error


def window_and_positions(model: Any, resolved: ResolvedModel) -> tuple[int, int]:
    """Returns the tokens that a sentence-transformers model reads at once, and the most that it can be made to.

    Raises ModelUnavailableError for a model that reads no text.
    """
    if not hasattr(model[0], "auto_model"):
        raise ModelUnavailableError(f"{resolved.name} is no transformer: its first module is {type(model[0]).__name__}")
    config = model[0].auto_model.config
    positions = int(getattr(config, "max_position_embeddings", 0) or MAX_WINDOW)
    if config.model_type in {"roberta", "xlm-roberta", "camembert", "mpnet"}:
        positions -= int(config.pad_token_id) + 1  # these number their positions from the padding id on
    positions = min(positions, MAX_WINDOW)
    return min(int(model.max_seq_length or positions), positions), positions


def unit_rows(vectors: Vectors, model: str, *, zeros: bool = False) -> Vectors:
    """Returns rows divided by their lengths; raises PassageworkError for one not finite, or 0 where it may not be."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or not (zeros or np.all(norms > 0)):
        raise PassageworkError(f"{model} gave a vector that is not finite; try fp32 precision")
    return np.asarray(vectors / np.where(norms > 0, norms, 1), dtype=np.float32)


def padded_rows(
    batch: Sequence[TokenIds], shape: tuple[int, int], pad: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Returns the token ids of a batch, padded to this shape, and their mask."""
    ids = np.full(shape, pad, dtype=np.int32)
    mask = np.zeros(shape, dtype=np.int32)
    mask[len(batch) :, 0] = 1  # attention over nothing is not a number
    for row, text_ids in enumerate(batch):
        ids[row, : len(text_ids)] = text_ids
        mask[row, : len(text_ids)] = 1
    return ids, mask


def own_token_vectors(
    matrices: Vectors | None, rows: Sequence[int], token_ids: Sequence[TokenIds], prompt: PromptTokens, model: str
) -> Iterator[tuple[int, Vectors]]:
    """Yields for each row of a batch the unit vectors of its text's own tokens, behind those of the prompt.

    Raises ConfigError where the model gives no token vectors.
    """
    start = len(prompt.prefix)
    for row, vectors in zip(rows, given_token_vectors(matrices, model), strict=False):
        yield row, unit_rows(vectors[start : start + len(token_ids[row])], model, zeros=True)


def given_token_vectors(vectors: Vectors | None, model: str) -> Vectors:
    """Returns what a backend gave; raises ConfigError where that is nothing."""
    if vectors is None:
        raise ConfigError(f"{model} gives no vectors of tokens")
    return vectors
