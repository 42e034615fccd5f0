"""`python -m training.feed_eval [--out table.json] [--plots folder]`: all that is measured of the feed offline."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from training.feed_eval import movielens, plots, simulation, tables
from training.feed_eval.choose import FOLDER
from training.feed_eval.ranking_speed import ranking_speed


def main() -> None:
    """Print each table as soon as it is there; keep all of it as JSON with `--out`, and plots with `--plots`."""
    parser = argparse.ArgumentParser(prog="make eval-feed")
    parser.add_argument("--out", type=Path, help="file for the tables as JSON")
    parser.add_argument("--plots", type=Path, help="folder for the plots")
    arguments = parser.parse_args()
    try:
        ratings = movielens.load(FOLDER)
    except RuntimeError as error:
        sys.exit(str(error))
    found = {
        "split by film, 75/25": tables.by_item(ratings),
        "leave last out": tables.leave_last(ratings),
        "diversified": tables.diversified(ratings),
        "ranking speed": ranking_speed(),
        "community": asyncio.run(simulation.run()),
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=2) + "\n")
        print(f"kept in {arguments.out}")
    if arguments.plots:
        plots.draw(found, arguments.plots)


if __name__ == "__main__":
    main()
