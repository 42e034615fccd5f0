"""A page that is good as a whole: no author drowns it, its pictures differ, near-duplicates keep their distance.

Which posts stand on it is chosen first, greedily: by score, with a decay for each further post by one author, and by
the mean distance to those chosen before (maximal marginal relevance, Carbonell & Goldstein 1998, with the mean in the
place of the greatest). Distance counts only as far as a post is welcome: what people asked less of is unlike the rest
of the page because it was asked less of. Then they are put in order, the best first: how varied a page is doesn't hang
on its order, and how soon something good is met does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from services.feed.senses import Matrix, Rows
from services.feed.stages.features import Column, closeness

SHORTLIST = 300
RELEVANCE = 0.6
AUTHOR_DECAY = 0.5
AUTHOR_FLOOR = 0.25
NEAR_DUPLICATE = 0.96
SPACING = 10
LAST_RESORT = 10.0
"""Taken from the value of a near-duplicate: more than anything else can make up for."""


def diversify(
    scores: NDArray[np.float32],
    welcome: Column,
    authors: Sequence[str],
    images: Callable[[Rows], Matrix],
    background: float,
    *,
    limit: int,
    fixed: Mapping[int, int],
    before: Sequence[str] = (),
    relevance: float = RELEVANCE,
) -> list[int]:
    """Rows for the places of a page, in order, at most `limit`.

    `welcome` is in 0…1; `images` gives the vectors of rows; `fixed` gives row by position for places that are already
    taken; `before` are the authors of the items just above the page; `relevance` is the weight of the score, and what
    is left of 1 that of being unlike the rest of the page. Rows with a score of −∞ are never chosen. Near-duplicates
    come on one page, and there within ten places of each other, only when nothing else is left.
    """
    open_rows = np.isfinite(scores)
    open_rows[list(fixed.values())] = False
    order = np.argsort(-scores, kind="stable")
    rows = order[open_rows[order]][:SHORTLIST]
    vectors = images(rows)
    fixed_vectors = images(np.array(list(fixed.values()), np.intp))
    worth = scores[rows] / max(float(scores[rows].max(initial=0.0)), 1e-9)
    own = [authors[row] for row in rows.tolist()]
    seen = Counter([*before, *(authors[row] for row in fixed.values())])
    variety = (1.0 - relevance) * welcome[rows]
    chosen = _choose(limit - len(fixed), relevance * worth, variety, own, seen, vectors, fixed_vectors, background)
    placed = np.concatenate([vectors[chosen], fixed_vectors])
    positions = _arrange(len(chosen), placed @ placed.T >= NEAR_DUPLICATE, list(fixed))
    page = dict(fixed) | dict(zip(positions, rows[chosen].tolist(), strict=True))
    return [page[position] for position in sorted(page)]


def _choose(
    count: int,
    worth: Column,
    variety: Column,
    authors: Sequence[str],
    seen: Counter[str],
    vectors: Matrix,
    fixed: Matrix,
    background: float,
) -> list[int]:
    """At most `count` of the rows of `vectors` that make a good page together with `fixed`, the best first.

    `variety` is what each gains by being unlike all of the page. Of an author's posts each is worth what it was when
    chosen, so that they don't follow upon each other.
    """
    cosines = fixed @ vectors.T
    likeness = closeness(cosines, background).sum(axis=0)
    barred = LAST_RESORT * (cosines >= NEAR_DUPLICATE).any(axis=0).astype(np.float32)
    by_author: dict[str, list[int]] = {}
    for index, author in enumerate(authors):
        by_author.setdefault(author, []).append(index)
    decay = np.ones(len(authors), np.float32)
    for author in seen.keys() & by_author.keys():
        decay[by_author[author]] = _decay(seen[author])
    chosen: dict[int, float] = {}
    while len(chosen) < min(count, len(authors)):
        unlike = 1.0 - likeness / max(1, len(fixed) + len(chosen))
        best = int((worth * decay + variety * unlike - barred).argmax())
        chosen[best] = float(worth[best] * decay[best])
        cosines = vectors @ vectors[best]
        likeness += closeness(cosines, background)
        barred = np.maximum(barred, LAST_RESORT * (cosines >= NEAR_DUPLICATE))
        barred[best] = np.inf
        seen[authors[best]] += 1
        decay[by_author[authors[best]]] = _decay(seen[authors[best]])
    return sorted(chosen, key=lambda index: -chosen[index])


def _arrange(count: int, alike: NDArray[np.bool_], fixed: Sequence[int]) -> list[int]:
    """The position of each of `count` chosen posts, best first, around those that are fixed.

    `alike` says which are near-duplicates: the chosen in their order, then the fixed in theirs.
    """
    positions = [-SPACING - 1] * count + list(fixed)
    twins = [np.flatnonzero(row).tolist() for row in alike[:count]]
    left = list(range(count))
    for position in sorted(set(range(len(positions))) - set(fixed))[:count]:
        apart = (
            index for index in left if all(abs(positions[twin] - position) > SPACING for twin in twins[index])
        )  # fmt: skip
        best = next(apart, left[0])
        left.remove(best)
        positions[best] = position
    return positions[:count]


def _decay(before: int) -> float:
    return max(AUTHOR_FLOOR, AUTHOR_DECAY**before)
