"""The optional extras: what each is for, what it brings, and the one line that names one that is missing.

Extras are declared in pyproject.toml. Whatever needs one calls `require` before it imports the extra's libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from passagework.retrieval.errors import ConfigError, PassageworkError


@dataclass(frozen=True, slots=True)
class Extra:
    """Tells what an extra is for, and which modules it needs, the most telling first."""

    purpose: str
    modules: tuple[str, ...]


EXTRAS: Mapping[str, Extra] = {
    "cpu": Extra("approximate indexes", ("faiss",)),
    "gpu": Extra("approximate indexes on a GPU", ("faiss", "torch", "sentence_transformers")),
    "fast": Extra("models on a CPU", ("openvino",)),
    "torch": Extra("models that OpenVINO can't run and for GPUs", ("torch", "sentence_transformers", "transformers")),
    "serve": Extra("the service over HTTP", ("fastapi", "uvicorn", "prometheus_client", "mcp")),
    "watch": Extra("file events", ("watchfiles",)),
    "web": Extra("pages of the web", ("protego",)),
    "remote-files": Extra("buckets and other file systems elsewhere", ("fsspec",)),
    "qdrant": Extra("collections that Qdrant serves", ("qdrant_client", "qdrant_edge")),
    "postgres": Extra("collections that PostgreSQL serves", ("psycopg",)),
    "fleet": Extra("an ingest on many machines", ("ray", "pyarrow")),
    "ui": Extra("the pages in the browser", ("streamlit", "starlette", "markdown_it", "PIL")),
    "export": Extra("Parquet files", ("pyarrow",)),
    "code": Extra("source code cut at its functions", ("tree_sitter", "tree_sitter_python", "tree_sitter_javascript")),
    "ocr": Extra("pictures of text", ("rapidocr", "openvino", "cv2")),
    "audio": Extra("what is said in recordings", ("faster_whisper", "av")),
    "labels": Extra("classifiers", ("sklearn",)),
    "pii": Extra("personal data", ("stdnum", "phonenumbers")),
    "privacy": Extra("names of people, places and organisations", ("spacy", "stdnum", "phonenumbers")),
    "train": Extra("training", ("accelerate", "datasets", "torch", "sentence_transformers", "transformers")),
    "tiktoken": Extra("tokens as OpenAI's models count them", ("tiktoken",)),
    "mteb": Extra("measuring mteb's tasks", ("mteb",)),
    "langchain": Extra("LangChain", ("langchain_core",)),
    "llamaindex": Extra("LlamaIndex", ("llama_index.core",)),
    "haystack": Extra("Haystack", ("haystack",)),
}


def missing_modules(extra: str) -> tuple[str, ...]:
    """Returns the modules of an extra that can't be found; they are looked for without being imported."""
    return tuple(name for name in EXTRAS[extra].modules if not _is_installed(name))


def _is_installed(module: str) -> bool:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # of a package that isn't there either
        return False
    return spec is not None and spec.origin is not None  # a folder of that name, somewhere on the path, has none


def install_command(extra: str) -> str:
    """Returns what to type: `pip install "passagework[ui]"`."""
    return f'pip install "passagework[{extra}]"'


def missing_extra(
    extra: str, module: str, error: type[PassageworkError] = ConfigError, *, cause: ImportError | None = None
) -> PassageworkError:
    """Returns the error for an extra whose module can't be had: what is missing, what for, what to type.

    `cause` is what importing it raised, where that was tried: a module may be there and broken.
    """
    broken = cause is not None and not isinstance(cause, ModuleNotFoundError)
    state = f"can't be imported ({cause})" if broken else "isn't installed"
    return error(f"{module}, for {EXTRAS[extra].purpose}, {state}: {install_command(extra)}")


def require(extra: str, error: type[PassageworkError] = ConfigError) -> None:
    """Raises `error`, as `missing_extra` words it, where a module of the extra can't be found; it imports none."""
    missing = missing_modules(extra)
    if missing:
        raise missing_extra(extra, missing[0], error)
