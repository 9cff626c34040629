"""Has a server's language model write: `/chat/completions` as OpenAI's, streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.remote.address import CHAT, RemoteAddress
from passagework.retrieval.models.remote.client import RefusedError, RemoteClient
from passagework.retrieval.models.remote.token_counts import token_counter
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

FINISHED = "stop"
"""What a server says where the model came to its end; "length" is another."""


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Counts the tokens read and written; `estimated` where nobody tells. `cost` is by the prices of the address."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    cost: float | None = None

    def plus(self, other: TokenUsage) -> TokenUsage:
        """Returns what both calls took; the cost is unknown where that of one is."""
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.estimated or other.estimated,
            cost,
        )

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of `passagework ask` has under `usage`."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "estimated": self.estimated,
            "cost": self.cost,
        }


class ChatCall:
    """Asks one language model; after the text of an answer was read, `finish` and `usage` are those of that answer."""

    def __init__(self, address: RemoteAddress, settings: Settings) -> None:
        self._address = address
        self._client = RemoteClient(address, settings)
        self._settings = settings
        self.finish = FINISHED
        self.usage: TokenUsage | None = None

    @classmethod
    def load(cls, name: str, settings: Settings) -> ChatCall:
        """Returns the model of an address, without asking it anything; raises ConfigError for one of another form."""
        return cls(RemoteAddress.parse(name, CHAT), settings)

    @property
    def name(self) -> str:
        """Returns the model and the host, without options."""
        return f"{self._address.model} at {self._address.host}"

    def stream(self, messages: Sequence[dict[str, str]], most_tokens: int) -> Iterator[str]:
        """Yields the answer's text in parts, as the server sends them.

        Raises ModelUnavailableError where the server is away, refuses, answers something else, or stops half way.
        """
        self.finish, self.usage = "", None
        written: list[str] = []
        told: dict[str, Any] = {}
        for event in self._events(messages, most_tokens):
            text, finish = _part(event)
            told = event["usage"] if isinstance(event.get("usage"), dict) else told
            self.finish = finish or self.finish
            if text:
                written.append(text)
                yield text
        if not self.finish:
            raise self._unusable(f"stopped half way, after {sum(map(len, written)):,} characters")
        self.usage = self._usage(told, messages, "".join(written))

    def _events(self, messages: Sequence[dict[str, str]], most_tokens: int) -> Iterator[dict[str, Any]]:
        """Yields the objects of an answer: of a stream of events, or the one of a server that doesn't stream."""
        request: dict[str, Json] = {
            "model": self._address.model,
            "messages": [dict[str, Json](message) for message in messages],
            "max_tokens": most_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        plain: list[str] = []
        try:
            for line in self._client.lines("chat/completions", request):
                kind, _, content = line.partition(":")
                if kind == "data" and content.strip() == "[DONE]":
                    self.finish = self.finish or FINISHED
                elif kind == "data":
                    yield self._parsed(content)
                elif kind not in ("data", "event", "id", "retry", ""):
                    plain.append(line)
        except RefusedError as error:
            raise self._unusable(f"refuses the request: {error}") from error
        if plain:
            yield self._parsed("\n".join(plain))

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            event = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._unusable("answers something that is no chat completion") from error
        if not isinstance(event, dict) or not isinstance(event.get("choices", None), list):
            said = event.get("error") if isinstance(event, dict) else None
            said = said.get("message", said) if isinstance(said, dict) else said
            nonsense = "answers something that is no chat completion"
            raise self._unusable(f"breaks off: {one_line(str(said), limit=200)}" if said else nonsense)
        return event

    def _usage(self, told: dict[str, Any], messages: Sequence[dict[str, str]], written: str) -> TokenUsage:
        counts = [told.get(name) for name in ("prompt_tokens", "completion_tokens")]
        estimated = not all(isinstance(count, int) and count >= 0 for count in counts)
        if estimated:
            tokens = token_counter(self._address.tokenizer, self._settings)
            read = tokens.tokenize([message["content"] for message in messages])
            counts = [sum(map(len, read)), len(tokens.tokenize([written])[0])]
        prompt, completion = (int(count or 0) for count in counts)
        price, price_out = self._address.price, self._address.price_out
        cost = None
        if price is not None:
            cost = (prompt * price + completion * (price if price_out is None else price_out)) / 1e6
        return TokenUsage(prompt, completion, estimated, cost)

    def _unusable(self, what: str) -> ModelUnavailableError:
        return ModelUnavailableError(f"{self.name}: the server {what}")


def _part(event: dict[str, Any]) -> tuple[str, str]:
    """Returns the text of an event's first choice, and why it ended, each `""` where there is none."""
    choice = next((one for one in event["choices"] if isinstance(one, dict)), {})
    content = choice.get("delta") or choice.get("message") or {}
    text = content.get("content") if isinstance(content, dict) else None
    finish = choice.get("finish_reason")
    return text if isinstance(text, str) else "", finish if isinstance(finish, str) else ""
