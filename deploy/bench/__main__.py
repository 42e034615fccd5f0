"""Runs the pipeline with a stub model at a steady rate and prints what it adds: `python -m deploy.bench`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.bench.applications import StubPainter
from deploy.bench.load import Measured, steady
from deploy.bench.stack import passing_stack
from services.generation.ports import Canvas

APPLICATIONS = {
    "moderation": "deploy.bench.applications:moderation",
    "generation": "deploy.bench.applications:generation",
    "gateway": "services.gateway.main:create_app",
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--per-second", type=float, default=50)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    console = Console(highlight=False)
    os.environ.update(RATE_LIMIT_FACTOR="1000", LOG_LEVEL="WARNING", BATCH_WINDOW_MS="0")
    with passing_stack(APPLICATIONS, console) as layout:
        console.print(f"{chosen.per_second:g} prompts a second for {chosen.seconds:g} s …")
        measured = asyncio.run(steady(layout.url, per_second=chosen.per_second, seconds=chosen.seconds))
        model_ms = _directly(len(measured.total_ms))
    figures = _figures(measured, model_ms) | {"per_second": chosen.per_second, "seconds": chosen.seconds}
    _show(console, figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _directly(times: int) -> list[float]:
    """The same model called without a pipeline, one after the other, on the same machine in the same run."""
    painter = StubPainter()
    painter.load()
    taken = []
    for seed in range(min(times, 500)):
        begun = time.perf_counter()
        painter.paint([Canvas("a fox", None, seed, 256, 256)], lambda _done, _previews: True)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _figures(measured: Measured, model_ms: list[float]) -> dict[str, Any]:
    total, model = _quantiles(measured.total_ms), _quantiles(model_ms)
    return {
        "pictures": len(measured.total_ms),
        "unfinished": measured.unfinished,
        "cores": len(os.sched_getaffinity(0)),
        "total_ms": total,
        "model_ms": model,
        "added_ms": {name: round(total[name] - model["p50"], 1) for name in total},
        "stages_ms": {stage: _quantiles(values) for stage, values in measured.stages_ms.items()},
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p90": round(cuts[89], 1), "p99": round(cuts[98], 1)}


def _show(console: Console, figures: dict[str, Any]) -> None:
    title = f"{figures['pictures']} pictures, {figures['unfinished']} unfinished, {figures['cores']} cores"
    table = Table("milliseconds", "p50", "p90", "p99", title=title)
    for name in ("total_ms", "model_ms", "added_ms"):
        table.add_row(name.removesuffix("_ms"), *(f"{value:.1f}" for value in figures[name].values()), style="bold")
    for stage, values in figures["stages_ms"].items():
        table.add_row(f"until {stage}", *(f"{value:.1f}" for value in values.values()))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
