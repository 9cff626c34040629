"""Counts tokens as the language model does that a text is for: by its own tokenizer, in place of the encoder's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from pathlib import Path
from typing import Any, TypeAlias

from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.extras import require
from passagework.retrieval.models.weights import hub_answers, hub_snapshot, model_folder

Tokenizer: TypeAlias = "Callable[[str], int | Sized | Mapping[str, Sized]] | str | Path"
"""A function of a text that gives the number of its tokens, or these; a tokenizer.json's folder, path or hub name; or
`tiktoken:NAME`, of an encoding or of a model of OpenAI."""

FILE = "tokenizer.json"
TIKTOKEN = "tiktoken:"


def token_counter(tokenizer: Tokenizer, settings: Settings | None = None) -> Callable[[str], int]:
    """Returns a function that counts a text's tokens, without special tokens, which the tokenizer's caller adds.

    Raises ConfigError for what is no tokenizer or where the extra `tiktoken` is missing, ModelUnavailableError where a
    tokenizer's file can't be had.
    """
    if isinstance(tokenizer, str) and tokenizer.startswith(TIKTOKEN):
        return _tiktoken(tokenizer.removeprefix(TIKTOKEN))
    if isinstance(tokenizer, str | Path):
        return _from_file(_file_of(str(tokenizer), settings or Settings.from_environment()))
    if callable(tokenizer):
        return lambda text: _count(tokenizer(text))
    raise ConfigError(
        f"tokenizer is {tokenizer!r}: give a function of a text, a folder or hub name of a {FILE}, or {TIKTOKEN}NAME"
    )


def _count(tokens: int | Sized | Mapping[str, Sized]) -> int:
    """Returns the number itself, or how many tokens there are; those of transformers come as `input_ids`."""
    if isinstance(tokens, Mapping) and "input_ids" in tokens:
        return len(tokens["input_ids"])
    if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0:
        return tokens
    if isinstance(tokens, Sized) and not isinstance(tokens, Mapping):
        return len(tokens)
    raise ConfigError(f"the tokenizer gave {tokens!r}: give the number of a text's tokens, or the tokens")


def _file_of(name: str, settings: Settings) -> Path:
    """Returns the tokenizer.json of a folder, a path or a hub name."""
    folder = model_folder(name)
    path = Path(name).expanduser() if folder is None else folder / FILE
    if path.is_file():
        return path
    if folder is not None or name.startswith((".", "/", "~")) or name.count("/") > 1 or name.endswith(".json"):
        raise ModelUnavailableError(f"no {FILE} at {path}")
    for local in (True, False):
        if not local and (settings.offline or not hub_answers()):
            break
        snapshot = hub_snapshot(name, None, settings, local=local, patterns=[FILE])
        if snapshot is not None and (snapshot / FILE).is_file():
            return snapshot / FILE
    tried = "offline is set" if settings.offline else "nor does the hub give it"
    raise ModelUnavailableError(f"no {FILE} of {name}: the hub's cache has none, and {tried}; give its folder instead")


def _from_file(path: Path) -> Callable[[str], int]:
    from tokenizers import Tokenizer as TokenizerFile

    try:
        tokenizer: Any = TokenizerFile.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ModelUnavailableError(f"{path} is no tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def _tiktoken(name: str) -> Callable[[str], int]:
    """Returns the counter of an encoding (`o200k_base`) or of a model's (`gpt-4o`); its file comes from the network."""
    require("tiktoken")
    import tiktoken

    try:
        known = name in tiktoken.list_encoding_names()
        encoding: Any = tiktoken.get_encoding(name) if known else tiktoken.encoding_for_model(name)
    except KeyError as error:
        listed = ", ".join(tiktoken.list_encoding_names())
        raise ConfigError(f"tiktoken knows no encoding or model {name!r}: it has {listed}") from error
    except Exception as error:  # of its HTTP library, or of a file that is not what it should be
        raise ModelUnavailableError(
            f"tiktoken can't get the file of {name} ({type(error).__name__}), which comes from the network the first "
            "time: run it once with a network, and TIKTOKEN_CACHE_DIR keeps it, or name a folder with a tokenizer.json"
        ) from error
    return lambda text: len(encoding.encode_ordinary(text))
