"""Several centres of one person's taste: the mean of cats and castles is neither (PinnerSage, Pal et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.feed.ports import Sense, Vector

MOST = 5
SAME = 0.55
"""Cosine, above the background, from which a picture belongs to an interest rather than founds a new one."""


@dataclass(frozen=True, slots=True)
class Interest:
    """A centre: unit vectors of pictures and prompts, and its weight, at most 1 for the greatest."""

    image: Vector
    prompt: Vector | None
    weight: float


def interests_of(liked: Mapping[str, float], senses: Mapping[str, Sense], background: float) -> list[Interest]:
    """Leader clustering of liked pictures, dearest first; up to five interests, greatest first.

    `background` is the mean cosine between unrelated pictures.
    """
    threshold = background + SAME * (1.0 - background)
    images: list[Vector] = []
    prompts: list[Vector | None] = []
    weights: list[float] = []
    for post_id, weight in liked.items():
        sense = senses.get(post_id)
        if sense is None or sense.image is None:
            continue
        similarities = [float(sense.image @ _unit(total)) for total in images]
        best = int(np.argmax(similarities)) if similarities else -1
        if best >= 0 and similarities[best] >= threshold:
            images[best] = images[best] + weight * sense.image
            weights[best] += weight
            if sense.prompt is not None:
                known = prompts[best]
                prompts[best] = weight * sense.prompt if known is None else known + weight * sense.prompt
        else:
            images.append(weight * sense.image)
            prompts.append(None if sense.prompt is None else weight * sense.prompt)
            weights.append(weight)
    order = sorted(range(len(weights)), key=lambda index: -weights[index])[:MOST]
    return [
        Interest(
            image=_unit(images[index]),
            prompt=None if (prompt := prompts[index]) is None else _unit(prompt),
            weight=weights[index] / weights[order[0]],
        )
        for index in order
    ]


def _unit(vector: Vector) -> Vector:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
