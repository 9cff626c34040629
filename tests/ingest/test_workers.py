"""The parser pool: what comes back, in which order, how much ahead, and what a bad file costs."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest.loaders.base import LoadOptions, OcrMode, PartsRead, RecordFailure
from passagework.ingest.workers import LoadRequest, ParserPool
from passagework.ingest.workers.messages import item_to_json, items_from_json, to_json
from passagework.retrieval.errors import ConfigError, IngestError, PassageworkError
from passagework.retrieval.types import Document, Heading, Page
from tests.support.fake_loaders import RICH, document

Item = Document | RecordFailure
LOADER = "tests.support.fake_loaders:load"
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="address space limits and /proc are Linux's")


def new_pool(
    workers: int = 1, *, timeout: float = 30.0, ahead_limit: int = 64 << 20, confine: bool = True
) -> ParserPool:
    """A pool whose loader does what the file's name says; unconfined, it may leave files that tell what it does."""
    return ParserPool(
        workers, timeout=timeout, memory_limit=1 << 30, ahead_limit=ahead_limit, loader=LOADER, confine=confine
    )


def load(pool: ParserPool, *names: str) -> list[list[Item | str]]:
    """Each file's items, its reason behind them if it failed."""
    out: list[list[Item | str]] = []
    for loaded in pool.load_all(LoadRequest(Path("/nowhere") / name) for name in names):
        assert loaded.request.path.name == names[len(out)]
        out.append([])
        try:
            out[-1].extend(item for item in loaded.items if not isinstance(item, PartsRead))
        except IngestError as error:
            out[-1].append(str(error))
    return out


def text_of(items: list[Item | str]) -> str:
    """The text of a file's only document."""
    (item,) = items
    assert isinstance(item, Document), item
    return item.text


def test_documents_arrive_as_they_were_yielded() -> None:
    """Every field survives the pipe: lone surrogates, NUL, nested metadata, pages, headings, an empty document."""
    with new_pool() as pool:
        assert load(pool, "rich.x") == [[RICH, Document("", ""), document("last")]]


places = st.tuples(st.integers(1, 9), st.text(), st.just(0), st.just(0))
documents = st.builds(
    Document,
    text=st.text(st.characters()),
    media_type=st.text(),
    name=st.none() | st.text(),
    metadata=st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)),
    pages=st.lists(places.map(lambda place: Page(*place))).map(tuple),
    headings=st.lists(places.map(lambda place: Heading(*place))).map(tuple),
)


@settings(max_examples=50)
@given(documents)
def test_any_document_survives_its_json(item: Document) -> None:
    """Decoding undoes encoding, for any text that Python can hold."""
    line = to_json(item_to_json(item))
    assert b"\n" not in line
    assert items_from_json([json.loads(line.decode("utf-8", "surrogatepass"))], "") == deque([item])


def test_long_texts_arrive_whole() -> None:
    """Texts longer than a segment are put together again, surrogates and all, and don't leak into their neighbours."""
    wide = ("é\U0001f600\ud800" * 3_000_000)[:3_000_000]
    with new_pool() as pool:
        narrow, short, other = load(pool, "text 5000000.x", "text 3.x", "wide 3000000.x")
    assert text_of(narrow) == "x" * 5_000_000
    assert text_of(short) == "xxx"
    assert text_of(other) == wide


def test_records_stream_in_order_with_their_failures() -> None:
    """10,000 records arrive in the file's order; a bad one is a RecordFailure of one line in its place."""
    with new_pool() as pool:
        (items,) = load(pool, "records 10000.jsonl")
    assert [item.name for item in items if isinstance(item, Document)] == [
        str(index) for index in range(10_000) if index % 1000 != 7
    ]
    assert items[1007] == RecordFailure("line 1007 is bad")
    assert items[9999] == Document("record 9999 " * 10, "application/json", name="9999", metadata={"n": 9999})


@pytest.mark.slow
def test_files_come_in_the_order_asked_while_later_ones_are_parsed() -> None:
    """A slow first file doesn't hold up the parsing of the others, nor do they overtake it."""
    with new_pool(3) as pool:
        started = time.monotonic()
        texts = [text_of(items) for items in load(pool, "slow 3000", "slow 2900", "slow 2800")]
    assert texts == ["slow 3000", "slow 2900", "slow 2800"]
    assert time.monotonic() - started < 8


@pytest.mark.slow
def test_a_scan_that_goes_on_takes_its_time() -> None:
    """Pages that are told one by one are no silence, however long all of them take; and each is passed on."""
    request = LoadRequest(Path("/nowhere/pages 5.pdf"), LoadOptions(ocr=OcrMode.ALWAYS))
    with new_pool(timeout=1.5) as pool:
        (items,) = [list(loaded.items) for loaded in pool.load_all([request])]
    assert items[:-1] == [PartsRead(done, 5) for done in range(1, 6)]
    assert items[-1] == Document("pages 5 always", "text/plain")


FAULTS = {
    "refuses": "scanned: 0 of 12 pages have text [31m" + "!" * 262 + "…",
    "raises": "PDF can't be read: ValueError: bad xref table \ufffd",
    "panics": "PDF can't be read: PanicError: index out of range",
    "exits": "PDF can't be read: SystemExit: bye",
    "recurses": "nested too deep",
    "deep": "nested too deep",
    "date": "PDF can't be read: TypeError: Object of type PosixPath is not JSON serializable",
    "wrong": "PDF can't be read: TypeError: a loader yielded str, not a Document or a RecordFailure",
    "beyond": "the parser's answer is broken: a page or heading at 2-5 of a text of 4 characters",
    "dies 3": "the parser died (exit code 3)",
    "dies 0": "the parser died (exit code 0)",
    "crashes": "the parser died (signal 11, segmentation fault)",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_one_document(fault: str) -> None:
    """A file that can't be read fails with its reason; the files before and after it are read by the same pool."""
    with new_pool() as pool:
        before, failed, after = load(pool, "text 1", f"{fault}.pdf", "text 2")
    assert failed[-1] == FAULTS[fault]
    assert failed[:-1] == ([document("before")] if fault in ("refuses", "raises") else [])
    assert (text_of(before), text_of(after)) == ("x", "xx")


@needs_linux
@pytest.mark.parametrize("fault", ["swallows", "wraps"])
@pytest.mark.slow
def test_memory_is_limited(fault: str) -> None:
    """A parser that takes all the memory there is fails by its limit, and is replaced."""
    with new_pool() as pool:
        before, failed, after = load(pool, "pid", f"{fault}.pdf", "pid")
    assert failed == ["needs more than 1024 MB of memory to read"]
    assert text_of(before) != text_of(after)


@needs_linux
def test_memory_that_other_files_took_costs_no_file() -> None:
    """A file that its parser has no memory left for is tried once more by a new one; too large ones fail."""
    with new_pool() as pool:
        found = load(pool, "keeps 450.pdf", "keeps 450.pdf", "keeps 2000.pdf", "keeps 10.pdf")
    assert [text_of(items) for items in (found[0], found[1], found[3])] == ["1 kept", "1 kept", "1 kept"]
    assert found[2] == ["needs more than 1024 MB of memory to read"]


@needs_linux
@pytest.mark.parametrize("name", ["hang", "lock", "family"])
def test_a_hanging_parser_is_stopped(tmp_path: Path, name: str) -> None:
    """Silence beyond the timeout ends the parser, also one stuck in C, and what it started; the next file is read."""
    path = tmp_path / name
    with new_pool(timeout=1, confine=False) as pool:
        started = time.monotonic()
        loaded = pool.load_all([LoadRequest(path), LoadRequest(Path("/nowhere/text 1"))])
        with pytest.raises(IngestError, match=r"^took longer than 1 s to read: stopped$"):
            list(next(loaded).items)
        assert 1 < time.monotonic() - started < 20
        assert list(next(loaded).items) == [document("x")]
    assert is_gone(int(Path(f"{path}.pid").read_text()))


@pytest.mark.slow
def test_a_slow_caller_is_no_hanging_parser() -> None:
    """Only the parser's own silence counts: a caller that takes longer than the timeout finds everything there."""
    with new_pool(timeout=2, ahead_limit=1) as pool:
        loaded = pool.load_all([LoadRequest(Path("/nowhere/records 3000")), LoadRequest(Path("/nowhere/text 1"))])
        items = next(loaded).items
        assert next(items) == Document("record 0 " * 10, "application/json", name="0", metadata={"n": 0})
        time.sleep(3)
        assert sum(isinstance(item, Document) for item in items) == 3000 - 3 - 1
        time.sleep(2.5)
        assert list(next(loaded).items) == [document("x")]


def is_gone(process: int) -> bool:
    """Whether a process ends within some seconds; a zombie without other threads, which still would run, has ended."""
    for _ in range(100):
        try:
            status = Path(f"/proc/{process}/status").read_text()
            if "\nState:\tZ" in status and "\nThreads:\t1\n" in status:
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


FORGERIES = [
    "the parser's answer is broken: Expecting value: line 1 column 1 (char 0)",
    "the parser's answer is broken: list in place of dict",
    "the parser's answer is broken: an unknown message",
    "the parser's answer is broken: int in place of str",
    "the parser's answer is broken: a page or heading at 0-2 of a text of 1 characters",
    "the parser's answer is broken: hidden text that is none, of a text of 1 characters",
    "the parser's answer is broken: 'unheard of' is not a valid HiddenReason",
    "red [31m lines",
    "nested too deep",
    "the parser's answer is too long",
]


@needs_linux
@pytest.mark.parametrize("number", range(len(FORGERIES)))
def test_forged_answers_are_not_believed(number: int) -> None:
    """What a parser writes that a hostile document took over is checked: it fails the file, never the parent."""
    with new_pool() as pool:
        assert load(pool, f"forges {number}") == [[FORGERIES[number]]]


def test_whatever_a_library_prints_is_not_an_answer() -> None:
    """Printing to stdout and stderr, by Python or C or a child, and reading stdin, neither harm nor hang."""
    with new_pool(timeout=10, confine=False) as pool:
        assert load(pool, "prints.pdf", "text 1") == [[document("quiet ''")], [document("x")]]


def test_huge_metadata_costs_its_record() -> None:
    """A record whose metadata no message can carry fails by name of the cause; the next one arrives."""
    with new_pool() as pool:
        assert load(pool, "monster") == [
            [RecordFailure("metadata, pages and headings take 32 MB: too much to read"), document("after")]
        ]


def test_any_file_name_and_the_options_reach_the_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are not UTF-8 or hold line ends, a relative path, and the password arrive as they are."""
    monkeypatch.chdir(tmp_path)
    name = b"bytes 1 \xff\xc3.a\nb"
    try:
        Path(os.fsdecode(name)).write_bytes(b"\x01")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    request = LoadRequest(Path(os.fsdecode(name)), LoadOptions(pdf_password="pässwörd"))
    with new_pool() as pool:
        (loaded,) = [list(loaded.items) for loaded in pool.load_all([request])]
    assert loaded == [document(f"01 {(os.fsencode(tmp_path) + b'/' + name).hex()} pässwörd")]


def test_requests_are_read_only_a_little_ahead() -> None:
    """At most workers + 2 files are in flight: a list of a million files is never read at once."""
    asked = 0

    def requests() -> Iterator[LoadRequest]:
        nonlocal asked
        while asked < 20:
            asked += 1
            yield LoadRequest(Path("/nowhere/text 1"))

    with new_pool(2) as pool:
        for number, loaded in enumerate(pool.load_all(requests())):
            assert asked == min(number + 4, 20)
            assert list(loaded.items) == [document("x")]
    assert asked == 20


@pytest.mark.slow
def test_parsing_pauses_while_nobody_takes(tmp_path: Path) -> None:
    """A file without end stays within the byte limit while the caller is busy, and goes on when it returns."""
    path = tmp_path / "endless"
    counter = Path(f"{path}.count")

    def count() -> int:
        time.sleep(0.7)
        return int(counter.read_text())

    with new_pool(ahead_limit=1 << 20, confine=False) as pool:
        files = pool.load_all([LoadRequest(path)])
        items = next(files).items
        next(items)
        paused = next(one for one in iter(count, None) if one == count())
        assert paused < 80  # 100,000 characters each: limit, batch, and what pipes and buffers hold
        assert count() == paused
        for _ in range(100):
            next(items)
        assert count() >= 100


def test_a_tiny_limit_slows_but_never_locks() -> None:
    """With room for nothing ahead, files larger than the limit still arrive, in order."""
    names = [f"text {1_500_000 + number}" for number in range(8)]
    with new_pool(3, ahead_limit=1) as pool:
        lengths = [len(text_of(items)) for items in load(pool, *names)]
    assert lengths == [1_500_000 + number for number in range(8)]


def test_going_on_gives_up_the_rest_of_a_file(tmp_path: Path) -> None:
    """Asking for the next file stops the current one, and its items then say so."""
    with new_pool(confine=False) as pool:
        files = pool.load_all([LoadRequest(tmp_path / "endless"), LoadRequest(tmp_path / "text 2")])
        endless = next(files)
        assert next(endless.items) == document("x" * 100_000)
        assert list(next(files).items) == [document("xx")]
        with pytest.raises(IngestError, match="no longer read"):
            list(endless.items)


def test_parsers_are_replaced_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process reads several files, but not for ever."""
    monkeypatch.setattr("passagework.ingest.workers.pool.FILES_PER_PROCESS", 2)
    with new_pool() as pool:
        first, second, third, fourth = (text_of(items) for items in load(pool, "pid", "pid", "pid", "pid"))
    assert first == second != third == fourth


@needs_linux
def test_a_parser_killed_between_files_costs_nothing() -> None:
    """A parser that something ended while it was idle is replaced before the next file."""
    with new_pool() as pool:
        process = int(text_of(load(pool, "pid")[0]))
        os.kill(process, 9)
        assert is_gone(process)
        assert load(pool, "text 1") == [[document("x")]]


def test_starting_is_light() -> None:
    """A parser starts without the libraries that only searching needs."""
    with new_pool() as pool:
        modules = text_of(load(pool, "modules")[0]).split()
    assert "passagework.retrieval.types" in modules
    assert not {"torch", "transformers", "sentence_transformers", "faiss", "sqlalchemy", "streamlit"} & set(modules)


@pytest.mark.parametrize(
    ("loader", "reason"),
    [
        ("no_such_module:load", "ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "tests.support.fake_loaders:absent",
            "AttributeError: module 'tests.support.fake_loaders' has no attribute 'absent'",
        ),
        ("tests.support.fake_loaders:", "AttributeError: module 'tests.support.fake_loaders' has no attribute ''"),
    ],
)
def test_a_parser_that_cannot_start_fails_the_run_not_the_files(loader: str, reason: str) -> None:
    """A broken installation is one error at once, and no file's fault."""
    with ParserPool(2, loader=loader) as pool:
        files = pool.load_all([LoadRequest(Path("/nowhere/text 1"))])
        loaded = next(files)
        with pytest.raises(PassageworkError, match=f"^parser processes can't start: {re.escape(reason)}$") as error:
            list(loaded.items)
    assert not isinstance(error.value, IngestError)  # which a caller takes for the file's failure


def test_a_pool_serves_one_caller_after_another() -> None:
    """Several load_all in turn share the processes; two at once, or one after closing, are refused."""
    with new_pool() as pool:
        assert load(pool) == []
        assert load(pool, "pid") == load(pool, "pid")
        running = pool.load_all([LoadRequest(Path("/nowhere/text 1"))])
        next(running)
        with pytest.raises(RuntimeError, match="busy"):
            load(pool, "text 1")
    with pytest.raises(RuntimeError, match="closed"):
        load(pool, "text 1")


@pytest.mark.parametrize(("workers", "timeout"), [(0, 1.0), (1, 0.0)])
def test_settings_are_checked(workers: int, timeout: float) -> None:
    """A pool without workers, or without time, is refused with the value named."""
    with pytest.raises(ConfigError, match=f"not {workers}, {timeout}"):
        ParserPool(workers, timeout=timeout)
