"""Measure search and choose its signals' weights: `python -m training.search_eval` (`make eval-search`).

Two communities without an object in common: on the first the weights are chosen, on the second they are reported.
Everything is search's own: posts come in through the indexer, questions go through encoder, index and fusion.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from services.search.encoder import OpenClipEncoder
from services.search.index_edge import EdgeIndex
from services.search.indexing import Indexer
from services.search.points import Where
from services.search.relevance import WEIGHTS
from services.search.service import SearchService
from services.search.settings import SHIPPED_ENCODER
from services.search.words import Bm25Words
from training.pocket.decoder_stage import load_icons
from training.pocket.icons import prepare
from training.pocket.paths import TrainingFolder
from training.search_eval.community import Community, community, halves
from training.search_eval.plot import draw
from training.search_eval.scoring import Asked, choose, table

SEED = 91
TOLD_EVERY = 500
console = Console(highlight=False, width=120)


class Pictures:
    """An object store of these pictures."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self._pictures = pictures

    async def get(self, key: str) -> bytes | None:
        return self._pictures.get(key)


async def ask(people: Community, encoder: OpenClipEncoder, name: str) -> list[Asked]:
    """Take the posts in and ask every question; tells of its progress."""
    with tempfile.TemporaryDirectory() as folder:
        index = EdgeIndex(Path(folder), image_width=encoder.image_width, prompt_width=encoder.prompt_width)
        words = Bm25Words()
        indexer = Indexer(encoder, index, words, Pictures(people.pictures))
        for number, post in enumerate(people.posts, start=1):
            await indexer.index(post)
            if number % TOLD_EVERY == 0:
                console.print(f"{name}: {number} of {len(people.posts)} posts taken in", style="dim")
        service = SearchService(encoder, index, words)
        asked = [Asked(one.kind, one.right, await service.signals(one.text, Where())) for one in people.questions]
        await index.close()
    console.print(f"{name}: {len(asked)} questions asked", style="dim")
    return asked


async def measure(folder: TrainingFolder) -> dict[str, Any]:
    torch.set_num_threads(1)
    began = time.monotonic()
    concepts = prepare(folder)
    icons = load_icons(folder)
    encoder = OpenClipEncoder.load(str(SHIPPED_ENCODER))
    development, test = [
        await ask(community(concepts, icons, rows, SEED + number), encoder, name)
        for number, (name, rows) in enumerate(zip(("development", "test"), halves(concepts), strict=True))
    ]
    await encoder.close()
    weights, tried = choose(development)
    return {
        "encoder": encoder.name, "objects": [len(rows) for rows in halves(concepts)],
        "weights": {signal.value: weight for signal, weight in weights.items()},
        "in_use": {signal.value: weight for signal, weight in WEIGHTS.items()},
        "tried": tried, "development": table(development, weights), "test": table(test, weights),
        "took_s": round(time.monotonic() - began),
    }  # fmt: skip


def show(rows: Sequence[dict[str, Any]], title: str) -> None:
    shown = Table(title=title, title_justify="left")
    for name in rows[0]:
        shown.add_column(name, justify="left" if name in ("queries", "by") else "right")
    for row in rows:
        shown.add_row(*(str(value) for value in row.values()))
    console.print(shown)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.search_eval", description=__doc__)
    parser.add_argument("--out", type=Path, help="keep the figures as JSON")
    parser.add_argument("--plot", type=Path, help="draw the test questions' figures as SVG")
    chosen = parser.parse_args()
    figures = asyncio.run(measure(TrainingFolder.from_environment()))
    show(figures["development"], "Development: objects the weights were chosen with")
    show(figures["test"], "Test: other objects")
    console.print(f"Weights that development gives: {figures['weights']}; in use: {figures['in_use']}")
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=1) + "\n")
    if chosen.plot:
        draw(figures["test"], chosen.plot)


if __name__ == "__main__":
    main()
