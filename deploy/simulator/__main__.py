"""`make simulate`: what each scaling policy costs and how late it answers, on made traces or on a file's.

`TRACE=<csv>` replays a file with the columns arrival_s, service_s, images; `OUT=<json>` keeps the table.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from deploy.simulator import plot, traces
from deploy.simulator.foresight import Foresight, clairvoyant_s
from deploy.simulator.platform import Outcome, Platform, Replay
from deploy.simulator.policies import POLICIES, ours
from deploy.simulator.traces import Trace

PROMISED_S = 2.0
REQUESTS = 25_000
WIDTH = 120
FORESIGHT = "sees 60 s ahead"
SEEDS, CHOOSING_SEEDS = (21, 22, 23), (1, 2)
"""Those that are reported, and those on which the policy's constants are chosen."""
PLATFORMS = {
    "3 s": Platform(cold_start_s=3.0),
    "30 s": Platform(cold_start_s=30.0),
    "3 s, 60 % of restores fail": Platform(cold_start_s=3.0, failing_restores=0.6),
}
Row = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each trace; 1 when the file can't be read."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--trace", type=Path, help="CSV with arrival_s, service_s, images")
    parser.add_argument("--choosing", action="store_true", help="the demand on which constants are chosen instead")
    parser.add_argument("--out", type=Path, help="keep the table as JSON")
    parser.add_argument("--plot", type=Path, help="draw cost against lateness as SVG")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH  # a file has no width of its own, and a table is unreadable when broken
    try:
        demand = [[traces.read(options.trace)]] if options.trace else made(options.choosing)
    except (OSError, ValueError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    rows: list[Row] = []
    for cold_start, platform in PLATFORMS.items():
        for replicas in track(demand, f"cold start {cold_start}", console=console, transient=True):
            found = compare(replicas, platform, cold_start)
            rows += found
            console.print(table(replicas[0], found, cold_start))
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")
    if options.plot:
        options.plot.write_text(plot.svg(rows))
    return 0


def made(choosing: bool) -> list[list[Trace]]:
    """Each kind of trace, once for each seed."""
    makers, seeds = (traces.CHOOSING, CHOOSING_SEEDS) if choosing else (traces.MAKERS, SEEDS)
    return [[make(seed, REQUESTS) for seed in seeds] for make in makers]


def compare(replicas: list[Trace], platform: Platform, cold_start: str) -> list[Row]:
    """One row for each policy, over all replicas of a trace; cost is relative to Modal's defaults."""
    rows: list[Row] = []
    policies = {**POLICIES, "ours, no intents": ours} if any(trace.intents for trace in replicas) else POLICIES
    default_s = 0.0
    for name in (*policies, FORESIGHT):
        begun = time.perf_counter()
        outcomes = []
        for trace in replicas:
            demand = trace.without_intents() if "no intents" in name else trace
            policy = Foresight(trace, platform) if name == FORESIGHT else policies[name](platform)
            outcomes.append(Replay(demand, policy, platform, seed=1).run())
        seconds = (time.perf_counter() - begun) / len(replicas)
        default_s = default_s or sum(outcome.alive_s for outcome in outcomes)
        row = measured(outcomes, default_s, platform)
        rows.append({"trace": replicas[0].name, "cold start": cold_start, "policy": name, **row})
        rows[-1]["replay s"] = round(seconds, 2)
    bound_s = sum(clairvoyant_s(trace.arrivals, trace.services, platform, promised_s=PROMISED_S) for trace in replicas)
    bound = {"cost": round(bound_s / default_s, 3), "dollars": round(bound_s * platform.price, 2)}
    rows.append({"trace": replicas[0].name, "cold start": cold_start, "policy": "clairvoyant bound", **bound})
    return rows


def measured(outcomes: list[Outcome], default_s: float, platform: Platform) -> Row:
    """What one policy gave."""
    latencies = sorted(latency for outcome in outcomes for latency in outcome.latencies)
    alive_s = sum(outcome.alive_s for outcome in outcomes)
    return {
        "cost": round(alive_s / default_s, 3) if default_s else 0.0,
        "dollars": round(alive_s * platform.price, 2),
        "late": round(sum(latency > PROMISED_S for latency in latencies) / len(latencies), 5),
        "p50 s": round(latencies[len(latencies) // 2], 3),
        "p95 s": round(latencies[int(0.95 * (len(latencies) - 1))], 3),
        "p99 s": round(latencies[int(0.99 * (len(latencies) - 1))], 3),
        "busy": round(sum(outcome.busy_s for outcome in outcomes) / alive_s, 3) if alive_s else 0.0,
        "starts": sum(outcome.starts for outcome in outcomes),
        "requests": len(latencies),
    }


def table(trace: Trace, rows: list[Row], cold_start: str) -> Table:
    """The rows of one trace, for people."""
    duty = sum(trace.services) / max(trace.arrivals[-1], 1.0)
    drawn = Table(title=f"{trace.name}, {duty:.0%} of a GPU, cold start {cold_start}", title_justify="left")
    for heading in ("policy", "cost", "dollars", "over 2 s", "p50", "p95", "p99", "busy", "starts", "replay"):
        drawn.add_column(heading, justify="left" if heading == "policy" else "right")
    for row in rows:
        late = row.get("late")
        drawn.add_row(
            str(row["policy"]),
            f"{row['cost']:.2f}×",
            f"{row['dollars']:.2f}",
            f"{late:.2%}" if isinstance(late, float) else "",
            *(f"{row[key]:.2f}" if key in row else "" for key in ("p50 s", "p95 s", "p99 s")),
            f"{row['busy']:.0%}" if "busy" in row else "",
            str(row.get("starts", "")),
            f"{row['replay s']} s" if "replay s" in row else "",
        )
    return drawn


if __name__ == "__main__":
    sys.exit(main())
