"""A page that is good as a whole: no author drowns it, neighbours differ, near-duplicates keep their distance.

Greedy maximal marginal relevance (Carbonell & Goldstein 1998) over picture vectors, with a decay for each further post
by one author.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from services.feed.stages.features import closeness

SHORTLIST = 300
RELEVANCE = 0.75
AUTHOR_DECAY = 0.5
AUTHOR_FLOOR = 0.25
NEAR_DUPLICATE = 0.96
SPACING = 10


def around(position: int) -> slice:
    """The places that are too near `position` for a near-duplicate."""
    return slice(max(0, position - SPACING), position + SPACING + 1)


def diversify(
    scores: NDArray[np.float32],
    authors: Sequence[str],
    images: NDArray[np.float32],
    background: float,
    *,
    limit: int,
    fixed: Mapping[int, int],
    before: Sequence[str] = (),
    relevance: float = RELEVANCE,
) -> list[int]:
    """Rows for the places of a page, in order, at most `limit`.

    `fixed` gives row by position for places that are already taken; `before` are the authors of the items just above
    the page; `relevance` is the weight of the score, and what is left of 1 that of being unlike what stands above. Rows
    with a score of −∞ are never chosen. Near-duplicates come within ten places of each other, above or below, only when
    nothing else is left.
    """
    taken = set(fixed.values())
    open_rows = np.isfinite(scores)
    open_rows[list(taken)] = False
    order = np.argsort(-scores, kind="stable")
    rows = order[open_rows[order]][:SHORTLIST]
    seen = Counter(before)
    page: list[int] = []
    vectors = images[rows]
    worth = scores[rows] / max(float(scores[rows].max(initial=0.0)), 1e-9)
    nearest = np.zeros(len(rows), np.float32)
    crowded = np.zeros((limit, len(rows)), bool)
    for position, row in fixed.items():
        crowded[around(position), :] |= vectors @ images[row] >= NEAR_DUPLICATE
    decay = np.array([max(AUTHOR_FLOOR, AUTHOR_DECAY ** seen[authors[row]]) for row in rows], np.float32)
    free = np.ones(len(rows), bool)
    by_author: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_author.setdefault(authors[row], []).append(index)
    for position in range(limit):
        row = fixed.get(position, -1)
        if row < 0:
            value = relevance * worth * decay - (1.0 - relevance) * nearest
            value = np.where(crowded[position], value - 10.0, value)
            value = np.where(free, value, -np.inf)
            best = int(np.argmax(value)) if len(value) else -1
            if best < 0 or not free[best]:
                page += [fixed[later] for later in sorted(fixed) if later > position]
                break
            row = int(rows[best])
            free[best] = False
        page.append(row)
        cosines = vectors @ images[row]
        nearest = np.maximum(nearest, closeness(cosines, background))
        crowded[around(position), :] |= cosines >= NEAR_DUPLICATE
        seen[authors[row]] += 1
        decay[by_author.get(authors[row], [])] = max(AUTHOR_FLOOR, AUTHOR_DECAY ** seen[authors[row]])
    return page
