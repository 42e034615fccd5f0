"""Texts as the service sees them, embedded. Embeddings are kept: they take most of the time of a training run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.moderation.text.encoder import DIMENSIONS, MiniLMEncoder
from services.moderation.text.normalise import read
from services.moderation.text.phrases import words_of
from services.moderation.text.rules import RuleSet
from services.moderation.text.windows import MAX_TOKENS, flatten
from services.moderation.text.words import Vocabulary

KEPT = Path("var") / "training" / "moderation-features.npz"
BATCH = 16
LONGEST = 4000


class Embedder:
    """Plain readings and embeddings of texts, with a store on disk."""

    def __init__(self, kept: Path = KEPT) -> None:
        self._encoder = MiniLMEncoder()
        self.rules = RuleSet.load()
        self.vocabulary = Vocabulary(self._encoder.ranked_words, self.rules.terms)
        self._kept = kept
        self._vectors: dict[str, npt.NDArray[np.float16]] = {}
        if kept.exists():
            with np.load(kept) as stored:
                self._vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def plain(self, text: str) -> str:
        """What the service's models read, in one line."""
        reading = flatten(read(text[:LONGEST], self.vocabulary))
        misleading = self.rules.misleading(words_of(reading.text))
        return flatten(reading.without([(word.start, word.end) for word in misleading])).text

    def embed(self, plain: Sequence[str]) -> npt.NDArray[np.float32]:
        """Features (len(plain), DIMENSIONS) of plain texts, each cut as in the service."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in plain]
        missing = sorted({key: text for key, text in zip(keys, plain, strict=True) if key not in self._vectors}.items())
        missing.sort(key=lambda item: len(item[1]))
        started = time.monotonic()
        for at in range(0, len(missing), BATCH):
            batch = missing[at : at + BATCH]
            vectors = self._encoder.encode([text for _, text in batch], max_tokens=[MAX_TOKENS] * len(batch))
            self._vectors |= {key: row.astype(np.float16) for (key, _), row in zip(batch, vectors, strict=True)}
            if at % (50 * BATCH) == 0 and at:
                print(f"  embedded {at:,} of {len(missing):,} texts, {time.monotonic() - started:.0f} s", flush=True)
        if missing:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._kept, keys=np.array(list(self._vectors)), vectors=np.stack(list(self._vectors.values())))
        if not keys:
            return np.zeros((0, DIMENSIONS), np.float32)
        return np.stack([self._vectors[key] for key in keys]).astype(np.float32)
