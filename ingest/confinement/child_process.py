"""Says how a child process for strangers' files is started: this Python and package, little of the environment.

A plain `subprocess`, never fork or multiprocessing: it works under notebooks, Streamlit and scripts without a main
guard, and the child holds nothing of the parent's memory. It confines itself, see `confine`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import passagework

_ROOT = str(Path(passagework.__file__).resolve().parents[1])
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Each child is one of many: its numeric libraries must not start a thread per core, nor reserve memory for them."""
_ENVIRONMENT = ("PATH", "LANG", "TZ", "HOME", "LD_LIBRARY_PATH")
_ENVIRONMENT_PREFIXES = ("LC_", "PYTHON", "DYLD_")
"""What a child gets of the environment: the rest may hold passwords, which are nothing for whoever takes it over."""


def child_command(module: str) -> list[str]:
    """Returns the command that calls `main()` of a module in a Python of its own."""
    boot = f"import sys; sys.path[:] = sys.argv[1:]; from {module} import main; main()"
    return [sys.executable, "-c", boot, *_import_path()]


def child_environment() -> dict[str, str]:
    """Returns the environment of a child."""
    if sys.platform == "win32":
        return {**os.environ, **_ONE_THREAD}
    environment = {
        key: value for key, value in os.environ.items() if key in _ENVIRONMENT or key.startswith(_ENVIRONMENT_PREFIXES)
    }
    return {**environment, **_ONE_THREAD}


def _import_path() -> list[str]:
    """Returns where the child finds modules: where this process does, and this package's own folder.

    The current folder is never among them: it may hold a hostile document named like a module.
    """
    absolute = [entry for entry in sys.path if Path(entry).is_absolute()]
    return absolute if _ROOT in absolute else [*absolute, _ROOT]
