"""`serve.toml`: its keys, what is wrong with one in a line, and that the command line wins over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.ui.cli import app
from passagework.ui.commands.output import run
from passagework.ui.service import listening, serving_process
from passagework.ui.service.serve_file import KEYS, options_of
from passagework.ui.service.serving_process import ServeOptions

WHOLE = """
host = "10.0.0.7"
port = 8700
allowed_hosts = ["search.example.org"]
tokens = "tokens.json"
reranker = "cross-encoder/some-model"
timeout = 12.5
workers = 2
access_log = false

[collections]
handbook = "build/handbook"

[collections.notes]
path = "/srv/notes"
sources = ["~/notes", "more"]
"""


def write(folder: Path, text: str) -> Path:
    """A file of options."""
    path = folder / "serve.toml"
    path.write_text(text)
    return path


def test_every_key(tmp_path: Path) -> None:
    """Paths lie beside the file or at home; a model that is no folder there is a name."""
    assert options_of(write(tmp_path, WHOLE)) == {
        "host": "10.0.0.7",
        "port": 8700,
        "allowed_host": ["search.example.org"],
        "tokens": str(tmp_path / "tokens.json"),
        "reranker": "cross-encoder/some-model",
        "timeout": 12.5,
        "workers": 2,
        "access_log": False,
        "collection": [f"handbook={tmp_path / 'build/handbook'}", "notes=/srv/notes"],
        "source": [f"notes={Path.home() / 'notes'}", f"notes={tmp_path / 'more'}"],
    }
    (tmp_path / "own").mkdir()
    assert options_of(write(tmp_path, 'reranker = "own"')) == {"reranker": str(tmp_path / "own")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 8600", "there is no key 'prot': did you mean 'port'?"),
        ("worker = 2", "there is no key 'worker': did you mean 'workers'?"),
        ("zzz = 1", f"there is no key 'zzz': there are {', '.join(KEYS)}"),
        ("[collections.c]\npath = 'c'\nsource = ['x']", "no key 'collections.c.source': did you mean 'sources'?"),
        ("[collections.c]\nsources = []", "collections.c.path is missing"),
        ("[collections]\nc = 3", "collections.c.path is 3: give a path"),
        ("[collections]\n'a b' = 'c'", "'a b' can't name a collection"),
        ("collections = ['c']", "give a table of collections by their names"),
        ("[collections.c]\npath = 'c'\nsources = 'x'", "collections.c.sources is 'x': give a list of folders"),
        ("port = '8600'", "port is '8600': give a whole number"),
        ("port = true", "port is True: give a whole number"),
        ("timeout = 'long'", "timeout is 'long': give a number"),
        ("no_auth = 1", "no_auth is 1: give true or false"),
        ("allowed_hosts = 'a'", "allowed_hosts is 'a': give a list of texts"),
        ("tokens = ''", "tokens is '': give a path"),
        ("reranker = 1", "reranker is 1: give a text"),
        ("port = ", "is no TOML"),
        ("\udcff", "is no TOML"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    """One line names the file and what is wrong; nothing is dropped."""
    path = tmp_path / "serve.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as told:
        options_of(path)
    assert str(told.value).startswith(str(path))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told before anything else is asked for."""
    assert run(app, ["serve", "--config", str(tmp_path / "none.toml")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("none.toml can't be read: No such file or directory")


class ServedError(PassageworkError):
    """Ends a command once it would serve."""


def served(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[tuple[str, int], ServeOptions]:
    """Where a command would listen, and what it would serve."""
    found: list[Any] = []

    def listen(host: str, port: int) -> Any:
        found.append((host, port))
        return listening_socket("127.0.0.1", 0)

    def serve(options: ServeOptions, *_: Any, **__: Any) -> bool:
        found.append(options)
        raise ServedError("served")

    listening_socket = listening.listening_socket
    with monkeypatch.context() as patched:
        patched.setattr(listening, "listening_socket", listen)
        patched.setattr(serving_process, "serve_until_stopped", serve)
        assert run(app, ["serve", *arguments]) == 1
    return found[0], found[1]


def test_the_command_line_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Option by option; of the file's sources stay those of collections that are served."""
    for name in ("docs", "more"):
        (tmp_path / name).mkdir()
    path = write(
        tmp_path,
        "port = 8700\ntimeout = 5\naccess_log = false\n[collections.a]\npath = 'a'\nsources = ['docs']\n"
        "[collections.b]\npath = 'b'\nsources = ['more']\n",
    )
    at = ["--config", str(path)]
    (host, port), options = served(monkeypatch, *at)
    assert (host, port, options.timeout, options.access_log) == ("127.0.0.1", 8700, 5.0, False)
    assert options.folders == {"a": tmp_path / "a", "b": tmp_path / "b"}
    assert options.sources == {"a": [tmp_path / "docs"], "b": [tmp_path / "more"]}

    (_, port), options = served(monkeypatch, "--port", "9000", *at, "--collection", "b=other", "--access-log")
    assert (port, options.timeout, options.access_log) == (9000, 5.0, True)
    assert (options.folders, options.sources) == ({"b": Path("other")}, {"b": [tmp_path / "more"]})
    _, options = served(monkeypatch, *at, "--source", f"a={tmp_path / 'more'}")
    assert options.sources == {"a": [tmp_path / "more"]}


def test_what_options_refuse_a_file_may_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bounds, and an address of other machines without a word on tokens; without collections there is nothing to do."""
    told = {
        "port = 70000\n[collections]\na = 'a'": "--port",
        "workers = 0\n[collections]\na = 'a'": "--workers",
        "host = '0.0.0.0'\n[collections]\na = 'a'": "0.0.0.0 is reached by other machines",
        "port = 8700": "--collection",
    }
    for text, said in told.items():
        assert run(app, ["serve", "--config", str(write(tmp_path, text))]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
