"""The models of components, as a dumped pipeline names them."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.errors import ConfigError


def dumped_name(model: object) -> str | None:
    """Returns the name by which a component was given its model; raises ConfigError where it was given the object."""
    if model is None or isinstance(model, str | Path):
        return None if model is None else str(model)
    raise ConfigError(f"a pipeline with {type(model).__name__} as an object can't be dumped: name the model instead")
