"""Trained heads: the probability of each harm category, from a sentence embedding and the words themselves."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from services.moderation.text.rules import spelled_words

Floats = npt.NDArray[np.float32]
BUCKETS = 1 << 15
TENSORS = ("dense", "sparse", "bias", "hidden", "hidden_bias", "out")
_PAIR, _ALONE, _RUN = (zlib.crc32(kind) for kind in (b"p ", b"w ", b"c "))
"""Where the hash of each kind of feature begins."""
DEFAULT_HEADS = Path(__file__).parents[3] / "models" / "moderation" / "heads.safetensors"


def ngram_buckets(text: str) -> npt.NDArray[np.int64]:
    """Hashed features of a plain text: words, pairs of words, runs of four letters within a word. Sorted, distinct.

    Source of the method: the hashing trick (Weinberger et al., 2009) over fastText's features (Joulin et al., 2016).
    """
    words = spelled_words(text)
    buckets = {zlib.crc32(f"{first} {second}".encode(), _PAIR) % BUCKETS for first, second in pairwise(words)}
    buckets.update(*map(_word_buckets, set(words)))
    return np.array(sorted(buckets), np.int64)


@lru_cache(maxsize=8192)
def _word_buckets(word: str) -> tuple[int, ...]:
    """Of one word and its runs of letters; kept, because the windows of a text overlap."""
    marked = f"<{word}>"
    raw = marked.encode()
    if len(raw) == len(marked):
        runs = [raw[at : at + 4] for at in range(len(raw) - 3)]
    else:
        runs = [marked[at : at + 4].encode() for at in range(len(marked) - 3)]
    return zlib.crc32(raw[1:-1], _ALONE) % BUCKETS, *(zlib.crc32(run, _RUN) % BUCKETS for run in runs)


@dataclass(frozen=True)
class Heads:
    """A linear model and one hidden layer beside it, summed into one logit for each category.

    Shapes, with d features of the encoder and h hidden units: `dense` (categories, d), `sparse` (categories, BUCKETS),
    `bias` (categories,), `hidden` (h, d), `hidden_bias` (h,), `out` (categories, h).
    """

    categories: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    version: str
    trained_on: frozenset[str] = frozenset()
    """SHA-256 of each file that was trained on."""

    @classmethod
    def load(cls, path: Path = DEFAULT_HEADS) -> Heads:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata()
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in TENSORS}
        return cls(
            categories=tuple(json.loads(facts["categories"])),
            version=facts["version"],
            trained_on=frozenset(json.loads(facts.get("trained_on", "[]"))),
            **tensors,
        )

    def lexical(self, texts: Sequence[str]) -> Floats:
        """The words' part of each category's logit, (texts, categories)."""
        buckets = [ngram_buckets(text) for text in texts]
        sizes = np.array([len(each) for each in buckets])
        part = np.zeros((len(texts), len(self.categories)), np.float32)
        worded = sizes > 0
        if worded.any():
            begins = np.concatenate(([0], np.cumsum(sizes[worded])[:-1]))
            sums = np.add.reduceat(self.sparse[:, np.concatenate(buckets)], begins, axis=1)
            part[worded] = (sums / np.sqrt(sizes[worded])).T
        return part

    def score(self, vectors: Floats, lexical: Floats) -> Floats:
        """Probabilities (texts, categories) from features (texts, d) and the words' logits of the same texts."""
        inner = np.maximum(vectors @ self.hidden.T + self.hidden_bias, 0)
        logits = vectors @ self.dense.T + inner @ self.out.T + lexical + self.bias
        probabilities: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return probabilities
