"""No parser outlives its pool, its caller's interest, or its parent; and none needs a main guard to start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import passagework
from passagework.ingest.workers import LoadRequest, ParserPool
from tests.ingest.test_workers import LOADER, is_gone, new_pool

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which processes and threads there are"),
]

ROOT = Path(passagework.__file__).parents[1]


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Fails if child processes or threads outlive the block, or if ending them takes long after it says `ending`."""
    threads = set(threading.enumerate())
    children = _children()
    yield
    assert _children() == children
    assert set(threading.enumerate()) <= threads


def _children() -> set[str]:
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
            found.update((task / "children").read_text().split())
    return found


def wait_for(path: Path) -> int:
    """The process id that a fake loader wrote down."""
    for _ in range(200):
        if path.exists() and (text := path.read_text()):
            return int(text)
        time.sleep(0.05)
    raise TimeoutError(f"{path} was never written")


def test_leaving_the_pool_ends_everything(tmp_path: Path) -> None:
    """Parsers at work, idle, or held back by a full pipe are gone at once when the pool is left."""
    names = ["text 1", "endless", "hang", "lock", "family"]
    with nothing_left_behind():
        with new_pool(4, confine=False) as pool:
            files = pool.load_all(LoadRequest(tmp_path / name) for name in names)
            assert sum(1 for _ in next(files).items) == 1
            next(files)
            processes = [wait_for(tmp_path / f"{name}.pid") for name in ("hang", "lock", "family")]
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 10
        assert all(is_gone(process) for process in processes)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_of_the_caller_ends_everything(tmp_path: Path, error: type[BaseException]) -> None:
    """An exception in the caller's loop, Ctrl-C among them, passes through and leaves nothing."""

    def use(pool: ParserPool) -> None:
        with pool:
            for loaded in pool.load_all(LoadRequest(tmp_path / name) for name in ("text 1", "hang", "hang")):
                assert sum(1 for _ in loaded.items) == 1
                wait_for(tmp_path / "hang.pid")
                raise error

    with nothing_left_behind(), pytest.raises(error):
        use(new_pool(2, confine=False))


def test_an_error_in_the_list_of_requests_ends_everything(tmp_path: Path) -> None:
    """An exception raised while more requests are read passes through and leaves nothing."""

    def requests() -> Iterator[LoadRequest]:
        yield LoadRequest(tmp_path / "hang")
        wait_for(tmp_path / "hang.pid")
        raise ValueError("no more")

    with nothing_left_behind(), new_pool(confine=False) as pool, pytest.raises(ValueError, match="no more"):
        next(pool.load_all(requests()))


def test_leaving_the_loop_stops_the_parsers_and_keeps_the_pool(tmp_path: Path) -> None:
    """A caller that stops early has the files in flight stopped at once; the pool then serves again."""
    with nothing_left_behind(), new_pool(2, confine=False) as pool:
        files = pool.load_all(LoadRequest(tmp_path / name) for name in ("text 1", "hang"))
        next(files)
        process = wait_for(tmp_path / "hang.pid")
        files.close()  # type: ignore[attr-defined] # it is a generator, as leaving a for loop would close it
        assert is_gone(process)
        files = pool.load_all([LoadRequest(tmp_path / "text 2")])
        assert [len(item.text) for item in next(files).items] == [2]  # type: ignore[union-attr] # a Document


def run_script(tmp_path: Path, body: str, *, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Starts a user's script that has no main guard."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import signal, sys
        from pathlib import Path
        from passagework.ingest.workers import LoadRequest, ParserPool

        signal.signal(signal.SIGINT, signal.default_int_handler)  # tests run in the background ignore Ctrl-C

        def run(*names):
            pool = ParserPool(2, loader={LOADER!r}, confine=False)  # they leave files that tell their ids
            files = pool.load_all([LoadRequest(Path({str(tmp_path)!r}) / name) for name in names])
            return pool, files
        """)
        + textwrap.dedent(body)
    )
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=cwd or tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How a script ended: exit code, stdout, stderr."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_a_script_without_a_main_guard_works(tmp_path: Path) -> None:
    """Top-level code that uses the pool isn't run again by its parsers."""
    body = """
        pool, files = run("text 3", "dies 3", "rich")
        with pool:
            for loaded in files:
                try:
                    print([item.text for item in loaded.items][-1])
                except Exception as error:
                    print(error)
    """
    assert finish(run_script(tmp_path, body)) == (0, "xxx\nthe parser died (exit code 3)\nlast\n", "")


def test_the_current_folder_is_never_imported_from(tmp_path: Path) -> None:
    """A hostile folder of documents, being the current one, can't pass a file off as a module."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for module in ("colorsys", "json", "pypdf", "ingest", "sitecustomize"):
        (documents / f"{module}.py").write_text(f"open('owned-{module}', 'w')")
    body = """
        sys.path.insert(0, "")
        pool, files = run("imports")
        with pool:
            print([item.text for item in next(files).items])
    """
    code, out, err = finish(run_script(tmp_path, body, cwd=documents))
    assert (code, err) == (0, "")
    assert str(documents) not in out
    assert sorted(path.name for path in documents.glob("owned*")) == []


def test_a_script_that_never_closes_its_pool_ends(tmp_path: Path) -> None:
    """Forgetting the `with` neither keeps the interpreter from ending nor leaves a parser."""
    body = """
        pool, files = run("text 1", "hang")
        print([item.text for item in next(files).items])
        while not Path("hang.pid").exists():
            pass
    """
    assert finish(run_script(tmp_path, body)) == (0, "['x']\n", "")
    assert is_gone(wait_for(tmp_path / "hang.pid"))


@pytest.mark.parametrize("hanging", ["hang", "lock"])
@pytest.mark.parametrize("sent", ["SIGKILL", "SIGTERM"])
def test_parsers_die_with_their_parent(tmp_path: Path, hanging: str, sent: str) -> None:
    """A parent that is killed takes its parsers along, whether they run Python or hang in C holding its lock."""
    script = run_script(tmp_path, f"pool, files = run({hanging!r}, 'text 1')\nprint(list(next(files).items))")
    parser = wait_for(tmp_path / f"{hanging}.pid")
    script.send_signal(signal.Signals[sent])
    assert finish(script) == (-signal.Signals[sent], "", "")
    assert is_gone(parser)


def test_ctrl_c_ends_a_run_that_waits_for_a_parser(tmp_path: Path) -> None:
    """Ctrl-C while the caller waits raises KeyboardInterrupt there, promptly, and no parser prints a traceback."""
    body = """
        pool, files = run("hang")
        with pool:
            try:
                list(next(files).items)
            except KeyboardInterrupt:
                print("interrupted")
    """
    script = run_script(tmp_path, body)
    parser = wait_for(tmp_path / "hang.pid")
    started = time.monotonic()
    script.send_signal(signal.SIGINT)
    assert finish(script) == (0, "interrupted\n", "")
    assert time.monotonic() - started < 20
    assert is_gone(parser)


def test_a_pool_never_used_starts_nothing() -> None:
    """Processes start with the first file: a run in which nothing changed costs nothing."""
    with nothing_left_behind(), ParserPool(2, loader=LOADER) as pool:
        before = _children()
        assert list(pool.load_all([])) == []
        assert _children() == before
