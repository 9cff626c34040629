"""Loaders that misbehave in every way that real parsers do, for the tests of the parser pool.

What a file does is its name's first word: `hang.pdf` hangs, `text 5.txt` yields a text of 5 characters.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure, tell_page
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document, Heading, Hidden, HiddenReason, Page

RICH = Document(
    text="Über\x00 \ud83d\ude00 \u2028 \U0001f600 tail",
    media_type="application/x-rich",
    title='A "title"\n',
    name="",
    uri="record:1",
    path="a/b",
    metadata={"year": 2020, "share": 0.5, "nested": {"list": [1, None, True, "\udcff"]}, "empty": {}},
    pages=(Page(1, "i", 0, 5), Page(2, "", 5, 15)),
    headings=(Heading(1, "Über", 0, 4), Heading(2, "x", 6, 7)),
    notes=("page 3 has no text", "ü"),
    hidden=(Hidden(0, 4, HiddenReason.TINY), Hidden(2, 7, HiddenReason.CHARACTERS)),
)


class PanicError(BaseException):
    """Not an Exception, as panics of extensions written in Rust are not."""


def document(text: str) -> Document:
    """A plain document."""
    return Document(text=text, media_type="text/plain")


def load(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """Does what the file's name says."""
    word, *rest = path.stem.split(" ")
    number = int(rest[0]) if rest else 0
    yield from {**FAULTS, **ANSWERS}[word](path, number, options)


def _text(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document("x" * number)


def _wide(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document(("é\U0001f600\ud800" * number)[:number])


def _bytes(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document(path.read_bytes().hex() + " " + os.fsencode(path).hex() + f" {options.pdf_password}")


_KEPT: list[bytearray] = []


def _keeps(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    _KEPT.append(bytearray(number << 20))
    yield document(f"{len(_KEPT)} kept")


def _slow(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    time.sleep(number / 1000)
    yield document(f"slow {number}")


def _pages(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    for done in range(1, number + 1):
        time.sleep(0.6)
        tell_page(done, number)
    yield document(f"pages {number} {options.ocr.value}")


def _records(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    for index in range(number):
        if index % 1000 == 7:
            yield RecordFailure(f"line {index}\nis bad")
        else:
            yield Document(f"record {index} " * 10, "application/json", name=str(index), metadata={"n": index})


def _rich(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield RICH
    yield Document("", "")
    yield document("last")


def _pid(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document(str(os.getpid()))


def _modules(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document(" ".join(sorted(sys.modules)))


def _prints(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    print("{}", flush=True)
    os.write(1, b'{"kind":"done"}\n')
    os.write(2, b"x" * 200_000)
    subprocess.run([sys.executable, "-c", "print('child'); input()"], check=False)
    yield document(f"quiet {sys.stdin.read()!r}")


def _import_random(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    import colorsys

    yield document(str(colorsys.__file__))


def _monster(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield Document("text", "text/plain", metadata={"field": "x" * (32 << 20)})
    yield document("after")


def _endless(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    index = 0
    while True:
        Path(f"{path}.count").write_text(str(index))
        yield document("x" * 100_000)
        index += 1


ANSWERS = {
    "text": _text,
    "wide": _wide,
    "bytes": _bytes,
    "slow": _slow,
    "pages": _pages,
    "keeps": _keeps,
    "records": _records,
    "rich": _rich,
    "pid": _pid,
    "modules": _modules,
    "prints": _prints,
    "imports": _import_random,
    "monster": _monster,
    "endless": _endless,
}


def _refuses(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document("before")
    raise IngestError("scanned: 0 of 12 pages\nhave text\x1b[31m" + "!" * 400)


def _raises(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield document("before")
    raise ValueError("bad\nxref\x00 table \ud800")


def _panics(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    raise PanicError("index out of range")


def _exits(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    sys.exit("bye")


def _recurses(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield from _recurses(path, number, options)


def _deep(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    yield Document("text", "text/plain", metadata={"deep": value})  # type: ignore[dict-item] # objects, on purpose


def _date(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield Document("text", "text/plain", metadata={"path": path})  # type: ignore[dict-item] # not JSON, on purpose


def _wrong(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield "text"  # type: ignore[misc] # not a Document, on purpose


def _beyond(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    yield Document("text", "text/plain", pages=[Page(1, "1", 2, 5)])


def _hang(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    Path(f"{path}.pid").write_text(str(os.getpid()))
    time.sleep(1000)
    yield document("")


def _lock(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """Hangs in C without giving Python's lock back."""
    Path(f"{path}.pid").write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(1000)
    yield document("")


def _family(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """Hangs waiting for a process of its own."""
    with subprocess.Popen(["sleep", "1000"]) as child:
        Path(f"{path}.pid").write_text(str(child.pid))
        child.wait()
    yield document("")


def _dies(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    os._exit(number)


def _crashes(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    ctypes.string_at(0)
    return iter(())


def _swallows(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    hoard = [bytearray(8 << 20)]
    while True:
        hoard.append(bytearray(8 << 20))


def _wraps(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """As `swallows`, by a loader that makes an IngestError of everything."""
    try:
        yield from _swallows(path, number, options)
    except MemoryError as error:
        raise IngestError("no memory") from error


def _forges(path: Path, number: int, options: LoadOptions) -> Iterator[Document | RecordFailure]:
    """What a parser might do that a hostile document has taken over: writes to the parent's pipe itself."""
    lines = [
        b"no json",
        b'["no object"]',
        b'{"kind":"unheard of"}',
        b'{"kind":"items","items":[{"text":1}]}',
        b'{"kind":"items","items":[{"text":"a","pages":[[1,"1",0,2]]}]}',
        b'{"kind":"items","items":[{"text":"a","hidden":[["tiny",0,2]]}]}',
        b'{"kind":"items","items":[{"text":"a","hidden":[["unheard of",0,1]]}]}',
        b'{"kind":"error","reason":"red \\u001b[31m\\nlines"}',
        b'{"kind":"items","items":' + b"[" * 100_000,
        b"x" * (33 << 20),
    ]
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            if "pipe:" in os.readlink(f"/proc/self/fd/{descriptor}"):  # noqa: PTH115 - no path: "pipe:[number]"
                with open(descriptor, "wb", closefd=False) as pipe:
                    pipe.write(lines[number] + b"\n")
    time.sleep(1000)
    yield document("")


FAULTS = {
    "refuses": _refuses,
    "raises": _raises,
    "panics": _panics,
    "exits": _exits,
    "recurses": _recurses,
    "deep": _deep,
    "date": _date,
    "wrong": _wrong,
    "beyond": _beyond,
    "hang": _hang,
    "lock": _lock,
    "family": _family,
    "dies": _dies,
    "crashes": _crashes,
    "swallows": _swallows,
    "wraps": _wraps,
    "forges": _forges,
}
