"""Training pictures: icons recoloured, placed into boxes and laid over a background."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from services.generation.pocket.palette import OBJECT_COLOURS
from services.generation.pocket.scene import SceneBatch, object_frame

_PALETTE = torch.tensor([(0.0, 0.0, 0.0), *OBJECT_COLOURS.values()])
_LUMA = torch.tensor([0.2126, 0.7152, 0.0722])
KEPT_COLOUR = 0.12
"""How much of an icon's own colours stays when it is recoloured."""


def recolour(icon: Tensor, colour: Tensor) -> Tensor:
    """Tint icons: shadows and highlights stay, the hue becomes the colour asked for.

    Args:
        icon: (B, 4, H, W), premultiplied RGBA in 0..1.
        colour: (B,) int64, 0 leaves an icon as it is.
    """
    rgb, alpha = icon[:, :3], icon[:, 3:]
    luma = (rgb * _LUMA[:, None, None]).sum(dim=1, keepdim=True) / alpha.clamp(min=1e-3)
    weight = alpha.sum(dim=(2, 3), keepdim=True).clamp(min=1e-3)
    middle = ((luma * alpha).sum(dim=(2, 3), keepdim=True) / weight).clamp(0.2, 0.85)
    target = _PALETTE[colour][:, :, None, None]
    shadow = target * (0.3 + 0.7 * (luma / middle).clamp(max=1))
    light = ((luma - middle) / (1 - middle)).clamp(0, 1)
    tinted = (shadow + (1 - shadow) * 0.75 * light) * (1 - KEPT_COLOUR) * alpha + KEPT_COLOUR * rgb
    return torch.where((colour > 0)[:, None, None, None], torch.cat([tinted, alpha], dim=1), icon)


def compose(icons: tuple[Tensor, Tensor], scene: SceneBatch, side: int) -> tuple[Tensor, Tensor]:
    """Paint scenes from the icons themselves.

    Args:
        icons: premultiplied RGBA, uint8, (concepts, 4, S, S), and the same at half the resolution for small boxes.
        scene: B scenes.
        side: width and height of the pictures; they are drawn at twice that and averaged.

    Returns:
        Pictures (B, 3, side, side) in -1..1 and coverage (B, 1, side, side) in 0..1.
    """
    batch = len(scene)
    picture = scene.background[:, :, None, None].expand(batch, 3, side, side)
    covered = torch.zeros(batch, 1, side, side)
    for slot in range(scene.concept.shape[1]):
        box = scene.box[:, slot]
        layer = torch.zeros(batch, 4, side, side)
        there = scene.present[:, slot] > 0
        small = box[:, 2] < 0.6
        for chosen, source in ((there & ~small, icons[0]), (there & small, icons[1])):
            rows = chosen.nonzero().squeeze(1)
            if len(rows) == 0:
                continue
            pixels = source[scene.concept[rows, slot]].float() / 255
            points = F.affine_grid(object_frame(box[rows]), [len(rows), 1, 2 * side, 2 * side], align_corners=False)
            layer[rows] = F.avg_pool2d(F.grid_sample(pixels, points, align_corners=False), 2)
        layer = recolour(layer, scene.colour[:, slot])
        picture = layer[:, :3] + (1 - layer[:, 3:]) * picture
        covered = layer[:, 3:] + (1 - layer[:, 3:]) * covered
    return 2 * picture - 1, covered
