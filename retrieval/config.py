"""Settings: the one place that reads the environment, and the one home of defaults."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.errors import ConfigError

COLLECTION = "PASSAGEWORK_COLLECTION"
"""The variable that names the collection of a command that needs one and is given none."""

API_KEY = "PASSAGEWORK_API_KEY"
"""The variable that holds the key of a server that runs a model, where no other is named."""

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_WINDOW, DEFAULT_SPECIAL_TOKENS = 256, 2
"""Tokens that it reads at once (its sentence_bert_config.json), and those of them that are special: [CLS] and [SEP]."""

DEFAULT_SPEECH_MODEL = "Systran/faster-whisper-base"
"""What writes down what is said: 74 million parameters, 99 languages, 145 MB (MIT)."""

MAX_WINDOW = 8192
"""Tokens. No encoder is asked for more, whatever its model claims: attention memory grows with the square."""

PASSAGE_TOKENS = 200
OVERLAP_TOKENS = 32
"""Tokens of a passage at most, and tokens that a passage repeats of the one before."""

CANDIDATES = 200
"""Pool per first-stage retriever; with CONVEX_WEIGHT it gives the reference figures of the README."""

CONVEX_WEIGHT = 0.4
"""Weight of BM25 (divided by the query's best) beside the cosine in convex fusion."""

RRF_K = 60
"""What is added to a rank in reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""

RELEVANT = 0.03
"""The least relevance of a hit that may answer: it keeps 95 % of answers, and few of what foreign questions find."""

PARSERS = 4
"""Processes that read files, at most, where nothing else is asked for."""

RERANK_DEPTH = 50
"""Candidates that a cross-encoder reads, of the first stage's order; those below them are no hits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Holds what a machine or a user prefers, beneath what a call says.

    `device` is torch's name (None: CUDA where there is one, else CPU). `precision` is auto, fp32, bf16 or int8.
    `backend` is auto, torch or openvino (see `passagework.retrieval.models.backends`).
    `parse_timeout` is in seconds, `parse_memory` in bytes for each parser process.
    """

    encoder: str | None = None
    reranker: str | None = None
    llm: str | None = None
    device: str | None = None
    precision: str = "auto"
    backend: str = "auto"
    speech_model: str | None = None
    offline: bool = False
    cache: Path | None = None
    workers: int = 2
    parse_timeout: float = 120.0
    parse_memory: int = 4 << 30

    @classmethod
    def from_environment(cls) -> Settings:
        """Reads PASSAGEWORK_* variables; HF_HUB_OFFLINE counts as offline, HF_HOME moves the cache.

        Raises ConfigError naming the variable that can't be read.
        """
        env = os.environ
        cache = env.get("HF_HUB_CACHE")
        return cls(
            encoder=env.get("PASSAGEWORK_ENCODER") or None,
            reranker=env.get("PASSAGEWORK_RERANKER") or None,
            llm=env.get("PASSAGEWORK_LLM") or None,
            device=env.get("PASSAGEWORK_DEVICE") or None,
            precision=_choice("PASSAGEWORK_PRECISION", ("auto", "fp32", "bf16", "int8")),
            backend=_choice("PASSAGEWORK_BACKEND", ("auto", "torch", "openvino")),
            speech_model=env.get("PASSAGEWORK_SPEECH_MODEL") or None,
            offline=_flag("PASSAGEWORK_OFFLINE") or _flag("HF_HUB_OFFLINE"),
            cache=Path(cache).expanduser() if cache else None,
            workers=_whole("PASSAGEWORK_WORKERS", min(PARSERS, os.cpu_count() or 1), least=1),
            parse_timeout=_number("PASSAGEWORK_PARSE_TIMEOUT", 120.0, least=0.1),
            parse_memory=_whole("PASSAGEWORK_PARSE_MEMORY_MB", 4096, least=64) << 20,
        )


def default_collection() -> Path | None:
    """Returns the collection that the environment names, if any."""
    named = os.environ.get(COLLECTION)
    return Path(named) if named else None


def api_key(variable: str) -> str | None:
    """Returns the key in an environment variable, which is sent to a server, and never stored or shown."""
    return os.environ.get(variable) or None


def hub_cache() -> Path:
    """Returns the folder in which the hub's client keeps models, as it finds it itself."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def limit_thread_spinning() -> None:
    """Lets torch's and FAISS's threads sleep soon when they wait for one another; to be called before torch is loaded.

    By default GNU's OpenMP spins for milliseconds, and two processes on the same cores stand in each other's way: an
    encoder of 200-token texts beside another one fell from 12,000 to 300 tokens/s one text at a time, and from 20,000
    to 1,000 four at a time; so it stays at 10,000 and 15,000, and is no slower alone. What the user set is kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")


def debug_tracebacks() -> bool:
    """Tells whether PASSAGEWORK_DEBUG asks for the traceback of an unexpected error in place of its one line."""
    return _flag("PASSAGEWORK_DEBUG")


def _choice(name: str, choices: tuple[str, ...]) -> str:
    """Returns the choice that the variable names, the first where it is not set."""
    value = os.environ.get(name) or choices[0]
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}: give {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _number(name: str, default: float, *, least: float) -> float:
    raw = os.environ.get(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError as error:
        raise ConfigError(f"{name} is {raw!r}: give a number") from error
    if not math.isfinite(value):
        raise ConfigError(f"{name} is {raw!r}: give a number")
    if value < least:
        raise ConfigError(f"{name} is {raw!r}: give at least {least:g}")
    return value


def _whole(name: str, default: int, *, least: int) -> int:
    value = _number(name, default, least=least)
    if not float(value).is_integer():
        raise ConfigError(f"{name} is {os.environ[name]!r}: give a whole number")
    return int(value)
