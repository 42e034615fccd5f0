"""The test questions' figures as a picture, for docs/search.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

COLOURS = {"hybrid": "#7c5cff"}


def draw(rows: Sequence[dict[str, Any]], file: Path) -> None:
    """Write one panel for each kind of question, with nDCG@10 by way of searching."""
    mpl.use("Agg")
    # The same figures give the same file.
    mpl.rcParams.update(
        {"svg.hashsalt": "search", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    kinds = sorted({row["queries"] for row in rows})
    figure, axes = plt.subplots(1, len(kinds), figsize=(9, 2.4), sharey=True, squeeze=False)
    for axis, kind in zip(axes[0], kinds, strict=True):
        chosen = [row for row in rows if row["queries"] == kind][::-1]
        colours = [COLOURS.get(row["by"], "#b9bcc6") for row in chosen]
        bars = axis.barh([row["by"] for row in chosen], [row["ndcg@10"] for row in chosen], color=colours)
        axis.bar_label(bars, padding=3, fmt="%.3f")
        axis.set(title=f"by {kind}, {chosen[0]['n']} questions", xlabel="nDCG@10", xlim=(0, 1.2))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
