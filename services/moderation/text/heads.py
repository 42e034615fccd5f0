"""Trained heads: the probability of each harm category, from a sentence embedding and the words themselves."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

Floats = npt.NDArray[np.float32]
Buckets = npt.NDArray[np.int64]
BUCKETS = 1 << 15
TENSORS = ("dense", "sparse", "bias", "hidden", "hidden_bias", "out")
LETTERS_TOGETHER = 4
_PAIR, _ALONE, _RUN = (zlib.crc32(kind) for kind in (b"p ", b"w ", b"c "))
"""Where the hash of each kind of feature begins."""
_NUL_RUN = zlib.crc32(bytes(LETTERS_TOGETHER), _RUN)
_BYTE_OF_RUN = np.array(
    [
        [
            zlib.crc32(bytes([0] * at + [byte] + [0] * (LETTERS_TOGETHER - 1 - at)), _RUN) ^ _NUL_RUN
            for byte in range(256)
        ]
        for at in range(LETTERS_TOGETHER)
    ]
)
"""A CRC is linear: that of four bytes is that of four zeros, exclusive-or what each byte adds in its place."""
DEFAULT_HEADS = Path(__file__).parents[3] / "models" / "moderation" / "heads.safetensors"


def ngram_buckets(words: Sequence[str], parts: Sequence[tuple[int, int]]) -> tuple[Buckets, Buckets]:
    """Hashed features of each part [first, last) of the words: words, pairs of words, runs of four letters within one.

    Of one part after the other the buckets, sorted and distinct, and how many each part has. Parts may overlap; what
    they share is hashed once.
    Source of the method: the hashing trick (Weinberger et al., 2009) over fastText's features (Joulin et al., 2016).
    """
    pairs = [zlib.crc32(f"{first} {second}".encode(), _PAIR) for first, second in pairwise(words)]
    alone = [zlib.crc32(word.encode(), _ALONE) for word in words]
    runs, runs_of = _letter_runs(words)
    of_word = np.concatenate((np.arange(1, len(pairs) + 1), np.arange(len(words)), runs_of))
    features = np.concatenate((np.array(pairs, np.int64), np.array(alone, np.int64), runs)) % BUCKETS
    # Word by word, of each first the pair that it ends, which a part that begins with the word doesn't have.
    features = features[np.argsort(of_word, kind="stable")]
    begins = np.concatenate(([0], np.cumsum(np.bincount(of_word, minlength=len(words)))))
    found = [
        features[begins[first] + (first > 0) : begins[last]] + number * BUCKETS
        for number, (first, last) in enumerate(parts)
    ]
    # Sorting is quicker than np.unique, which hashes.
    together = np.sort(np.concatenate(found))
    distinct = together[np.diff(together, prepend=-1) > 0]
    return distinct % BUCKETS, np.bincount(distinct // BUCKETS, minlength=len(parts))


def _letter_runs(words: Sequence[str]) -> tuple[Buckets, Buckets]:
    """Hashes of the runs of letters within words, and to which word each belongs."""
    ascii_words = [at for at, word in enumerate(words) if word.isascii()]
    marked = [f"<{words[at]}>" for at in ascii_words]
    codes = np.frombuffer("".join(marked).encode(), np.uint8)
    sizes = np.array([len(each) for each in marked], np.int64)
    within = np.ones(len(codes), bool)
    for back in range(1, LETTERS_TOGETHER):
        within[np.cumsum(sizes) - back] = False
    begins = np.flatnonzero(within)
    hashes = np.full(len(begins), _NUL_RUN)
    for at in range(LETTERS_TOGETHER):
        hashes ^= _BYTE_OF_RUN[at][codes[begins + at]]
    belongs = np.repeat(np.array(ascii_words, np.int64), np.maximum(sizes - LETTERS_TOGETHER + 1, 0))
    others = [
        (zlib.crc32(each[start : start + LETTERS_TOGETHER].encode(), _RUN), at)
        for at, each in ((at, f"<{word}>") for at, word in enumerate(words) if not word.isascii())
        for start in range(len(each) - LETTERS_TOGETHER + 1)
    ]
    hashed, of_word = np.array(others, np.int64).reshape(-1, 2).T
    return np.concatenate((hashes, hashed)), np.concatenate((belongs, of_word))


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

    def lexical(self, words: Sequence[str], parts: Sequence[tuple[int, int]]) -> Floats:
        """What the words of each part [first, last) add to each category's logit, (parts, categories)."""
        buckets, sizes = ngram_buckets(words, parts)
        logits = np.zeros((len(parts), len(self.categories)), np.float32)
        worded = sizes > 0
        if worded.any():
            begins = np.concatenate(([0], np.cumsum(sizes[worded])[:-1]))
            sums = np.add.reduceat(self.sparse[:, buckets], begins, axis=1)
            logits[worded] = (sums / np.sqrt(sizes[worded])).T
        return logits

    def score(self, vectors: Floats, lexical: Floats) -> Floats:
        """Probabilities (texts, categories) from features (texts, d) and the words' logits of the same texts."""
        inner = np.maximum(vectors @ self.hidden.T + self.hidden_bias, 0)
        logits = vectors @ self.dense.T + inner @ self.out.T + lexical + self.bias
        probabilities: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return probabilities
