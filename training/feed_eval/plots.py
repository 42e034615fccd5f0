"""Plots of the tables, for docs/feed.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt


def draw(found: dict[str, Any], folder: Path) -> None:
    """Write `accuracy.svg`, `diversity.svg` and `community.svg` into the folder."""
    mpl.use("Agg")
    # The same figures give the same file.
    mpl.rcParams.update({"svg.hashsalt": "feed", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    folder.mkdir(parents=True, exist_ok=True)
    _accuracy(found, folder / "accuracy.svg")
    _diversity(found["diversified"], folder / "diversity.svg")
    _community(found["community"]["life"], folder / "community.svg")


def _accuracy(found: dict[str, Any], file: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for axis, title in zip(axes, ("split by film, 75/25", "leave last out"), strict=True):
        rows = found[title]
        values = [row["ndcg@10"] for row in rows]
        around = [[abs(row["ndcg@10"] - row["ndcg@10 interval"][side]) for row in rows] for side in (0, 1)]
        colours = ["#7c5cff" if row["model"].startswith("ours") else "#b9bcc6" for row in rows]
        axis.barh([row["model"] for row in rows], values, xerr=around, color=colours, capsize=3)
        axis.set(title=f"MovieLens-100k, {title}", xlabel="nDCG@10, 95 % interval")
    _save(figure, file)


def _diversity(rows: list[dict[str, Any]], file: Path) -> None:
    figure, axis = plt.subplots(figsize=(5, 3))
    axis.plot([row["by genre"] for row in rows], [row["ndcg@10"] for row in rows], marker="o", color="#7c5cff")
    for row in rows:
        axis.annotate(
            f"{row['relevance']:g}", (row["by genre"], row["ndcg@10"]), xytext=(4, 4), textcoords="offset points"
        )
    axis.set(
        title="What diversification costs, by its weight of relevance", xlabel="distance by genre", ylabel="nDCG@10"
    )
    _save(figure, file)


def _community(rows: list[dict[str, Any]], file: Path) -> None:
    figure, axis = plt.subplots(figsize=(5, 3))
    for row in rows:
        rates = row["likes by round"]
        axis.plot(range(1, len(rates) + 1), rates, marker=".", label=row["setting"])
    axis.set(title="A simulated community", xlabel="round", ylabel="likes a post shown", ylim=(0, None))
    axis.legend(frameon=False)
    _save(figure, file)


def _save(figure: plt.Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    print(f"drawn to {file}")
