"""What `make setup` and `make test` install, and what they print: pip and the GPU's tools are stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.slim_install import ROOT

PYTHON = """#!/bin/sh
# Takes the place of the environment's Python: writes down what pip is asked for; a GPU works where WORKS is 0.
case "$*" in
    *" pip "*install*) echo "noise of pip"; echo "$*" >> asked; exit ${PIP:-0} ;;
    -c*faiss*) exit ${WORKS:-1} ;;
esac
"""
SETUP = "fast,offline,ui"
REST = (
    f"{SETUP},audio,code,dev,export,fleet,haystack,labels,langchain,llamaindex,mteb,ocr,pii,postgres,privacy,qdrant,remote-files,serve,tiktoken,torch,"
    "train,watch,web"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile, and an environment that is made already."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", "setup.py", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    _program(tmp_path / ".venv/bin/python", PYTHON)
    _program(tmp_path / ".venv/bin/ruff", "#!/bin/sh\n")
    _program(tmp_path / ".venv/bin/mypy", "#!/bin/sh\n")
    return tmp_path


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make(checkout: Path, target: str, *, gpu: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make` there; with `gpu`, nvidia-smi and uname tell of one."""
    found = checkout / "tools"
    _program(found / "nvidia-smi", f"#!/bin/sh\nexit {int(not gpu)}\n")
    _program(found / "uname", "#!/bin/sh\necho Linux x86_64\n")
    environment = {**os.environ, **variables, "PATH": f"{found}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("MAKEFLAGS", None)  # where `make test` runs this
    command = ["make", "--no-print-directory", target]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def installed(checkout: Path) -> list[str]:
    """The extras of every install, in order; an uninstall by the name of what goes."""
    lines = (checkout / "asked").read_text().splitlines()
    return [line.split(".[")[1].rstrip("]") if ".[" in line else f"-{line.split()[-1]}" for line in lines]


def test_setup_installs_what_demo_and_pages_need(checkout: Path) -> None:
    """No developer tools, no torch; two lines, and pip's own in a log. A second time there is nothing to do."""
    ran = make(checkout, "setup")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert installed(checkout) == ["-faiss-gpu", f"cpu,{SETUP}"]
    first, second = ran.stdout.splitlines()
    assert first == "Installing into .venv for cpu; the first time this takes a minute or more"
    assert second.startswith("Installed in ")
    assert "noise of pip" in (checkout / ".venv/install.log").read_text()
    make(checkout, "setup")
    assert len(installed(checkout)) == 2


def test_check_installs_the_rest_once(checkout: Path) -> None:
    """After the set-up, the developer tools and the other extras, for the same kind of machine."""
    assert make(checkout, "check").returncode == 0
    assert make(checkout, "check").returncode == 0
    assert installed(checkout) == ["-faiss-gpu", f"cpu,{SETUP}", f"cpu,{REST}"]


@pytest.mark.parametrize(("works", "kind"), [("0", "gpu"), ("1", "cpu,torch")])
def test_a_gpu_gets_torch_and_faiss_gpu_where_it_works(checkout: Path, works: str, kind: str) -> None:
    """Where faiss-gpu doesn't work beside this torch, faiss-cpu takes its place, and torch stays."""
    ran = make(checkout, "check", gpu=True, WORKS=works)
    assert ran.returncode == 0, ran.stderr
    expected = ["-faiss-cpu", f"gpu,{SETUP}", *(["-faiss-gpu"] if works == "1" else [])]
    assert installed(checkout) == [*expected, f"{kind},{SETUP}", f"{kind},{REST}"]
    assert ("faiss-cpu takes its place" in ran.stdout) == (works == "1")


def test_a_failure_shows_the_end_of_the_log(checkout: Path) -> None:
    """And is tried again the next time."""
    ran = make(checkout, "setup", PIP="1")
    assert ran.returncode != 0
    assert "noise of pip" in ran.stderr
    assert "pip failed; all that it said is in .venv/install.log" in ran.stderr
    assert make(checkout, "setup").returncode == 0
