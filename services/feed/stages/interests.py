"""Several centres of one person's taste: the mean of cats and castles is neither (PinnerSage, Pal et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.feed.senses import Senses, Vector

MOST = 5
MOST_LEADERS = 24
SAME = 0.55
"""Cosine, above the background, from which a picture belongs to an interest rather than founds a new one."""


@dataclass(frozen=True, slots=True)
class Interest:
    """A centre: unit vectors of pictures and prompts, and its weight, at most 1 for the greatest."""

    image: Vector
    prompt: Vector | None
    weight: float
    post_ids: tuple[str, ...] = ()
    """The liked posts that it is made of, the dearest first."""


def interests_of(liked: Mapping[str, float], senses: Senses) -> list[Interest]:
    """Leader clustering of liked pictures, dearest first; up to five interests, greatest first."""
    images, known = senses.images.take(list(liked))
    prompts, prompted = senses.prompts.take(list(liked))
    if not known.any():
        return []
    threshold = same_from(senses.images.background)
    totals = np.zeros((MOST_LEADERS, images.shape[1]), np.float32)
    prompt_totals = np.zeros((MOST_LEADERS, prompts.shape[1]), np.float32)
    units = np.zeros_like(totals)
    weights = np.zeros(MOST_LEADERS)
    has_prompt = np.zeros(MOST_LEADERS, bool)
    members: list[list[str]] = [[] for _ in range(MOST_LEADERS)]
    count = 0
    for row, (post_id, weight) in enumerate(liked.items()):
        if not known[row]:
            continue
        similarities = units[:count] @ images[row]
        leader = int(similarities.argmax()) if count else 0
        if not count or similarities[leader] < threshold:
            if count == MOST_LEADERS:
                continue
            leader, count = count, count + 1
        totals[leader] += weight * images[row]
        prompt_totals[leader] += weight * prompts[row]
        has_prompt[leader] |= prompted[row]
        weights[leader] += weight
        members[leader].append(post_id)
        units[leader] = _unit(totals[leader])
    order = np.argsort(-weights[:count], kind="stable")[:MOST]
    return [
        Interest(
            image=units[leader],
            prompt=_unit(prompt_totals[leader]) if has_prompt[leader] else None,
            weight=float(weights[leader] / weights[order[0]]),
            post_ids=tuple(members[leader]),
        )
        for leader in order
    ]


def same_from(background: float) -> float:
    """The cosine from which two pictures count as one interest."""
    return background + SAME * (1.0 - background)


def _unit(vector: Vector) -> Vector:
    return vector / np.float32(max(float(np.sqrt(vector @ vector)), 1e-9))
