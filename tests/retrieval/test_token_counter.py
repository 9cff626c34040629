"""Tokens counted as the language model counts them: by a function, a tokenizer's file, or tiktoken."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from passagework.retrieval import ConfigError, ModelUnavailableError
from passagework.retrieval.config import Settings
from passagework.retrieval.models.token_counter import token_counter

OFFLINE = Settings(offline=True)
TEXT = "red stone, red river"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of words and marks, which cuts at 2 and pads to 9 until it is told not to."""
    tokenizer = Tokenizer(models.WordLevel({"red": 0, "stone": 1, ",": 2, "river": 3, "[UNK]": 4}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=9)
    path = tmp_path_factory.mktemp("tokenizer")
    tokenizer.save(str(path / "tokenizer.json"))
    return path


@pytest.fixture
def tiny_encoding() -> Iterator[str]:
    """An encoding of bytes, and `re` `d ` `red ` beside them, where tiktoken keeps those that it has loaded."""
    tiktoken = pytest.importorskip("tiktoken", reason="the extra tiktoken isn't installed")
    from tiktoken.registry import ENCODINGS, list_encoding_names

    list_encoding_names()
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"re": 256, b"d ": 257, b"red ": 258}
    ENCODINGS["tiny"] = tiktoken.Encoding(
        "tiny", pat_str=r"\w+\s?|\W", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 300}
    )
    from tiktoken import registry

    constructors = registry.ENCODING_CONSTRUCTORS or {}
    constructors["tiny"] = dict  # which names it
    yield "tiny"
    del ENCODINGS["tiny"], constructors["tiny"]


@pytest.mark.parametrize(
    ("tokenizer", "tokens"),
    [(len, 20), (str.split, 4), (lambda text: {"input_ids": text.split(), "attention_mask": []}, 4), (lambda _: 0, 0)],
)
def test_a_function_gives_a_number_or_tokens(tokenizer: object, tokens: int) -> None:
    """Both are taken, and what transformers' tokenizers give: their `input_ids`, not the two keys."""
    assert token_counter(tokenizer)(TEXT) == tokens  # type: ignore[arg-type]  # what a caller may write


def test_a_tokenizer_file_counts_all_of_a_text(folder: Path) -> None:
    """By folder or path, as text or Path; neither cut nor padded."""
    for named in (folder, str(folder), folder / "tokenizer.json"):
        assert token_counter(named, OFFLINE)(TEXT) == 5
        assert token_counter(named, OFFLINE)("red") == 1


def test_tiktoken_counts_by_its_encodings(tiny_encoding: str) -> None:
    """`red ` is one token, the others their bytes; what looks like a special token is text."""
    count = token_counter(f"tiktoken:{tiny_encoding}")
    assert count(TEXT) == 1 + 5 + 1 + 1 + 1 + 5
    assert count("<|endoftext|>") == 13


@pytest.mark.parametrize("tokenizer", [3, None, b"name", lambda _: "12" == None, lambda _: -1, lambda _: {"ids": []}])
def test_what_counts_nothing_is_refused(tokenizer: object) -> None:
    """One line says what to give; a bool, a negative number and a dict without ids are no tokens."""
    with pytest.raises(ConfigError, match=r"give (a function of a text|the number of a text's tokens)"):
        token_counter(tokenizer)(TEXT)  # type: ignore[arg-type]  # what a caller may write


@pytest.mark.parametrize("name", ["./nowhere", "/no/tokenizer.json", "some/model"])
def test_a_missing_file_is_told_in_a_line(name: str) -> None:
    """Offline nothing is asked of the hub."""
    with pytest.raises(ModelUnavailableError, match=r"^no tokenizer.json (at|of)"):
        token_counter(name, OFFLINE)


def test_a_damaged_file_is_told_in_a_line(tmp_path: Path) -> None:
    """JSON of another kind is no tokenizer."""
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": 1}))
    with pytest.raises(ModelUnavailableError, match=r"tokenizer.json is no tokenizer"):
        token_counter(tmp_path, OFFLINE)


def test_tiktoken_names_what_it_has_and_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name lists the known ones; no network, and no tiktoken at all, each say in a line what to do."""
    tiktoken = pytest.importorskip("tiktoken", reason="the extra tiktoken isn't installed")
    with pytest.raises(ConfigError, match=r"tiktoken knows no encoding or model 'nothing': it has .*o200k_base"):
        token_counter("tiktoken:nothing")

    def unreachable(name: str) -> None:
        raise ConnectionError(name)

    monkeypatch.setattr(tiktoken, "get_encoding", unreachable)
    with pytest.raises(ModelUnavailableError, match=r"^tiktoken can't get the file of o200k_base \(ConnectionError\)"):
        token_counter("tiktoken:o200k_base")
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    monkeypatch.setattr("passagework.retrieval.extras._is_installed", lambda module: module != "tiktoken")
    with pytest.raises(ConfigError, match=r"isn't installed: pip install \"passagework\[tiktoken\]\"$"):
        token_counter("tiktoken:o200k_base")
