"""How a model behind an address is named: `openai:MODEL@https://host/v1?key=VARIABLE&price=0.02`.

A language model is `MODEL@https://host/v1`: what takes one takes no other kind.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from passagework.retrieval.config import API_KEY
from passagework.retrieval.errors import ConfigError

EMBEDDINGS, RERANK, CHAT = "openai", "jina", "chat"
"""What a name begins with, by the call that the server answers: `/embeddings` as OpenAI's, `/rerank` as Jina's.

`/chat/completions` as OpenAI's is that of language models, whose names need no beginning.
"""

FORM = f"{EMBEDDINGS}:MODEL@https://host/v1, or {RERANK}:MODEL@https://host/v1 for a reranker"
CHAT_FORM = "MODEL@https://host/v1"

_NAME = re.compile(rf"({EMBEDDINGS}|{RERANK}|{CHAT}):(.+?)@(https?://.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAddress:
    """Says which model is asked where, and how; `name` is all of it, as it was given.

    `key` is the environment variable that holds the key. `tokenizer` is a folder or hub name whose tokens are counted;
    without one they are estimated. `window` is in tokens, `price` for a million of them, in any currency, `price_out`
    for those that a language model writes (default: the same). A request has
    `batch` texts and `batch_tokens` at most, and `parallel` are on their way at once; it is tried again `retries` times
    where the server is busy or silent for `timeout` seconds. `base64` asks for vectors in that form, `input_type` tells
    the server which texts are queries (Voyage).
    """

    name: str
    api: str
    model: str
    url: str
    key: str | None = None
    tokenizer: str | None = None
    window: int | None = None
    price: float | None = None
    price_out: float | None = None
    batch: int = 32
    batch_tokens: int = 16_384
    parallel: int = 4
    retries: int = 5
    timeout: float = 60.0
    base64: bool = False
    input_type: bool = False

    @classmethod
    def parse(cls, name: str, api: str) -> RemoteAddress:
        """Returns what a name says; raises ConfigError for one of another form, or of the other kind of model."""
        form = CHAT_FORM if api == CHAT else FORM
        match = _NAME.fullmatch(name) or (_NAME.fullmatch(f"{CHAT}:{name}") if api == CHAT else None)
        if match is None:
            raise ConfigError(f"{_shown(name)!r} names no model at an address: give {form}")
        if match[1] != api and (match[1], api) != (EMBEDDINGS, CHAT):
            raise ConfigError(f"{match[1]}: names {_KINDS[match[1]]}, and {_KINDS[api]} is wanted here: give {form}")
        try:
            parts = urlsplit(match[3])
        except ValueError as error:
            raise ConfigError(f"{_shown(name)!r} is no address: {error}") from error
        if "@" in parts.netloc:
            raise ConfigError(f"an address holds no password: give the key by {API_KEY}, or by key=VARIABLE")
        if not parts.hostname or parts.fragment:
            raise ConfigError(f"{_shown(name)!r} has no host: give {form}")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(options.keys() - _OPTIONS)
        if unknown:
            raise ConfigError(f"an address has no option {unknown[0]}: give {', '.join(sorted(_OPTIONS))}")
        if "key" in options and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", options["key"]):
            raise ConfigError("key of an address is the name of an environment variable, in capitals; never a key")
        return cls(
            name=name,
            api=api,
            model=match[2],
            url=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
            key=options.get("key") or None,
            tokenizer=options.get("tokenizer") or None,
            window=_whole(options, "window", None, least=16),
            price=_number(options, "price", None, least=0.0),
            price_out=_number(options, "price_out", None, least=0.0),
            batch=_whole(options, "batch", 32) or 32,
            batch_tokens=_whole(options, "batch_tokens", 16_384) or 16_384,
            parallel=_whole(options, "parallel", 4) or 4,
            retries=_whole(options, "retries", 5, least=0) or 0,
            timeout=_number(options, "timeout", 60.0, least=0.1) or 60.0,
            base64=_one_of(options, "encoding", ("float", "base64")) == "base64",
            input_type=_one_of(options, "input_type", ("no", "yes")) == "yes",
        )

    @property
    def host(self) -> str:
        """Returns the host and port, for messages."""
        return urlsplit(self.url).netloc

    @property
    def is_here(self) -> bool:
        """Tells whether the server is on this machine."""
        host = urlsplit(self.url).hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")


_KINDS = {EMBEDDINGS: "an encoder", RERANK: "a reranker", CHAT: "a language model"}
_OPTIONS = frozenset(("key", "tokenizer", "window", "price", "batch", "batch_tokens", "parallel", "retries"))
_OPTIONS |= {"timeout", "encoding", "input_type", "price_out"}


def is_remote(name: object) -> bool:
    """Tells whether a name is that of a model behind an address."""
    return isinstance(name, str) and name.startswith((f"{EMBEDDINGS}:", f"{RERANK}:"))


def _shown(name: str) -> str:
    """Returns a name without what stands before a host, which may be a password."""
    return re.sub(r"//[^/]*@", "//***@", name)


def _number(options: dict[str, str], option: str, default: float | None, *, least: float) -> float | None:
    if option not in options:
        return default
    try:
        value = float(options[option])
    except ValueError as error:
        raise ConfigError(f"{option} of an address is {options[option]!r}: give a number") from error
    if not math.isfinite(value) or value < least:
        raise ConfigError(f"{option} of an address is {options[option]!r}: give at least {least:g}")
    return value


def _whole(options: dict[str, str], option: str, default: int | None, *, least: int = 1) -> int | None:
    value = _number(options, option, default, least=least)
    if value is not None and value != int(value):
        raise ConfigError(f"{option} of an address is {options[option]!r}: give a whole number")
    return None if value is None else int(value)


def _one_of(options: dict[str, str], option: str, choices: tuple[str, ...]) -> str:
    value = options.get(option, choices[0])
    if value not in choices:
        raise ConfigError(f"{option} of an address is {value!r}: give {' or '.join(choices)}")
    return value
