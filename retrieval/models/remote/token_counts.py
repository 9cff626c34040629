"""Counts the tokens of a model that runs elsewhere: by its tokenizer, where that is here, else by an estimate."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.batching import token_arrays
from passagework.retrieval.models.weights import hub_snapshot, model_folder
from passagework.retrieval.types import Tokens

ESTIMATED_SPECIAL = 2
"""Special tokens around a text, where the tokenizer is not known: [CLS] and [SEP]."""

_PIECE = re.compile(r"[A-Za-z\u00c0-\u024f]{1,4}|\d{1,2}|[\u0250-\u0dff]{1,2}|\S")
"""What is taken for a token: 4 Latin letters, 2 digits, 2 letters of other alphabets, else one character.

Against WordPiece of an English model it finds four fifths of the tokens of German prose, and up to half as many again
of English prose and of code.
"""


class TokenCounter(Protocol):
    """Tells where the tokens of a text are; `exact` says that they are the model's own."""

    exact: bool
    special: int

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's tokens, without special tokens."""


class EstimatedTokens:
    """Takes short pieces of words for tokens."""

    exact, special = False, ESTIMATED_SPECIAL

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's pieces; equal pieces have equal ids."""
        return [self._pieces(text) for text in texts]

    @staticmethod
    def _pieces(text: str) -> Tokens:
        found = list(_PIECE.finditer(text))
        ids = [zlib.crc32(match[0].encode()) & 0x7FFFFFFF for match in found]
        starts, ends = [match.start() for match in found], [match.end() for match in found]
        return Tokens(*(np.array(numbers, dtype=np.int32) for numbers in (ids, starts, ends)))


class LocalTokens:
    """Counts by a tokenizer.json that lies here."""

    exact = True

    def __init__(self, tokenizer: Any) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.special = len(tokenizer.encode("a").ids) - len(tokenizer.encode("a", add_special_tokens=False).ids)

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's tokens, uncut."""
        return [token_arrays(one) for one in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def token_counter(named: str | None, settings: Settings) -> TokenCounter:
    """Returns a counter by the tokenizer of a folder, a file or a hub name; by an estimate where none is named.

    Raises ModelUnavailableError where the tokenizer can't be found or read.
    """
    if named is None:
        return EstimatedTokens()
    from tokenizers import Tokenizer

    file = Path(named).expanduser()
    if not file.is_file():
        folder = model_folder(named) or hub_snapshot(
            named, None, settings, local=settings.offline, patterns=("tokenizer.json",)
        )
        if folder is None or not (folder / "tokenizer.json").is_file():
            raise ModelUnavailableError(f"no tokenizer.json of {named}: name a folder that has one, or leave it out")
        file = folder / "tokenizer.json"
    try:
        return LocalTokens(Tokenizer.from_file(str(file)))
    except Exception as error:  # the library raises what it likes
        raise ModelUnavailableError(f"{file} can't be read as a tokenizer: {str(error)[:100]}") from error
