"""The container's files: who runs in it, what it may write, what is sent to a build; and commands that exist."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pathspec
import pytest
import typer
import yaml
from typer.main import get_command

from passagework.retrieval.extras import EXTRAS
from passagework.ui.cli import app
from tests.support.slim_install import ROOT, package_files

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def instructions(stage: int) -> list[tuple[str, str]]:
    """Instructions of a stage of the Dockerfile, in order; 0 is what stands before the first."""
    lines = [line for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    split = [line.partition(" ")[::2] for line in joined]
    starts = [0, *(number for number, (word, _) in enumerate(split) if word == "FROM"), len(split)]
    return [(word, rest.strip()) for word, rest in split[starts[stage] : starts[stage + 1]]]


def test_the_image_runs_as_nobody_of_note() -> None:
    """By number, so that a cluster can tell; the base has a tag; what pip installs is pinned, and leaves no cache."""
    [(_, base)] = [one for one in instructions(0) if one[0] == "ARG"]
    assert re.fullmatch(r"PYTHON=python:3\.1[0-3]-slim-\w+", base)
    last = instructions(2)
    words = [word for word, _ in last]
    assert dict(last)["USER"] == "10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert all(word != "RUN" for word in words[words.index("USER") :])
    assert "ADD" not in {word for stage in (1, 2) for word, _ in instructions(stage)}
    installs = [rest for _, rest in instructions(1) if "pip install" in rest]
    assert len(installs) == 1
    assert "--no-cache-dir --constraint constraints.txt" in installs[0]
    [extras] = [rest for word, rest in instructions(1) if word == "ARG"]
    assert set(extras.partition("=")[2].split(",")) == {"cpu", "fast", "offline", "serve", "watch"}


def test_it_says_whether_it_is_well() -> None:
    """It asks the service's own route, at the port that is exposed, without a shell."""
    last = dict(instructions(2))
    command = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert command[:2] == ["python3", "-c"]
    assert f"http://127.0.0.1:{last['EXPOSE']}/readyz" in command[2]
    ast.parse(command[2])
    assert _option("serve", "port") == int(last["EXPOSE"])


def _option(command: str, name: str) -> object:
    group: Any = get_command(app)
    return next(one.default for one in group.commands[command].params if one.name == name)


@pytest.mark.parametrize(
    "words", [json.loads(dict(instructions(2))["CMD"]), *(one["command"] for one in SERVICES.values())]
)
def test_the_commands_exist(words: list[str]) -> None:
    """With the options that they are given; `serve` at all addresses says who may ask."""
    group: Any = get_command(app)
    command = group.commands[words[0]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "invoke", lambda context: None)
        with typer.Context(command), command.make_context(words[0], words[1:]) as parsed:
            assert parsed.params["collection"]
    if words[0] == "serve":
        assert {"--tokens", "--no-auth"} & set(words)


@pytest.mark.parametrize("name", SERVICES)
def test_services_may_do_little(name: str) -> None:
    """No root file system to write to, no capability, ports of this machine alone, and a way to tell their health."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    written = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert written == ["collections:/collections"]
    built = service.get("build", ".")
    extras = "" if isinstance(built, str) else built["args"]["EXTRAS"]
    assert {one for one in extras.split(",") if one} <= EXTRAS.keys() | {"offline"}
    if "healthcheck" in service:
        ast.parse(service["healthcheck"]["test"][3])


def test_a_build_is_sent_what_a_wheel_is_made_of() -> None:
    """All of it, and nothing of a checkout beside: no history, no documents, no environment."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    ignored = pathspec.GitIgnoreSpec.from_lines(line for line in lines if not line.startswith("#"))
    sent = [path.relative_to(ROOT).as_posix() for path in package_files()]
    sent += ["pyproject.toml", "setup.py", "README.md", "LICENSE", "constraints.txt"]
    assert [path for path in sent if ignored.match_file(path)] == []
    for path in (".git/config", ".venv/bin/python", "data/sample/a.md", "tests/conftest.py", "ui/__pycache__/cli.pyc"):
        assert ignored.match_file(path), path


@pytest.mark.slow
def test_the_watch_is_known_to_be_well_or_not(tmp_path: Path) -> None:
    """What compose asks of it fails where nothing watches."""
    code = SERVICES["watch"]["healthcheck"]["test"][3].replace("/collections/documents", str(tmp_path))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1
    from passagework.ingest import WatchState, WatchStatus
    from passagework.ingest.watching.watch_status import watch_file

    with watch_file(tmp_path) as file:
        file.write(WatchStatus(WatchState.WATCHING, 1, ("/documents",), "2026-11-30T10:00:00+00:00"))
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
