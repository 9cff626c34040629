"""Files damaged on purpose: each a function of a seed, so that a number brings the same file again.

Bits and runs of bytes, chunks cut off, cut out, doubled and exchanged, pieces of another file of the format, words of
the format's own, numbers at their edges. Archives have mutation_archive.py; of a PDF there is a copy whose streams are
inflated.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, StreamObject

from benchmarks.mutation_words import EDGES, TEXT_WORDS, WORDS
from passagework.ingest.loaders.pdf.pdf_structure import quiet

INFLATED_LIMIT = 2 << 20
"""Bytes of a PDF with its streams inflated; a larger one is mutated as it stands."""

_NUMBER = re.compile(rb"\d{1,12}")


def inflated(data: bytes) -> bytes | None:
    """A PDF with its deflated streams as they read; None where that can't be made, or is too large."""
    try:
        with quiet():
            writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
            for number, one in enumerate(writer._objects):
                if isinstance(one, StreamObject) and one.get("/Filter") in ("/FlateDecode", ["/FlateDecode"]):
                    plain = DecodedStreamObject()
                    plain.update({k: v for k, v in one.items() if k not in ("/Filter", "/DecodeParms", "/Length")})
                    plain.set_data(one.get_data())
                    writer._objects[number] = plain
            buffer = io.BytesIO()
            writer.write(buffer)
    except Exception:  # noqa: BLE001 - a source that is damaged itself is mutated as it stands
        return None
    return buffer.getvalue() if buffer.tell() <= INFLATED_LIMIT else None


class Damage:
    """Changes to the bytes of a file of a format; `other` is another such file, to take pieces from."""

    def __init__(self, suffix: str, other: bytes, rng: random.Random) -> None:
        self._rng = rng
        self._other = other
        self._words = WORDS.get(suffix, TEXT_WORDS)
        once: list[Callable[[bytes], bytes]] = [self._flip, self._noise, self._truncate, self._remove, self._double]
        self._ways = [*once, self._exchange, self._splice, self._word, self._word, self._number, self._number]

    def done(self, data: bytes) -> bytes:
        """The bytes after one to four changes."""
        for _ in range(self._rng.choice((1, 1, 1, 2, 2, 3, 4))):
            if not data:
                break
            data = self._rng.choice(self._ways)(data)
        return data

    def _span(self, data: bytes) -> tuple[int, int]:
        """A piece, short ones more often than long ones."""
        start = self._rng.randrange(len(data))
        return start, min(len(data), start + 1 + int(len(data) * self._rng.random() ** 4))

    def _flip(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for _ in range(self._rng.choice((1, 2, 8, 64))):
            bit = self._rng.randrange(8 * len(data))
            changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    def _noise(self, data: bytes) -> bytes:
        start, end = self._span(data)
        size = min(end - start, 4096)
        same = bytes([self._rng.choice((0, 32, 255, self._rng.randrange(256)))]) * size
        return data[:start] + (self._rng.randbytes(size) if self._rng.random() < 0.6 else same) + data[start + size :]

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._rng.randrange(1, len(data) + 1)]

    def _remove(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _double(self, data: bytes) -> bytes:
        start, end = self._span(data)
        times = min(self._rng.choice((1, 1, 2, 50, 2000)), 1 + (1 << 20) // (end - start))
        return data[:end] + data[start:end] * times + data[end:]

    def _exchange(self, data: bytes) -> bytes:
        (a, b), (c, d) = sorted((self._span(data), self._span(data)))
        return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]

    def _splice(self, data: bytes) -> bytes:
        if not self._other:
            return data
        at = self._rng.randrange(len(data))
        start, end = self._span(self._other)
        whole = self._rng.random() < 0.3
        return data[:at] + (self._other[start:] if whole else self._other[start:end] + data[at:])

    def _word(self, data: bytes) -> bytes:
        word, at = self._rng.choice(self._words), self._rng.randrange(len(data))
        return data[:at] + word + data[at + (len(word) if self._rng.random() < 0.5 else 0) :]

    def _number(self, data: bytes) -> bytes:
        """A number in digits behind a random place, else so many bytes in binary, becomes one at an edge."""
        at, edge = self._rng.randrange(len(data)), self._rng.choice(EDGES)
        match = _NUMBER.search(data, at)
        if match and self._rng.random() < 0.8:
            return data[: match.start()] + str(edge).encode() + data[match.end() :]
        width = self._rng.choice((1, 2, 4, 8))
        piece = (edge % (1 << 8 * width)).to_bytes(width, self._rng.choice(("little", "big")))
        return data[:at] + piece + data[at + width :]
