"""What an ingest has a server encode, counted before any of it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from passagework.retrieval.text import counted
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True)
class EncodingCost:
    """Counts the texts and tokens that a server is to encode; `price` is in the currency of the address, None unknown.

    `estimated` tells that tokens were not counted by the model's own tokenizer.
    """

    server: str
    texts: int
    tokens: int
    estimated: bool
    price: float | None

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has of it."""
        price = None if self.price is None else round(self.price, 6)
        return {
            "server": self.server,
            "texts": self.texts,
            "tokens": self.tokens,
            "estimated": self.estimated,
            "price": price,
        }

    def describe(self) -> str:
        """Returns the line for a person."""
        about = "about " if self.estimated else ""
        price = "" if self.price is None else f", for {self.price:,.4f}"
        return f"{counted(self.texts, 'text')} of {about}{self.tokens:,} tokens go to {self.server}{price}"
