"""How quickly one model paints on the device at hand: `python -m deploy.bench.painting --model sdxl-lightning`.

Each way of running it (eager, compiled, with CUDA graphs, with the tiny VAE) at each batch size, in one run. Where
the painter has several lanes a batch is shared out among them.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.generation.diffusers_painter import DiffusersPainter
from services.generation.pipelines import FastPath, best_device, peak_memory_gb
from services.generation.ports import Canvas
from services.generation.registry import find_model
from services.generation.settings import Settings

WAYS = {
    "eager": FastPath(),
    "tiny-vae": FastPath(tiny_vae=True),
    "kernels": FastPath(compile="kernels"),
    "kernels+tiny-vae": FastPath(compile="kernels", tiny_vae=True),
    "graphs": FastPath(compile="graphs"),
}


@dataclass(frozen=True)
class Row:
    """One way at one batch size. Times are medians; `gain` is in pictures a second over this way's batch of one."""

    way: str
    batch: int
    load_s: float
    batch_ms: float
    picture_ms: float
    pictures_per_s: float
    gain: float
    peak_gb: float | None


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="pocket")
    options.add_argument("--ways", default="eager", help=f"some of {', '.join(WAYS)}, with commas, or all")
    options.add_argument("--batches", default="1,2,4,8,16")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    ways = list(WAYS) if chosen.ways == "all" else chosen.ways.split(",")
    rows: list[Row] = []
    for way in ways:
        rows += measure(chosen.model, way, [int(batch) for batch in chosen.batches.split(",")], chosen.rounds)
    table = Table("way", "batch", "load s", "batch ms", "ms a picture", "pictures/s", "× of one", "peak GB")
    table.title = f"{chosen.model} on {best_device()}, {Settings().torch_threads} cores"
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in asdict(row).values()))
    Console(highlight=False).print(table)
    if chosen.out:
        chosen.out.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 0


def measure(model: str, way: str, batches: list[int], rounds: int) -> list[Row]:
    """All batch sizes of one way, with the model loaded once. Sizes take turns, so that a busy machine slows all."""
    record = find_model(model)
    painter = DiffusersPainter(
        replace(record, max_batch=max(batches)), threads=Settings().torch_threads, fast=WAYS[way]
    )
    begun = time.perf_counter()
    painter.load()
    load_s = time.perf_counter() - begun
    width, height = next(iter(painter.record.sizes.values()))
    taken: dict[int, list[float]] = {batch: [] for batch in batches}
    with ThreadPoolExecutor(painter.lanes) as lanes:
        for turn in range(rounds + 1):
            for batch in batches:
                canvases = [Canvas(f"a red fox number {seed}", None, seed, width, height) for seed in range(batch)]
                parts = [canvases[lane :: painter.lanes] for lane in range(min(batch, painter.lanes))]
                begun = time.perf_counter()
                list(lanes.map(painter.paint, parts, repeat(lambda _done, _previews: True)))
                if turn:  # the first time of each size may compile
                    taken[batch].append((time.perf_counter() - begun) * 1000)
    medians = {batch: statistics.median(times) for batch, times in taken.items()}
    alone = medians.get(1)
    rows = [
        Row(
            way,
            batch,
            round(load_s, 1),
            round(ms, 1),
            round(ms / batch, 1),
            round(1000 * batch / ms, 2),
            round(alone * batch / ms, 2) if alone else 0.0,
            peak_memory_gb(),
        )
        for batch, ms in medians.items()
    ]
    del painter
    gc.collect()
    return rows


if __name__ == "__main__":
    sys.exit(main())
