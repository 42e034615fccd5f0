"""Pictures for the encoder: what captions describe, composed of icons as the pocket model's pictures are."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from services.generation.pocket.palette import BACKGROUNDS
from services.generation.pocket.prior import PLACES, SIZES
from services.generation.pocket.scene import SceneBatch
from training.pocket.captions import Caption
from training.pocket.composition import compose
from training.pocket.scenes import draw_scenes

SIDE = 64
_BACKGROUNDS = torch.tensor(list(BACKGROUNDS.values()))
_OFFSETS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "top": (0.0, -1.0), "bottom": (0.0, 1.0)}
_PAIR_SIZE = 0.47


def scenes_of(captions: list[Caption], concepts: int, generator: torch.Generator) -> SceneBatch:
    """Scenes that show what the captions say; what a caption leaves open is drawn at random."""
    scene = draw_scenes(len(captions), concepts, generator)
    jitter = (torch.rand(len(captions), 2, generator=generator) - 0.5) * 0.1
    for row, caption in enumerate(captions):
        paired = caption.concepts[1] < concepts
        scene.present[row] = torch.tensor([1.0, float(paired)])
        for slot in range(1 + paired):
            scene.concept[row, slot] = caption.concepts[slot]
            scene.colour[row, slot] = caption.colours[slot]
        if caption.background:
            shade = torch.randn(1, generator=generator) * 0.035
            scene.background[row] = (_BACKGROUNDS[caption.background - 1] + shade).clamp(0, 1)
        place, size = PLACES[caption.place], SIZES[caption.size]
        if paired:
            scene.box[row, :, 2] = _PAIR_SIZE
            scene.box[row, 0, 0], scene.box[row, 1, 0] = 0.26, 0.74
            scene.box[row, :, 1] = 0.5 + jitter[row, 1]
        elif size == "small" or place in _OFFSETS:
            side = 0.4 if size == "small" else 0.5
            across, down = _OFFSETS.get(place, (0.0, 0.0))
            room = (1 - side) / 2
            scene.box[row, 0, :3] = torch.tensor([0.5 + across * room, 0.5 + down * room, side])
            scene.box[row, 0, :2] += jitter[row]
        elif size == "large":
            scene.box[row, 0, :3] = torch.tensor([0.5, 0.5, 0.97])
    return scene


def paint(icons: tuple[Tensor, Tensor], scene: SceneBatch) -> Tensor:
    """Pictures (B, 3, 64, 64) in -1..1."""
    return compose(icons, scene, SIDE)[0]


def worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """The pictures as a model might paint them: some blurred, some noisy, contrast and brightness a little off."""
    batch = len(pictures)
    side = int(torch.randint(28, SIDE, (1,), generator=generator))
    small = F.interpolate(pictures, size=side, mode="bilinear", antialias=True)
    blurred = F.interpolate(small, size=SIDE, mode="bicubic")
    pick = (torch.rand(batch, 1, 1, 1, generator=generator) < 0.4).float()
    pictures = pick * blurred + (1 - pick) * pictures
    contrast = 1 + 0.12 * torch.randn(batch, 1, 1, 1, generator=generator)
    brightness = 0.08 * torch.randn(batch, 3, 1, 1, generator=generator)
    noise = 0.06 * torch.rand(batch, 1, 1, 1, generator=generator)
    pictures = pictures * contrast + brightness + noise * torch.randn(pictures.shape, generator=generator)
    return pictures.clamp(-1, 1)
