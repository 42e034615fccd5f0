"""A fingerprint of what a picture looks like, that survives scaling and recompression."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIZE, KEPT = 32, 8
FLAT = 4.0
_row = np.arange(SIZE)
_DCT = np.cos(np.pi * (2 * _row[None, :] + 1) * _row[:, None] / (2 * SIZE))[: KEPT + 1]


def perceptual_hash(image: Image.Image) -> str:
    """The 64-bit pHash as 16 hex digits; "" for a nearly plain picture, whose bits would be noise.

    Source of the method: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010): the low
    frequencies of the cosine transform of the 32×32 grey picture, against their median.
    """
    grey = np.asarray(image.convert("L").resize((SIZE, SIZE), Image.Resampling.LANCZOS), dtype=np.float64)
    if grey.std() < FLAT:
        return ""
    low = (_DCT @ grey @ _DCT.T)[1 : KEPT + 1, 1 : KEPT + 1]
    bits = (low > np.median(low)).flatten()
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"
