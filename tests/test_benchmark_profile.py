"""The profile of an ingest: what is at work is counted where it is at work."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

from benchmarks.time_spent import Sampler, part_of
from passagework.ingest import ingest
from passagework.retrieval.text import text_hash
from tests.support.fakes import FakeEncoder


def test_time_is_counted_where_it_is_spent() -> None:
    """While one function runs, the looks are at it."""
    text = "x" * 50_000_000
    with Sampler() as sampler:
        while sampler.parts.total() < 20:
            text_hash(text)
    assert sampler.parts["hashing"] > 0.8 * sampler.parts.total()


def test_the_innermost_function_of_this_project_counts(tmp_path: Path) -> None:
    """What libraries and others' code do counts as that part of this project which called them."""

    class Looking(FakeEncoder):
        """Keeps what its caller's time counts as."""

        def tokenize(self, texts):  # type: ignore[no-untyped-def]
            found.add(part_of(_caller()))
            return super().tokenize(texts)

        def encode_tokens(self, token_ids):  # type: ignore[no-untyped-def]
            found.add(part_of(_caller()))
            return super().encode_tokens(token_ids)

    found: set[str] = set()
    (tmp_path / "a.txt").write_text("apples and pears", encoding="utf-8")
    ingest(tmp_path / "a.txt", tmp_path / "c", encoder=Looking())
    assert {"cutting", "the rest"} <= found
    assert part_of(None) == "the rest"


def _caller() -> FrameType | None:
    return sys._getframe(1)
