"""Cost against lateness as a picture: one panel for each cold start, one mark for each policy and trace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

PANEL_W, PANEL_H, MARGIN, TOP = 330, 280, 56, 64
COLOURS = ("#8c857d", "#c9a227", "#3f7cac", "#c93a1d", "#7a4a9e", "#e59a86", "#4f8a5b")
SHAPES = ("circle", "square", "triangle", "diamond")
LEAST_LATE, MOST_LATE, MOST_COST = 0.0003, 0.3, 2.0


def svg(rows: Sequence[Mapping[str, object]]) -> str:
    """Draws rows of `make simulate`; the clairvoyant bound has no lateness and is left out."""
    shown = [row for row in rows if "late" in row]
    panels = list(dict.fromkeys(str(row["cold start"]) for row in shown))
    policies = list(dict.fromkeys(str(row["policy"]) for row in shown))
    demand = list(dict.fromkeys(str(row["trace"]) for row in shown))
    width, height = MARGIN + len(panels) * (PANEL_W + MARGIN), TOP + PANEL_H + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for index, policy in enumerate(policies):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(f'<circle cx="{MARGIN + index * 160}" cy="18" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{MARGIN + 10 + index * 160}" y="22">{policy}</text>')
    for index, name in enumerate(demand):
        parts.append(mark(SHAPES[index % len(SHAPES)], MARGIN + index * 160, 40, "#1b1917"))
        parts.append(f'<text x="{MARGIN + 10 + index * 160}" y="44">{name}</text>')
    for index, panel in enumerate(panels):
        left = MARGIN + index * (PANEL_W + MARGIN)
        parts += axes(left, f"cold start {panel}", first=index == 0)
        for row in (each for each in shown if each["cold start"] == panel):
            parts.append(
                mark(
                    SHAPES[demand.index(str(row["trace"])) % len(SHAPES)],
                    left + across(float(str(row["late"]))),
                    TOP + PANEL_H - PANEL_H * min(float(str(row["cost"])), MOST_COST) / MOST_COST,
                    COLOURS[policies.index(str(row["policy"])) % len(COLOURS)],
                )
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


def across(late: float) -> float:
    """Where a share of late requests stands, on a logarithmic axis."""
    late = min(max(late, LEAST_LATE), MOST_LATE)
    return PANEL_W * math.log(late / LEAST_LATE) / math.log(MOST_LATE / LEAST_LATE)


def axes(left: float, title: str, *, first: bool) -> list[str]:
    """Frame, grid and labels of one panel."""
    parts = [
        f'<text x="{left}" y="{TOP - 6}" font-weight="bold">{title}</text>',
        f'<rect x="{left}" y="{TOP}" width="{PANEL_W}" height="{PANEL_H}" fill="none" stroke="#8c857d"/>',
        f'<text x="{left + PANEL_W / 2}" y="{TOP + PANEL_H + 40}" text-anchor="middle">requests over 2 s</text>',
    ]
    for late in (0.001, 0.005, 0.01, 0.1):
        x = left + across(late)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + PANEL_H}" stroke="#e5e0d9"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP + PANEL_H + 18}" text-anchor="middle">{late * 100:g} %</text>')
    for cost in (0.5, 1.0, 1.5, 2.0):
        y = TOP + PANEL_H - PANEL_H * cost / MOST_COST
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + PANEL_W}" y2="{y:.1f}" stroke="#e5e0d9"/>')
        if first:
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{cost:g}×</text>')
    return parts


def mark(shape: str, x: float, y: float, colour: str) -> str:
    """One point."""
    points = {
        "square": f"{x - 5},{y - 5} {x + 5},{y - 5} {x + 5},{y + 5} {x - 5},{y + 5}",
        "triangle": f"{x},{y - 6} {x + 6},{y + 5} {x - 6},{y + 5}",
        "diamond": f"{x},{y - 7} {x + 6},{y} {x},{y + 7} {x - 6},{y}",
    }
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}" fill-opacity="0.85"/>'
    return f'<polygon points="{points[shape]}" fill="{colour}" fill-opacity="0.85"/>'
