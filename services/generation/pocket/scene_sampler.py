"""Draws a scene from what the prior read in a prompt."""

import torch
from torch import Tensor

from services.generation.pocket.palette import BACKGROUNDS, FREE_BACKGROUNDS, SHADE_JITTER
from services.generation.pocket.prior import PLACES, SIZES, SceneLogits
from services.generation.pocket.scene import SceneBatch

TEMPERATURE = 0.6
"""Sharpens the distribution over concepts: below 1 the likelier icon is drawn more often."""

NUCLEUS = 0.7
"""Concepts are drawn from the smallest set that holds this share of the probability (Holtzman et al., 2020)."""

NORMAL_SIZE, SMALL_SIZE, LARGE_SIZE = (0.8, 0.92), (0.4, 0.48), (0.95, 0.97)
PLACED_SIZE = (0.46, 0.54)
PAIR_SIZE = (0.44, 0.5)
PAIR_CENTRES = (0.26, 0.74)
PLACE_CENTRES = {
    "middle": (0.5, 0.5),
    "left": (0.27, 0.5),
    "right": (0.73, 0.5),
    "top": (0.5, 0.27),
    "bottom": (0.5, 0.73),
}
SHIFT, TILT = 0.02, 0.07

_BACKGROUNDS = torch.tensor(list(BACKGROUNDS.values()))
_FREE = torch.tensor([list(BACKGROUNDS).index(name) for name in FREE_BACKGROUNDS])


def sample_scene(logits: SceneLogits, generator: torch.Generator | None, backdrop: Tensor | None = None) -> SceneBatch:
    """Draw one scene.

    Args:
        logits: of exactly one prompt.
        generator: source of the choices that the prompt leaves open: shade, pose, one of several fitting icons.
        backdrop: (3,) sRGB in 0..1, the background if the prompt asks for none; None draws one.
    """
    draws = torch.rand(16, generator=generator)
    scene = SceneBatch.empty(1)
    nothing = logits.concepts.shape[-1] - 1
    first = draw_concept(logits.concepts[0, 0, :nothing], draws[0])
    other = logits.concepts[0, 1].clone()
    other[first] = -torch.inf  # the prior sometimes reads the only object twice
    paired = other.softmax(-1)[nothing] < 0.5
    second = draw_concept(other[:nothing], draws[1]) if paired else 0
    scene.concept[0] = torch.tensor([first, second])
    scene.colour[0] = logits.colours[0].argmax(-1)
    scene.present[0] = torch.tensor([1.0, float(paired)])

    named = int(logits.background[0].argmax())
    if named or backdrop is None:
        choice = named - 1 if named else int(_FREE[int(draws[2] * len(_FREE))])
        shade = torch.erfinv(2 * draws[3].clamp(0.05, 0.95) - 1) * 2**0.5 * SHADE_JITTER
        backdrop = _BACKGROUNDS[choice] + shade
    scene.background[0] = backdrop.clamp(0, 1)

    place, size = PLACES[int(logits.place[0].argmax())], SIZES[int(logits.size[0].argmax())]
    if paired:
        centres = [(x, 0.5) for x in PAIR_CENTRES]
        span = PAIR_SIZE
    else:
        centres = [PLACE_CENTRES[place]] * 2
        span = {"small": SMALL_SIZE, "large": LARGE_SIZE}.get(size, NORMAL_SIZE if place == "middle" else PLACED_SIZE)
        if place != "middle" and size == "large":
            span = PLACED_SIZE
    for slot, (x, y) in enumerate(centres):
        jitter = draws[4 + 4 * slot : 8 + 4 * slot]
        scene.box[0, slot] = torch.stack(
            [
                x + SHIFT * (2 * jitter[0] - 1),
                y + SHIFT * (2 * jitter[1] - 1),
                span[0] + (span[1] - span[0]) * jitter[2],
                TILT * (2 * jitter[3] - 1),
            ]
        )
    return scene


def draw_concept(logits: Tensor, draw: Tensor) -> int:
    """Nucleus sampling over (concepts,) logits with one uniform number."""
    probabilities, order = (logits / TEMPERATURE).softmax(-1).sort(descending=True)
    cumulative = probabilities.cumsum(-1)
    kept = int((cumulative < NUCLEUS).sum()) + 1
    place = int((cumulative[:kept] < draw * cumulative[kept - 1]).sum())
    return int(order[min(place, kept - 1)])
