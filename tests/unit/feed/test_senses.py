"""Vectors in a table: found by post, multiplied a block at a time, and what they have in common kept up to date."""

from __future__ import annotations

import numpy as np
import pytest

from services.feed.senses import AT_ONCE, VectorTable


def unit_rows(count: int, size: int = 8, seed: int = 1) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32) + 0.5
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def mean_of_pairs(vectors: np.ndarray) -> float:
    cosines = vectors @ vectors.T
    return float(cosines[~np.eye(len(vectors), dtype=bool)].mean())


def test_products_are_those_of_the_vectors_and_zero_for_the_unknown() -> None:
    table, vectors, others = VectorTable(), unit_rows(AT_ONCE + 7), unit_rows(3, seed=2)
    for number, vector in enumerate(vectors):
        table.put(str(number), vector)
    asked = [*map(str, range(len(vectors) - 1, -1, -1)), "stranger"]
    found = table.products(others, table.find(asked))
    assert found[:, :-1] == pytest.approx(others @ vectors[::-1].T, abs=1e-6)
    assert not found[:, -1].any()


def test_the_background_is_of_the_vectors_that_are_kept() -> None:
    table, vectors = VectorTable(most=12), unit_rows(20)
    for number, vector in enumerate(vectors):
        table.put(str(number), vector)
    table.put("19", vectors[0])
    kept = np.concatenate([vectors[8:19], vectors[:1]])
    assert table.background == pytest.approx(mean_of_pairs(kept), abs=1e-5)


def test_a_few_vectors_and_those_of_another_encoder_have_no_background() -> None:
    table = VectorTable()
    for number, vector in enumerate(unit_rows(12)):
        table.put(str(number), vector)
    assert table.background > 0
    table.put("new", unit_rows(1, size=4)[0])
    assert table.background == 0.0
