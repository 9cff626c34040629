"""Reads a model folder as data: its JSON, its modules, its tokenizer, its weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passagework.retrieval.errors import ModelUnavailableError
from passagework.retrieval.models.backends.bert_graph import Weights
from passagework.retrieval.models.weights import ResolvedModel


def read_json(path: Path) -> dict[str, Any]:
    """Returns the object in a file; an empty one where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read_modules(folder: Path) -> list[dict[str, Any]]:
    """Returns what modules.json lists, in order; [] where there is none."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [module for module in modules if isinstance(module, dict)] if isinstance(modules, list) else []


def module_names(folder: Path) -> list[str]:
    """Returns the class of each module, without the package that it is from."""
    return [str(module.get("type", "")).rsplit(".", 1)[-1] for module in read_modules(folder)]


def read_tokenizer(folder: Path) -> Any | None:
    """Returns a tokenizer of the tokenizers library; None where the folder has another kind."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    return Tokenizer.from_file(str(path)) if path.is_file() else None


def read_weights(folder: Path) -> Weights | None:
    """Returns weights by name; None where there is no such file, or its numbers are bfloat16, which NumPy has not."""
    from safetensors.numpy import load_file

    path = folder / "model.safetensors"
    try:
        return load_file(path) if path.is_file() else None
    except TypeError:
        return None


@contextmanager
def model_load_errors(resolved: ResolvedModel) -> Iterator[None]:
    """Turns what the libraries raise over a damaged folder into one line that names the model."""
    try:
        yield
    except Exception as error:  # tokenizers and safetensors raise what they like
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelUnavailableError(f"{resolved.name} can't be loaded from {resolved.path}: {reason}") from error
