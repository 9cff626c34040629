"""The tokens around a text when a bi-encoder reads it: special tokens and a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import TokenIds, Tokens


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """Holds tokens before and behind every text; `prompt_length` counts those that a pooling may have to leave out.

    `lead` is white space that ends the prompt and belongs to the text's first word, for some tokenizers: a text of its
    own is tokenised with it.
    """

    prefix: TokenIds
    suffix: TokenIds
    prompt_length: int
    lead: str = ""

    @classmethod
    def of(cls, tokenizer: Any, prompt: str) -> PromptTokens:
        """Returns the tokenizer's special tokens around a text, with the prompt's own tokens after the first ones."""

        def ids(text: str) -> list[int]:
            return list(tokenizer.encode(text, add_special_tokens=False).ids)

        example = tokenizer.encode("a", add_special_tokens=True)
        alone = ids("a")
        inner = len(alone)
        start = example.special_tokens_mask.index(0)
        # So the prompt is read with a word behind it: SentencePiece takes the space of any word for a part of it, GPT's
        # byte pairs only that which is there.
        together = ids(f"{prompt}a")
        lead, prompt_ids = "", ids(prompt)
        for white in ("", prompt[len(prompt.rstrip()) :]):
            word = ids(f"{white}a")
            if together[-len(word) :] == word:
                lead, prompt_ids = white, together[: -len(word)]
                break
        return cls(
            prefix=np.array(example.ids[:start] + prompt_ids, dtype=np.int32),
            suffix=np.array(example.ids[start + inner :], dtype=np.int32),
            prompt_length=start + len(prompt_ids) if prompt_ids else 0,
            lead=lead,
        )

    def without_lead(self, tokens: Tokens) -> Tokens:
        """Returns the tokens of `lead` and a text, with their places in the text alone."""
        if not self.lead:
            return tokens
        starts, ends = (np.maximum(places - len(self.lead), 0) for places in (tokens.starts, tokens.ends))
        return Tokens(tokens.ids, starts, ends)

    def __len__(self) -> int:
        return len(self.prefix) + len(self.suffix)

    def around(self, ids: TokenIds) -> TokenIds:
        """Returns the whole input of a text's tokens."""
        return np.concatenate([self.prefix, ids, self.suffix])


def check_budget(token_ids: Sequence[TokenIds], budget: int) -> None:
    """Raises ConfigError for a text of more tokens than a window leaves to it."""
    longest = max((len(ids) for ids in token_ids), default=0)
    if longest > budget:
        raise ConfigError(f"a text of {longest} tokens exceeds the window's {budget}")
