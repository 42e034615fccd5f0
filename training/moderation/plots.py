"""The plots of an evaluation."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.metrics import PrecisionRecallDisplay

mpl.use("Agg")
import matplotlib.pyplot as plt


def plot_stopped(rates: dict[str, tuple[float, float]], path: Path) -> None:
    """Bars of the share held and blocked (0..1 each) for each set."""
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(rates) + 1.5), layout="constrained")
    held, blocked = (100 * np.array([rate[index] for rate in rates.values()]) for index in (0, 1))
    axes.barh(list(rates), blocked, color="#b3261e", label="blocked")
    axes.barh(list(rates), held, left=blocked, color="#e0a100", label="held")
    axes.set_xlabel("texts stopped, %")
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_precision(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Precision over recall; each curve has labels (1, 0, or -1 for unknown) and scores (0..1)."""
    figure, axes = plt.subplots(figsize=(8, 6), layout="constrained")
    for name, (labels, scores) in curves.items():
        known = labels >= 0
        PrecisionRecallDisplay.from_predictions(labels[known], scores[known], name=name, ax=axes)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)
    plt.close(figure)
