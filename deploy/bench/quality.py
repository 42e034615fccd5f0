"""How alike two pictures are (numpy)."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

WINDOW = 7
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def structural_similarity(first: Image.Image, second: Image.Image) -> float:
    """Mean SSIM of the luminance over uniform windows of 7 by 7 pixels (Wang et al., 2004); 1 for equal pictures."""
    x, y = (np.asarray(picture.convert("L"), dtype=np.float64) for picture in (first, second))
    mean_x, mean_y = _mean(x), _mean(y)
    variance_x, variance_y = _mean(x * x) - mean_x**2, _mean(y * y) - mean_y**2
    covariance = _mean(x * y) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    return float((likeness / ((mean_x**2 + mean_y**2 + C1) * (variance_x + variance_y + C2))).mean())


def _mean(values: Any) -> Any:
    """The mean of each window."""
    return np.lib.stride_tricks.sliding_window_view(values, (WINDOW, WINDOW)).mean(axis=(-2, -1))
