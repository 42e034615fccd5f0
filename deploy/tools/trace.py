"""`python -m deploy.tools.trace [ID]`: draw one trace as a waterfall in the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from deploy.tools.spans import Span, in_order, load_trace, services, start_of
from deploy.tools.stack import data_dir

COLOURS = {"gateway": "cyan", "moderation": "yellow", "generation": "magenta", "search": "green", "feed": "blue"}
EIGHTHS = " ▏▎▍▌▋▊▉"
WIDE = 90
DURATION_WIDTH = 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exits with 1 and one plain sentence when there is no such trace."""
    parser = argparse.ArgumentParser(prog="trace", description=__doc__)
    parser.add_argument("id", nargs="?", help="a trace's id, or that of a generation or post; the latest by default")
    wanted = parser.parse_args(arguments).id or None
    folder = data_dir() / "traces"
    spans = load_trace(folder, wanted)
    if not spans:
        sys.exit(f"No trace in {folder} has or mentions the id {wanted}." if wanted else f"No traces in {folder} yet.")
    draw(Console(highlight=False), spans)


def draw(console: Console, spans: list[Span]) -> None:
    """Print the waterfall: a head line, then one line a span (name, bar, duration) and each error below its span."""
    begin, end = start_of(spans), max(span.end for span in spans)
    errors = sum(span.error is not None for span in spans)
    console.print(
        Text.assemble(
            (f"trace {spans[0].trace_id}", "bold"),
            f"  {datetime.fromtimestamp(begin / 1e9).astimezone():%Y-%m-%d %H:%M:%S}",
            f"  {_duration(end - begin)}  {len(spans)} spans",
            (f"  {errors} failed", "bold red") if errors else "",
        )
    )
    console.print(Text("  ").join(Text(f"■ {name}", _colour(name)) for name in services(spans)))
    name_width = _name_width(console.width, spans)
    bar_width = max(console.width - name_width - DURATION_WIDTH - 3, 4)
    for depth, span in in_order(spans):
        failed = span.error is not None
        label = set_cell_size(_label(depth, span), name_width)
        bar = _bar(span.start - begin, span.end - span.start, end - begin, bar_width)
        console.print(
            Text.assemble(
                (label, "bold red" if failed else _colour(span.service)),
                " ",
                (bar, "red" if failed else _colour(span.service)),
                " ",
                (f"{_duration(span.end - span.start):>{DURATION_WIDTH}}", "" if span.end - span.start else "dim"),
            ),
            no_wrap=True,
            crop=True,
        )
        if span.error is not None:
            console.print(Text(f"{'  ' * (depth + 1)}{_clean(span.error)}", "red"))


def _label(depth: int, span: Span) -> str:
    mark = "✗ " if span.error is not None else ""
    return f"{'  ' * depth}{mark}{_clean(span.name)}"


def _name_width(width: int, spans: list[Span]) -> int:
    """As wide as the longest name, but half of the line is left to the bars (a third of a narrow one)."""
    longest = max(cell_len(_label(depth, span)) for depth, span in in_order(spans))
    room = width - DURATION_WIDTH - 3
    return max(min(longest, room // 2 if width >= WIDE else room * 2 // 3), 8)


def _bar(offset: int, length: int, total: int, width: int) -> str:
    """A bar of `length` that begins at `offset`, drawn to an eighth of a cell; the shortest is still seen."""
    scale = width * 8 / max(total, 1)
    start = min(int(offset * scale), width * 8 - 1)
    cells, shift = divmod(start, 8)
    size = max(round(length * scale), 1)
    # Blocks fill from the left only, so the first cell is drawn whole where the bar begins inside it.
    whole, rest = divmod(min(size + shift, width * 8 - cells * 8), 8)
    return f"{' ' * cells}{'█' * whole}{EIGHTHS[rest] if rest else ''}".ljust(width)


def _duration(nanoseconds: int) -> str:
    milliseconds = nanoseconds / 1e6
    if milliseconds < 1:
        return f"{nanoseconds / 1e3:.0f} µs"
    if milliseconds < 1000:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds / 1000:.2f} s" if milliseconds < 60_000 else f"{milliseconds / 60_000:.1f} min"


def _colour(service: str) -> str:
    return COLOURS.get(service, "white")


def _clean(text: str) -> str:
    """One line without what could steer a terminal: error texts come from anywhere."""
    return "".join(character if character.isprintable() else " " for character in text)


if __name__ == "__main__":
    main()
