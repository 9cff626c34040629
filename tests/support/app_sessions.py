"""Sessions of the application without a browser: Streamlit's AppTest over a collection with a fake encoder."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

import streamlit as st
from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.retrieval.config import RERANK_DEPTH
from passagework.retrieval.models.reranker import Reranker, RerankScores
from passagework.retrieval.plan import Blend
from passagework.ui import app
from tests.support.fakes import FakeEncoder

PAGE = Path(app.__file__)
MARKS = re.compile(r'<mark class="pw-word">|</mark>|<span class="pw-best"[^>]*>(?=[^<])| data-label="[^"]*"')


class FakeReranker:
    """Longer passages are better."""

    name = "fake-reranker"
    window = 64
    depth = RERANK_DEPTH
    blend: Blend | None = None

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """The length in hundreds as logit."""
        import numpy as np

        logits = np.array([len(one) / 100 for one in passages], dtype=np.float32)
        return RerankScores(logits=logits, probabilities=(1 / (1 + np.exp(-logits))).astype(np.float32), windowed=0)


def fake_models(monkeypatch: pytest.MonkeyPatch, reranker: Reranker | None) -> list[Path]:
    """Collections are opened with a fake encoder from here on; gives which, in order."""
    done: list[Path] = []
    encoder = FakeEncoder(window=256)
    real: Callable[..., Collection] = Collection.open

    def fake(path: str) -> Collection:
        done.append(Path(path))
        return real(path, encoder=encoder, reranker=reranker)

    monkeypatch.setattr(Collection, "open", fake)
    return done


def open_page(collection: Path, monkeypatch: pytest.MonkeyPatch, view: str = "", **address: str) -> AppTest:
    """The search page of a collection, drawn once, as its address has it; or another page, by its name."""
    monkeypatch.setattr(sys, "argv", [str(PAGE), f"--collection={collection}"])
    options = {"server.address": "127.0.0.1"}
    monkeypatch.setattr(st, "get_option", lambda name: options[name])
    drawn = AppTest.from_file(str(PAGE), default_timeout=30)
    drawn.query_params |= address
    drawn.run()
    if view:
        drawn = drawn.switch_page(f"pages/{view}.py").run()
    assert not drawn.exception
    return drawn


def hits_of(page: AppTest) -> list[str]:
    """The markup of each hit in the list, in order of rank, without a passage's marks."""
    items = [item for body in html_of(page, "hit") for item in body.split("<li ")[1:] if "data-hit=" in item]
    return sorted(items, key=lambda item: int(re.findall(r'data-hit="(\d+)"', item)[0]))


def html_of(page: AppTest, name: str) -> list[str]:
    """The page's own markup that bears this test id, without a passage's marks and the names in table cells."""
    bodies = [MARKS.sub("", str(one.proto.body)) for one in page.get("html")]
    return [body for body in bodies if f'data-testid="{name}"' in body]
