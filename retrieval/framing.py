"""What stands around a text when a bi-encoder reads it: special tokens and a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval.types import TokenIds


@dataclass(frozen=True, slots=True)
class Frame:
    """Tokens before and behind every text; `prompt_length` counts those that a pooling may have to leave out."""

    prefix: TokenIds
    suffix: TokenIds
    prompt_length: int

    @classmethod
    def of(cls, tokenizer: Any, prompt: str) -> Frame:
        """Special tokens around a text, read off the tokenizer, with the prompt's own tokens after the first ones."""

        def ids(text: str) -> list[int]:
            return list(tokenizer.encode(text, add_special_tokens=False).ids)

        example = tokenizer.encode("a", add_special_tokens=True)
        alone = ids("a")
        inner = len(alone)
        start = example.special_tokens_mask.index(0)
        # A space that ends the prompt belongs to the word that follows, for some tokenizers: so the prompt is read with
        # a word behind it.
        together = ids(f"{prompt}a")
        prompt_ids = together[:-inner] if together[-inner:] == alone else ids(prompt)
        return cls(
            prefix=np.array(example.ids[:start] + prompt_ids, dtype=np.int32),
            suffix=np.array(example.ids[start + inner :], dtype=np.int32),
            prompt_length=start + len(prompt_ids) if prompt_ids else 0,
        )

    def __len__(self) -> int:
        return len(self.prefix) + len(self.suffix)

    def around(self, ids: TokenIds) -> TokenIds:
        """The whole input of a text's tokens."""
        return np.concatenate([self.prefix, ids, self.suffix])
