"""Fitting the heads: two models over the encoder's features and hashed words, added, then put on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from services.moderation.text.heads import BUCKETS, Heads, ngram_buckets
from services.moderation.text.phrases import words_of
from training.moderation.corpus import BENIGN, CATEGORIES, LOOKALIKES, MADE_UP, REMARKS, Example
from training.moderation.fitted import Fitted, Floats
from training.moderation.network import train

DENSE_SCALE, SPARSE_SCALE, INVERSE_PENALTY = 2.0, 2.0, 1.0
COMMON_SHARE = 0.7
"""Of the regression of harm at all, against one regression; chosen on parts of the half that `other_half` trains on."""
HOLD_SCORE, BLOCK_SCORE = 0.6, 0.9
HOLD_RATE, BLOCK_RATE = 0.01, 0.0025
"""Share of benign prompts of a source unseen in training that may reach `HOLD_SCORE` and `BLOCK_SCORE`."""
INNOCENT = {"hate": "hatecheck", "harassment": "surge"}
INNOCENT_HOLD_RATE, INNOCENT_BLOCK_RATE = 0.04, 0.01
LOOKALIKE_HOLD_RATE, LOOKALIKE_BLOCK_RATE = 0.015, 0.005
STEEPEST, LEAST_HOLD = 1.2, 0.0
"""Bounds of the scale: no step from 0 to 1 at one logit, and nothing held that the head itself thinks unlikely."""
HALVES_SEED = 5


@dataclass(frozen=True)
class Material:
    """Examples with their features: features of the encoder (n, d), hashed words (n, BUCKETS)."""

    examples: Sequence[Example]
    vectors: npt.NDArray[np.float32]
    words: sp.csr_matrix

    @classmethod
    def of(cls, examples: Sequence[Example], plain: Sequence[str], vectors: npt.NDArray[np.float32]) -> Material:
        words = [[word.text for word in words_of(text)] for text in plain]
        buckets = [ngram_buckets(each, [(0, len(each))])[0] for each in words]
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


def fit(material: Material, use: npt.NDArray[np.bool_]) -> Fitted:
    """Fit every head on the examples where `use` holds and whose label is known.

    Two models of different kinds, each scaled to unit spread, are added: a logistic regression for each category, and
    a network with one hidden layer that all categories share. To all but hate, a regression of whether a text is
    harmful at all is added as well: there are few positives of each of the others, and together they teach more.
    """
    known = np.stack([material.labels(category) for category in CATEGORIES], axis=1)
    regression, common = _regression(material, use, known), _regression(material, use, _harmful(material, known))
    vectors, words = material.vectors[use], material.words[use]
    network = train(material.vectors, material.words, known, _weights(material), use)
    first, second, third = (part.logits(vectors, words).std(axis=0) for part in (regression, network, common))
    one, two = np.diag(1 / first), np.diag(1 / second)
    three = np.array([[COMMON_SHARE / third[0] if category != "hate" else 0.0] for category in CATEGORIES])
    return Fitted(
        dense=one @ regression.dense + two @ network.dense + three @ common.dense,
        sparse=one @ regression.sparse + two @ network.sparse + three @ common.sparse,
        bias=one @ regression.bias + two @ network.bias + three @ common.bias,
        hidden=network.hidden,
        hidden_bias=network.hidden_bias,
        out=two @ network.out,
    )


def _harmful(material: Material, known: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Whether each text is harmful at all (n, 1): known to be innocent is one of which at most one label is unknown.

    Remarks say nothing of it: there are so many insults among them that all other harm would look like insults.
    """
    innocent = (known == 0).sum(axis=1) >= len(CATEGORIES) - 1
    harmful = np.where((known == 1).any(axis=1), 1, np.where(innocent, 0, -1))
    return np.where(material.sources == REMARKS, -1, harmful)[:, None]


def _weights(material: Material) -> Floats:
    return np.array([example.weight for example in material.examples], np.float64)


def _regression(material: Material, use: npt.NDArray[np.bool_], targets: npt.NDArray[np.int64]) -> Fitted:
    dense = sp.csr_matrix(material.vectors * np.float32(DENSE_SCALE))
    features = sp.hstack([dense, material.words * SPARSE_SCALE], format="csr")
    weights = _weights(material)
    rows: list[Floats] = []
    intercepts: list[float] = []
    for column in range(targets.shape[1]):
        known = use & (targets[:, column] >= 0)
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3)
        model.fit(features[known], targets[known, column], sample_weight=weights[known])
        rows.append(model.coef_[0])
        intercepts.append(float(model.intercept_[0]))
    coefficients = np.stack(rows)
    width = material.vectors.shape[1]
    return Fitted(
        dense=coefficients[:, :-BUCKETS] * DENSE_SCALE,
        sparse=coefficients[:, -BUCKETS:] * SPARSE_SCALE,
        bias=np.array(intercepts),
        hidden=np.zeros((1, width)),
        hidden_bias=np.zeros(1),
        out=np.zeros((len(rows), 1)),
    )


def out_of_source(material: Material) -> Floats:
    """Logits (n, categories) of every example under heads that saw nothing of its source; NaN where none is measured.

    Templates and I2P have labels too weak to measure anything by.
    """
    logits = np.full((len(material.examples), len(CATEGORIES)), np.nan)
    sources = material.sources
    for source in sorted(set(sources) - {*MADE_UP, "i2p"}):
        held_out = sources == source
        logits[held_out] = fit(material, ~held_out & (sources != LOOKALIKES)).logits(material.vectors, material.words)[
            held_out
        ]
    return logits


def other_half(material: Material) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Logits of heads that saw a random half of each source, and which examples they did not see."""
    unseen = np.random.default_rng(HALVES_SEED).integers(0, 2, len(material.examples)).astype(bool)
    unseen &= ~np.isin(material.sources, MADE_UP)
    return fit(material, ~unseen & (material.sources != LOOKALIKES)).logits(material.vectors, material.words), unseen


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
        lookalikes = logits[sources == LOOKALIKES, column]
        if len(lookalikes):
            hold = max(hold, float(np.quantile(lookalikes, 1 - LOOKALIKE_HOLD_RATE)))
            block = max(block, float(np.quantile(lookalikes, 1 - LOOKALIKE_BLOCK_RATE)))
        if source := INNOCENT.get(CATEGORIES[column]):
            innocent = halves[unseen & (sources == source) & (material.labels(CATEGORIES[column]) == 0), column]
            if len(innocent):
                hold = max(hold, float(np.quantile(innocent, 1 - INNOCENT_HOLD_RATE)))
                block = max(block, float(np.quantile(innocent, 1 - INNOCENT_BLOCK_RATE)))
        hold = max(hold, LEAST_HOLD)
        slopes[column] = min((high - low) / max(block - hold, 1e-6), STEEPEST)
        shifts[column] = low - slopes[column] * hold
    return slopes, shifts


def _logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


def heads(fitted: Fitted, slopes: Floats, shifts: Floats, version: str) -> Heads:
    """The heads as the service uses them."""
    scaled = {name: (getattr(fitted, name) * slopes[:, None]).astype(np.float32) for name in ("dense", "sparse", "out")}
    return Heads(
        categories=CATEGORIES,
        bias=(fitted.bias * slopes + shifts).astype(np.float32),
        hidden=fitted.hidden.astype(np.float32),
        hidden_bias=fitted.hidden_bias.astype(np.float32),
        version=version,
        **scaled,
    )
