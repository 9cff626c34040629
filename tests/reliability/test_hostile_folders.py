"""Folders made to harm: names, things that are no files, files that change beneath the reader, words for terminals."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder
from tests.support.hostile_run import GOOD, assert_plain, run
from tests.support.hostile_texts import NAME, ODD, attached
from tests.support.office_files import changed, letter
from tests.support.pdf_files import copied, saved, typed
from tests.support.stored_texts import stored_texts

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="FIFOs, sockets, devices and byte names as Linux has"),
]

SECONDS = 60.0


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path) -> None:
    """FIFOs, sockets, devices behind links, loops of links, links that lead nowhere or out, folders named as files."""
    docs = tmp_path / "docs"
    docs.mkdir()
    os.mkfifo(docs / "fifo.pdf")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(docs / "socket.txt"))
    links = {"zero.txt": "/dev/zero", "tty.md": "/dev/tty", "loop.txt": "loop.txt", "gone.md": "nowhere"}
    for name, target in links.items():
        (docs / name).symlink_to(target)
    (docs / "sub").mkdir()
    (docs / "sub" / "up").symlink_to("..")
    (docs / "sub" / "across").symlink_to("../sub")
    (docs / "folder.pdf").mkdir()
    (docs / "folder.pdf" / "inner.txt").write_text("The lantern burns.")
    found = run(tmp_path)
    assert found.seconds < SECONDS
    assert found.reasons == {
        "fifo.pdf": ["not a regular file (FIFO)"],
        "socket.txt": ["not a regular file (socket)"],
        "zero.txt": ["not a regular file (device)"],
        "tty.md": ["not a regular file (device)"],
        "loop.txt": ["symlink loop"],
        "gone.md": ["broken symlink"],
        "sub/up": ["symlink loop"],
        "sub/across": ["symlink loop"],
    }
    assert set(stored_texts(tmp_path / "c")) == {GOOD, "folder.pdf/inner.txt"}


def test_names_of_any_bytes_come_through(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, the longest names, line ends, escapes, what looks like options, paths or escapes."""
    docs = tmp_path / "docs"
    docs.mkdir()
    names = [b"\xff\xfe\xe1.txt", b"n" * 251 + b".txt", NAME.encode() + b".txt", b"-rf.txt", b"--help.md", b" .txt"]
    names += [b"%2e%2e%2fup.txt", b"a..\\..\\up.txt", "\u202etxt.exe.md".encode(), b"a#b?c=d.txt", b"$(x);`id`.txt"]
    for name in names:
        Path(os.fsdecode(os.fsencode(docs) + b"/" + name)).write_text("The lantern burns.")
    deep = docs
    for _ in range(12):
        deep = deep / ("d" * 250)
        deep.mkdir()
    (deep / "deep.txt").write_text("The lantern burns.")
    found = run(tmp_path)
    assert found.reasons == {}
    assert len(found.documents) == len(names) + 2


def test_nothing_that_drives_a_terminal_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, titles, texts, metadata and reasons with escapes: neither what people read nor the JSON has any raw."""
    import passagework.ui.cli

    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / f"{NAME}.txt").write_text(f"lantern {ODD}", encoding="utf-8")
    (docs / f"{NAME}.pdf").write_text("no PDF")
    (docs / f"{NAME}.xyz").write_text("not supported")
    record = {"_id": f"r{ODD}", "title": f"lantern {ODD}", "text": f"lantern {ODD}", f"field{ODD}": ODD}
    (docs / "records.jsonl").write_text(f"{json.dumps(record)}\n{ODD} no record\n", encoding="utf-8")
    (docs / "page.html").write_text(
        f"<title>lantern {ODD}</title><h1>{ODD} lantern</h1><p>lantern {ODD}", encoding="utf-8"
    )
    (docs / "table.csv").write_text(f"name{ODD},text\na{ODD},lantern {ODD}\n", encoding="utf-8")
    (docs / "mail.eml").write_bytes(attached("a\u202etxt.exe").replace(b"Keys", f"lantern {ODD}".encode()))
    writer = copied(typed([["The lantern burns."]]))
    writer.add_metadata({"/Title": f"lantern {ODD}", "/Author": ODD})
    (docs / "print.pdf").write_bytes(saved(writer))
    (docs / "word.docx").write_bytes(changed(letter(tmp_path), "word/\x1b[2J\u202e.xml", b"<a/>").read_bytes())
    collection = str(tmp_path / "c")
    ingest([docs], collection, encoder=FakeEncoder(), settings=Settings(workers=1))
    monkeypatch.setattr(
        "passagework.retrieval.collection.loaded_models.load_recorded_encoder", lambda *_, **__: FakeEncoder()
    )
    commands = [
        ["ingest", str(docs), "--collection", collection],
        ["documents", "--collection", collection],
        ["status", "--collection", collection],
        ["search", "lantern", "--collection", collection, "--stage", "lexical"],
        ["context", "lantern", "--collection", collection, "--stage", "lexical"],
        ["doctor", "--collection", collection],
        ["delete", "*line.*", "--collection", collection],
    ]
    for command in commands:
        for ending in ([], ["--json"]):
            monkeypatch.setattr(sys, "argv", ["passagework", *command, *ending])
            with pytest.raises(SystemExit):
                passagework.ui.cli.main()
            said = capfd.readouterr()
            assert said.out or command[0] == "delete", said.err
            for text in (said.out, said.err):
                assert_harmless(text, command)


def assert_harmless(text: str, of: object) -> None:
    """No control character but line ends, none that is invisible or turns text round; joiners are words' own."""
    odd = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in "\n\u200c\u200d\xad"]
    assert not odd, (of, odd[:5], [line for line in text.split("\n") if odd[0] in line][:1])


def _disturb(path: Path, rng: random.Random, write: Callable[[Path], None]) -> None:
    """Something that another program may do at any moment."""
    try:
        match rng.randrange(5):
            case 0:
                path.unlink()
            case 1:
                os.truncate(path, rng.randrange(1 + path.stat().st_size))
            case 2:
                with path.open("ab") as file:
                    file.write(rng.randbytes(rng.randrange(5_000)))
            case 3:
                path.unlink(missing_ok=True)
                path.mkdir()
            case _:
                write(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("seed", range(3))
def test_files_that_change_and_vanish_while_they_are_read(tmp_path: Path, seed: int) -> None:
    """Grown, cut, replaced, removed, made a folder: the run ends, and the next one has what is there then."""
    docs = tmp_path / "docs"
    docs.mkdir()
    rng, done = random.Random(seed), threading.Event()
    pdf = typed([["The lantern burns."] * 20] * 3)

    def write(path: Path) -> None:
        path.write_bytes(pdf if path.suffix == ".pdf" else b"The lantern burns. " * rng.randint(1, 3_000))

    paths = [docs / f"{number}{suffix}" for number in range(8) for suffix in (".txt", ".pdf", ".csv")]
    for path in paths:
        write(path)

    def disturb() -> None:
        while not done.is_set():
            _disturb(rng.choice(paths), rng, write)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        report = ingest([docs], tmp_path / "c", encoder=FakeEncoder(), settings=Settings(workers=2, parse_timeout=20))
    finally:
        done.set()
        disturber.join()
    for problem in report.failed:
        assert_plain(problem.reason)
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        write(path)
    again = ingest([docs], tmp_path / "c", encoder=FakeEncoder(), settings=Settings(workers=2), delete_missing=True)
    assert again.failed == []
    check_whole(tmp_path / "c", FakeEncoder())
    held = stored_texts(tmp_path / "c")
    assert set(held) == {path.name for path in paths}
    for path in paths:
        if path.suffix == ".txt":
            assert held[path.name] == path.read_text()
    assert re.search("lantern", held["0.pdf"])
