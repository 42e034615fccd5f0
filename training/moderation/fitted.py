"""Heads as they come out of training, before they are put on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """The same arrays as in `services.moderation.text.heads.Heads`."""

    dense: Floats
    sparse: Floats
    bias: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats

    def logits(self, vectors: npt.NDArray[np.float32], words: sp.csr_matrix) -> Floats:
        """Logits (n, categories) from features (n, d) and hashed words (n, buckets)."""
        inner = np.maximum(vectors @ self.hidden.T + self.hidden_bias, 0)
        found: Floats = vectors @ self.dense.T + inner @ self.out.T + np.asarray(words @ self.sparse.T) + self.bias
        return found
