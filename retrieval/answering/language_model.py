"""What answers a question: a model behind an address, or a function of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.remote.chat_call import FINISHED, ChatCall, TokenUsage
from passagework.retrieval.models.remote.token_counts import EstimatedTokens

LanguageModel: TypeAlias = "Callable[[list[dict[str, str]]], str | Iterable[str]]"
"""A program's own: takes messages, each with `role` and `content`, and returns the answer, whole or in parts."""


class ModelCall(Protocol):
    """Asks a language model; after its text was read, `finish` says why it ended, and `usage` what it took."""

    finish: str
    usage: TokenUsage | None

    @property
    def name(self) -> str:
        """Returns what answers."""

    def stream(self, messages: Sequence[dict[str, str]], most_tokens: int) -> Iterator[str]:
        """Yields the text of the answer in parts."""


def model_call(llm: LanguageModel | str | None, settings: Settings) -> ModelCall:
    """Returns what asks the model that is given, else the one that PASSAGEWORK_LLM names; it is asked nothing yet.

    Raises ConfigError where there is none, or an address is of another form.
    """
    named = llm or settings.llm
    if named is None:
        raise ConfigError("no language model is named: give --llm MODEL@https://host/v1, or set PASSAGEWORK_LLM")
    return ChatCall.load(named, settings) if isinstance(named, str) else FunctionCall(named)


class FunctionCall:
    """Asks a function; its tokens are estimated."""

    def __init__(self, function: LanguageModel) -> None:
        self._function = function
        self.finish = FINISHED
        self.usage: TokenUsage | None = None

    @property
    def name(self) -> str:
        """Returns the function's name."""
        return str(getattr(self._function, "__qualname__", type(self._function).__qualname__))

    def stream(self, messages: Sequence[dict[str, str]], most_tokens: int) -> Iterator[str]:
        """Yields what the function returns; raises ConfigError where that is no text."""
        del most_tokens  # is the function's own affair
        answer = self._function([dict(message) for message in messages])
        written = []
        for part in [answer] if isinstance(answer, str) else answer:
            if not isinstance(part, str):
                raise ConfigError(f"{self.name} answers {type(part).__name__}: it is to return text, or parts of it")
            written.append(part)
            yield part
        counts = [
            len(tokens) for tokens in EstimatedTokens().tokenize([m["content"] for m in messages] + ["".join(written)])
        ]
        self.usage = TokenUsage(sum(counts[:-1]), counts[-1], estimated=True)
