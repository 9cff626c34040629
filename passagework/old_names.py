"""Says what to write in place of `retrieval`, `ingest` and `ui`, which once were names to import by themselves.

A wheel has a module of a line for each. All that is named so elsewhere goes before it: a user's own module or package
does by Python's rules, a folder without `__init__.py` because `refuse_old_name` looks for one.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType


def refuse_old_name(module: ModuleType) -> None:
    """Raises ImportError for the module of an old name; where folders of that name lie on the path, it becomes them."""
    name = module.__spec__.name if module.__spec__ else module.__name__  # which is "__main__" for python -m
    folders = [folder for entry in sys.path if (folder := _folder_in(entry, name))]
    if not folders:
        raise ImportError(f"`{name}` is a part of passagework: write `from passagework.{name} import ...`", name=name)
    module.__path__ = folders
    module.__file__ = None


def _folder_in(entry: str, name: str) -> str | None:
    """Returns the folder at one entry of the path that Python would take for a part of a namespace package."""
    spec = PathFinder.find_spec(name, [entry])
    if spec is None or spec.origin is not None or not spec.submodule_search_locations:
        return None
    return next(iter(spec.submodule_search_locations))
