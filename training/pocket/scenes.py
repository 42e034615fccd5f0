"""Which scenes the decoder is trained on, and which colour–object pairs it never sees."""

import torch
from torch import Tensor

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS, SHADE_JITTER
from services.generation.pocket.scene import MAX_OBJECTS, SceneBatch

PAIR_SHARE = 0.12
PLACED_SHARE = 0.14
TINTED_SHARE = 0.25

_BACKGROUNDS = torch.tensor(list(BACKGROUNDS.values()))


def held_out(concept: Tensor, colour: Tensor) -> Tensor:
    """Whether a colour–object pair is kept out of training: a fixed tenth of all pairs."""
    return (colour > 0) & ((concept * 7919 + colour * 104729) % 97 % 10 == 3)


def uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def draw_scenes(batch: int, concepts: int, generator: torch.Generator) -> SceneBatch:
    """Random scenes: mostly one object in the middle, some elsewhere or smaller, some pairs, some recoloured."""
    scene = SceneBatch.empty(batch)
    scene.concept[:] = torch.randint(concepts, (batch, MAX_OBJECTS), generator=generator)
    colour = torch.randint(1, 1 + len(OBJECT_COLOURS), (batch, MAX_OBJECTS), generator=generator)
    tinted = torch.rand(batch, MAX_OBJECTS, generator=generator) < TINTED_SHARE
    scene.colour[:] = torch.where(tinted & ~held_out(scene.concept, colour), colour, 0)

    box = scene.box
    box[..., :2] = uniform(0.47, 0.53, (batch, MAX_OBJECTS, 2), generator)
    box[..., 2] = uniform(0.8, 0.97, (batch, MAX_OBJECTS), generator)
    box[..., 3] = uniform(-0.1, 0.1, (batch, MAX_OBJECTS), generator)
    kind = torch.rand(batch, generator=generator)
    paired = kind < PAIR_SHARE
    placed = (kind >= PAIR_SHARE) & (kind < PAIR_SHARE + PLACED_SHARE)
    size = uniform(0.38, 0.6, (batch, MAX_OBJECTS), generator)
    box[placed, :, 2] = size[placed]
    room = (1 - size[:, 0]) / 2
    offset = uniform(-1, 1, (batch, 2), generator) * room[:, None]
    box[placed, 0, :2] = 0.5 + offset[placed]
    box[paired, :, 2] = uniform(0.42, 0.52, (batch, MAX_OBJECTS), generator)[paired]
    box[paired, 0, 0], box[paired, 1, 0] = 0.26, 0.74
    box[paired, :, 1] = uniform(0.46, 0.54, (batch, MAX_OBJECTS), generator)[paired]
    scene.present[:, 0] = 1
    scene.present[:, 1] = paired.float()

    named = torch.randint(len(_BACKGROUNDS), (batch,), generator=generator)
    shade = torch.randn(batch, 1, generator=generator) * SHADE_JITTER
    anything = torch.rand(batch, 3, generator=generator)
    free = torch.rand(batch, 1, generator=generator) < 0.1
    scene.background[:] = torch.where(free, anything, _BACKGROUNDS[named] + shade).clamp(0, 1)
    return scene
