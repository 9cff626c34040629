"""Codes token vectors in a few bits a coordinate: a fixed rotation, then the best quantiser for a normal variable.

Nothing is learned from data: a vector is coded by itself, the first of a collection like the last. After the rotation
the coordinates of any unit vector of d dimensions are nearly normal with variance 1/d, and each takes the nearest of
the 2^bits levels of Max (1960, "Quantizing for minimum distortion", table I). Scores are taken in the rotated space:
a query's few vectors are rotated, the passages' many stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Vectors

LEVELS = {
    1: (0.797885,),
    2: (0.452780, 1.510418),
    4: (0.128395, 0.388048, 0.656759, 0.942340, 1.256231, 1.618046, 2.069017, 2.732590),
}
"""The levels above 0 by bits; those below mirror them. Lloyd's iteration to six places; a test repeats it."""

ROUNDS = 3
"""Rounds of signs, a permutation and Hadamard's transform: after them every coordinate depends on every other."""

ROWS_AT_ONCE = 4096
"""Vectors that are decoded at once: 6 MB of 384 dimensions."""

SHORTEST, LONGEST = 0.99, 2.0
"""Lengths of a decoded vector: 1 / its cosine with what was coded, which is 0.995, 0.94 or 0.80 on the mean."""

FEW_QUERIES = 24
"""Vectors of a query up to which it is rotated on one thread, and compared with codes of one bit by the byte."""

ITEMS = {2: np.dtype(np.complex64), 4: np.dtype(np.complex128), 8: np.dtype("V32")}
"""By the coordinates of a byte, a type as long as their levels: such an item is taken at once."""

SEED = b"passagework token rotation 1"


class TokenCodec:
    """Codes vectors of `dim` dimensions in `bits` a coordinate; a passage's vectors become one string of bytes.

    A row is a float16 and the codes of its coordinates, `row_bytes` in all. Its levels are multiplied by the float16,
    which is 1 / the vector's product with its own levels: a vector scores 1 with its own code. A row of zeros has 0.
    """

    def __init__(self, dim: int, bits: int) -> None:
        if bits not in LEVELS or dim < 1:
            raise ConfigError(f"token vectors of {dim} dimensions in {bits} bits: give 1 or more, and one of 1, 2, 4")
        self.dim = dim
        self.bits = bits
        self._rotation = rotation(dim)
        self._a_byte = 8 // bits
        self._row = -(-dim // self._a_byte)
        self.row_bytes = 2 + self._row
        half = np.array(LEVELS[bits], dtype=np.float32)
        self._levels = np.concatenate([-half[::-1], half])
        self._bounds = (self._levels[1:] + self._levels[:-1]) / 2 / np.float32(np.sqrt(dim))
        self._shifts = [bits * place for place in range(self._a_byte)]
        of_byte = self._levels[(np.arange(256)[:, None] >> self._shifts) & ((1 << bits) - 1)]
        self._table = of_byte.view(ITEMS[self._a_byte])[:, 0]

    def rotate(self, vectors: Vectors) -> Vectors:
        """Returns vectors as `decode` gives them: (n, dim) float32; products stay what they are."""
        rows = np.asarray(vectors, dtype=np.float32)
        if len(rows) <= FEW_QUERIES:  # BLAS shares so little out among threads, which on a busy machine wait for 50 ms
            return np.asarray(np.einsum("nd,de->ne", rows, self._rotation), dtype=np.float32)
        return rows @ self._rotation

    def encode(self, vectors: Vectors) -> bytes:
        """Codes unit rows, or rows of zeros, (n, dim)."""
        rotated = self.rotate(vectors)
        coded, products = self._signs(rotated) if self.bits == 1 else self._nearest_levels(rotated)
        factors = np.divide(1.0, products, out=np.zeros_like(products), where=products > 0)
        rows = np.empty((len(rotated), self.row_bytes), dtype=np.uint8)
        rows[:, :2] = factors.astype("<f2")[:, None].view(np.uint8)
        rows[:, 2:] = coded
        return rows.tobytes()

    def _signs(self, rotated: Vectors) -> tuple[NDArray[np.uint8], Vectors]:
        """Returns what `_nearest_levels` does, for one bit: a coordinate's level is that of its sign."""
        products = np.abs(rotated).sum(axis=1) * self._levels[1]
        return np.packbits(rotated > 0, axis=1, bitorder="little"), products

    def _nearest_levels(self, rotated: Vectors) -> tuple[NDArray[np.uint8], Vectors]:
        """Returns the codes (n, bytes) of rotated vectors, and the product of each with its levels."""
        codes = np.zeros((len(rotated), self._row * self._a_byte), dtype=np.uint8)
        for bound in self._bounds:
            codes[:, : self.dim] += rotated > bound
        products = np.einsum("nd,nd->n", rotated, self._levels[codes[:, : self.dim]])
        coded = np.zeros((len(codes), self._row), dtype=np.uint8)
        for place, shift in enumerate(self._shifts):
            coded |= codes[:, place :: self._a_byte] << np.uint8(shift)
        return coded, products

    def best_products(self, queries: Vectors, coded: Sequence[bytes]) -> Vectors:
        """Returns (queries, passages) float32: the largest product of each rotated query with a passage's vectors.

        It is 0 for a passage of none. Raises ValueError for a string that is not of whole rows.
        """
        counts = np.array([self._count(passage) for passage in coded], dtype=np.int64)
        best = np.zeros((len(counts), len(queries)), dtype=np.float32)
        starts = (np.cumsum(counts) - counts)[counts > 0]
        if len(starts) and len(queries):
            best[counts > 0] = np.maximum.reduceat(self._products(queries, self._rows(b"".join(coded))), starts, axis=0)
        return np.ascontiguousarray(best.T)

    def products(self, queries: Vectors, coded: Sequence[bytes]) -> list[Vectors]:
        """Returns (queries, tokens) float32 per passage: the products of rotated queries with its vectors.

        Raises ValueError for a string that is not of whole rows.
        """
        counts = [self._count(passage) for passage in coded]
        products = self._products(queries, self._rows(b"".join(coded))).T
        return np.split(products, np.cumsum(counts)[:-1], axis=1) if counts else []

    def _products(self, queries: Vectors, rows: NDArray[np.uint8]) -> Vectors:
        """Returns (rows, queries); many rows at once: a product's threads cost more than a passage."""
        products = np.empty((len(rows), len(queries)), dtype=np.float32)
        by_byte = self._products_by_byte(queries) if self.bits == 1 and len(queries) <= FEW_QUERIES else None
        for start in range(0, len(rows), ROWS_AT_ONCE):
            portion = rows[start : start + ROWS_AT_ONCE]
            if by_byte is None:
                factors, levels = self._parts(portion)
                made = levels @ queries.T
            else:
                factors = self._factors(portion)
                made = np.zeros((len(portion), len(queries)), dtype=np.float32)
                for place, of_value in enumerate(by_byte):
                    made += of_value.take(portion[:, 2 + place], axis=0)
            products[start : start + ROWS_AT_ONCE] = made * factors[:, None]
        return products

    def _products_by_byte(self, queries: Vectors) -> Vectors:
        """Returns (bytes of a row, 256, queries): what each value of each byte adds to a product.

        With one bit a coordinate looking these up is several times as fast as making numbers of the bits.
        """
        whole = np.zeros((len(queries), self._row * self._a_byte), dtype=np.float32)
        whole[:, : self.dim] = queries
        parts = whole.reshape(len(queries), self._row, self._a_byte)
        return np.ascontiguousarray((parts @ self._table.view(np.float32).reshape(256, -1).T).transpose(1, 2, 0))

    def decode(self, coded: bytes) -> Vectors:
        """Returns (n, dim) float32, rotated; raises ValueError as `products` does."""
        self._count(coded)
        factors, levels = self._parts(self._rows(coded))
        return levels * factors[:, None]

    def is_intact(self, coded: bytes) -> bool:
        """Tells whether every vector is as long as one that was coded, or 0; raises ValueError as `products` does."""
        self._count(coded)
        rows = self._rows(coded)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            factors, levels = self._parts(rows[start : start + ROWS_AT_ONCE])
            lengths = factors * np.sqrt(np.einsum("nd,nd->n", levels, levels))
            if not np.all((factors == 0) | ((lengths > SHORTEST) & (lengths < LONGEST))):
                return False
        return True

    def _count(self, coded: bytes) -> int:
        if len(coded) % self.row_bytes:
            raise ValueError(f"{len(coded)} bytes are not those of whole vectors of {self.dim} dimensions")
        return len(coded) // self.row_bytes

    def _rows(self, coded: bytes) -> NDArray[np.uint8]:
        return np.frombuffer(coded, dtype=np.uint8).reshape(-1, self.row_bytes)

    def _parts(self, rows: NDArray[np.uint8]) -> tuple[Vectors, Vectors]:
        levels = self._table.take(rows[:, 2:]).view(np.float32)
        return self._factors(rows), levels[:, : self.dim]

    def _factors(self, rows: NDArray[np.uint8]) -> Vectors:
        return np.ascontiguousarray(rows[:, :2]).view("<f2")[:, 0].astype(np.float32)


@lru_cache(4)
def rotation(dim: int) -> Vectors:
    """Returns an orthogonal (dim, dim) matrix, the same on every machine to the last bit.

    QR of a random matrix would follow the machine's LAPACK, and its numbers numpy's version. Here are only signs and
    permutations drawn from SHAKE-128, sums, and products with powers of 2 and with one constant a block.
    """
    rows = np.eye(dim, dtype=np.float32)
    for number in range(ROUNDS):
        drawn = hashlib.shake_128(SEED + number.to_bytes(1, "big") + dim.to_bytes(4, "big")).digest(9 * dim)
        signs = np.where(np.frombuffer(drawn, np.uint8, dim) & 1, np.float32(-1), np.float32(1))
        order = np.argsort(np.frombuffer(drawn, "<u8", dim, offset=dim), kind="stable")
        rows = (rows * signs)[:, order]
        start = 0
        for size in (1 << bit for bit in reversed(range(dim.bit_length())) if dim >> bit & 1):
            rows[:, start : start + size] = _hadamard(rows[:, start : start + size])
            start += size
    rows.flags.writeable = False
    return rows


def _hadamard(rows: Vectors) -> Vectors:
    """Returns the orthonormal transform of rows whose length is a power of 2."""
    length = rows.shape[1]
    step = 1
    while step < length:
        pairs = rows.reshape(len(rows), -1, 2, step)
        first, second = pairs[:, :, 0], pairs[:, :, 1]
        rows = np.stack([first + second, first - second], axis=2).reshape(len(rows), length)
        step *= 2
    return np.asarray(rows * np.float32(1 / np.sqrt(length)), dtype=np.float32)
