"""What pictures show and what prompts say, as unit vectors in two tables: many rows are read at once while ranking."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

FIRST_ROWS = 1_024
MOST_ROWS = 20_000
AT_ONCE = 256
"""Rows that are copied together: they stay in the cache, where a thousand are megabytes that have to be mapped anew."""
FEW = 10
"""So many vectors say nothing yet of what any two have in common."""


class VectorTable:
    """Unit vectors of one space by post id, the last 20,000 that were put. Row 0 stays zero, for the unknown."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._rows: OrderedDict[str, int] = OrderedDict()
        self._matrix: Matrix = np.zeros((1, 1), np.float32)
        self._total: NDArray[np.float64] = np.zeros(1)

    def __contains__(self, post_id: str) -> bool:
        return post_id in self._rows

    def put(self, post_id: str, vector: Vector) -> None:
        """Keep a vector. One of another length comes from another encoder: it starts the table anew."""
        if vector.shape[0] != self._matrix.shape[1]:
            self._rows.clear()
            self._matrix = np.zeros((FIRST_ROWS, vector.shape[0]), np.float32)
            self._total = np.zeros(vector.shape[0])
        row = self._rows.get(post_id)
        if row is None:
            if len(self._rows) >= self._most:
                _, row = self._rows.popitem(last=False)
            else:
                row = len(self._rows) + 1
                if row == len(self._matrix):
                    self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
            self._rows[post_id] = row
        self._total += vector - self._matrix[row]
        self._matrix[row] = vector

    @property
    def background(self) -> float:
        """Mean cosine between the vectors, 0…0.95: what two unrelated posts have in common anyway."""
        count = len(self._rows)
        if count < FEW:
            return 0.0
        return min(max(0.0, float(self._total @ self._total - count) / (count * (count - 1))), 0.95)

    def take(self, post_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """One vector for each id, zero where unknown, and which are known."""
        rows = self.find(post_ids)
        return self.at(rows), rows > 0

    def find(self, post_ids: Sequence[str]) -> Rows:
        """In which rows the vectors stand until the next `put`, 0 for the unknown."""
        return np.fromiter(map(self._rows.get, post_ids, repeat(0)), np.intp, len(post_ids))

    def at(self, rows: Rows) -> Matrix:
        """The vectors in these rows."""
        return self._matrix[rows]

    def products(self, others: Matrix, rows: Rows) -> Matrix:
        """Of each of `others` (rows of the answer) with each of the vectors in `rows` (its columns)."""
        columns = np.ascontiguousarray(others.T)
        products = np.empty((len(rows), len(others)), np.float32)
        copied = np.empty((AT_ONCE, self._matrix.shape[1]), np.float32)
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            # Unlike an index, `take` can copy into what is there; without a mode it copies through a buffer.
            vectors = np.take(self._matrix, part, axis=0, out=copied[: len(part)], mode="clip")
            np.matmul(vectors, columns, out=products[start : start + len(part)])
        return np.ascontiguousarray(products.T)


class Senses:
    """The two tables: `images` and `prompts`, each a space of its own. A hidden prompt has no vector."""

    def __init__(self) -> None:
        self.images = VectorTable()
        self.prompts = VectorTable()

    def put(self, post_id: str, image: Vector | None, prompt: Vector | None) -> None:
        """Keep what is known of a post."""
        if image is not None:
            self.images.put(post_id, image)
        if prompt is not None:
            self.prompts.put(post_id, prompt)

    def __contains__(self, post_id: str) -> bool:
        return post_id in self.images or post_id in self.prompts
