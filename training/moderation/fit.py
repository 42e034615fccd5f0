"""Fitting the heads: a logistic regression for each category over embeddings and hashed words, then one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from services.moderation.text.heads import BUCKETS, Heads, ngram_buckets
from training.moderation.corpus import BENIGN, CATEGORIES, Example

Floats = npt.NDArray[np.float64]
DENSE_SCALE, SPARSE_SCALE, INVERSE_PENALTY = 3.0, 2.0, 2.0
HOLD_SCORE, BLOCK_SCORE = 0.6, 0.9
HOLD_RATE, BLOCK_RATE = 0.01, 0.0025
"""Share of benign prompts of a source unseen in training that may reach `HOLD_SCORE` and `BLOCK_SCORE`."""
INNOCENT = {"hate": "hatecheck", "harassment": "surge"}
INNOCENT_HOLD_RATE, INNOCENT_BLOCK_RATE = 0.05, 0.01
STEEPEST = 3.0
HALVES_SEED = 5


@dataclass(frozen=True)
class Material:
    """Examples with their features: embeddings (n, 384), hashed words (n, BUCKETS)."""

    examples: Sequence[Example]
    vectors: npt.NDArray[np.float32]
    words: sp.csr_matrix

    @classmethod
    def of(cls, examples: Sequence[Example], plain: Sequence[str], vectors: npt.NDArray[np.float32]) -> Material:
        buckets = [ngram_buckets(text) for text in plain]
        values = [np.full(len(row), 1 / np.sqrt(max(len(row), 1))) for row in buckets]
        ends = np.cumsum([0, *map(len, buckets)])
        words = sp.csr_matrix((np.concatenate(values), np.concatenate(buckets), ends), shape=(len(plain), BUCKETS))
        return cls(examples, vectors, words)

    @property
    def sources(self) -> npt.NDArray[np.str_]:
        return np.array([example.source for example in self.examples])

    def labels(self, category: str) -> npt.NDArray[np.int64]:
        """1, 0, or -1 for unknown."""
        return np.array([example.labels.get(category, -1) for example in self.examples])


@dataclass(frozen=True)
class Fitted:
    """`coefficients` (categories, 384 + BUCKETS) and `intercepts` (categories,) of the heads before they are scaled."""

    coefficients: Floats
    intercepts: Floats

    def logits(self, material: Material) -> Floats:
        """Logits (n, categories)."""
        dense, sparse = self.coefficients[:, :-BUCKETS], self.coefficients[:, -BUCKETS:]
        found: Floats = material.vectors @ dense.T + np.asarray(material.words @ sparse.T) + self.intercepts
        return found


def fit(material: Material, use: npt.NDArray[np.bool_]) -> Fitted:
    """Fit every head on the examples where `use` holds and whose label is known."""
    features = sp.hstack(
        [sp.csr_matrix(material.vectors * np.float32(DENSE_SCALE)), material.words * SPARSE_SCALE], format="csr"
    )
    weights = np.array([example.weight for example in material.examples])
    rows: list[Floats] = []
    intercepts: list[float] = []
    for category in CATEGORIES:
        labels = material.labels(category)
        known = use & (labels >= 0)
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3)
        model.fit(features[known], labels[known], sample_weight=weights[known])
        coefficients = model.coef_[0].copy()
        coefficients[:-BUCKETS] *= DENSE_SCALE
        coefficients[-BUCKETS:] *= SPARSE_SCALE
        rows.append(coefficients)
        intercepts.append(float(model.intercept_[0]))
    return Fitted(np.stack(rows), np.array(intercepts))


def out_of_source(material: Material) -> Floats:
    """Logits (n, categories) of every example under heads that saw no example of its source."""
    logits = np.full((len(material.examples), len(CATEGORIES)), np.nan)
    sources = material.sources
    for source in sorted(set(sources) - {"templates"}):
        held_out = sources == source
        logits[held_out] = fit(material, ~held_out).logits(material)[held_out]
    return logits


def other_half(material: Material) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Logits of heads that saw a random half of each source, and which examples they did not see."""
    unseen = np.random.default_rng(HALVES_SEED).integers(0, 2, len(material.examples)).astype(bool)
    unseen &= material.sources != "templates"
    return fit(material, ~unseen).logits(material), unseen


def scale(material: Material, logits: Floats, halves: Floats, unseen: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Slope and shift (categories,) that put every head on one scale of scores.

    With them `HOLD_RATE` of the worst benign source reaches `HOLD_SCORE`, and `BLOCK_RATE` reaches `BLOCK_SCORE`, on
    `logits` of heads that had not seen that source. A policy's threshold so means the same for each category. Hate and
    harassment are moreover held against texts that speak of groups and quarrels without attacking anybody: of those,
    as scored by heads that saw the other half (`halves`, where `unseen`), `INNOCENT_HOLD_RATE` and
    `INNOCENT_BLOCK_RATE` do.
    """
    sources = material.sources
    slopes, shifts = np.ones(len(CATEGORIES)), np.zeros(len(CATEGORIES))
    low, high = _logit(HOLD_SCORE), _logit(BLOCK_SCORE)
    for column in range(len(CATEGORIES)):
        by_source = [logits[sources == source, column] for source in BENIGN if (sources == source).any()]
        hold = max(float(np.quantile(each, 1 - HOLD_RATE)) for each in by_source)
        block = max(float(np.quantile(each, 1 - BLOCK_RATE)) for each in by_source)
        if source := INNOCENT.get(CATEGORIES[column]):
            innocent = halves[unseen & (sources == source) & (material.labels(CATEGORIES[column]) == 0), column]
            if len(innocent):
                hold = max(hold, float(np.quantile(innocent, 1 - INNOCENT_HOLD_RATE)))
                block = max(block, float(np.quantile(innocent, 1 - INNOCENT_BLOCK_RATE)))
        slopes[column] = min((high - low) / max(block - hold, 1e-6), STEEPEST)
        shifts[column] = low - slopes[column] * hold
    return slopes, shifts


def _logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


def heads(fitted: Fitted, slopes: Floats, shifts: Floats, version: str) -> Heads:
    """The heads as the service uses them."""
    coefficients = fitted.coefficients * slopes[:, None]
    return Heads(
        categories=CATEGORIES,
        dense=coefficients[:, :-BUCKETS].astype(np.float32),
        sparse=coefficients[:, -BUCKETS:].astype(np.float32),
        bias=(fitted.intercepts * slopes + shifts).astype(np.float32),
        version=version,
    )
