"""Features that compare a generated picture with the icons, and colours measured in a picture."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from services.generation.pocket.palette import Rgb
from services.generation.pocket.pipeline import border_colour

SIDE = 24
CELLS, ORIENTATIONS = 6, 8
FOREGROUND_DISTANCE = 0.12
"""A pixel belongs to the object when its largest channel difference from the border colour is above this."""


def foreground(picture: Tensor) -> Tensor:
    """Mask (H, W) of what is not background in a picture (3, H, W) in 0..1."""
    backdrop = border_colour(2 * picture - 1)[:, None, None]
    return (picture - backdrop).abs().amax(dim=0) > FOREGROUND_DISTANCE


def cropped(picture: Tensor) -> Tensor:
    """The object on mid grey, its bounding square scaled to (3, 24, 24): place, size and background drop out."""
    mask = foreground(picture)
    shown = torch.where(mask, picture, torch.full_like(picture, 0.5))
    rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
    if len(rows) == 0:
        return torch.full((3, SIDE, SIDE), 0.5)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    side = max(bottom - top, right - left)
    square = torch.full((3, side, side), 0.5)
    down, across = (side - (bottom - top)) // 2, (side - (right - left)) // 2
    square[:, down : down + bottom - top, across : across + right - left] = shown[:, top:bottom, left:right]
    return F.interpolate(square[None], (SIDE, SIDE), mode="area")[0]


def pixel_features(picture: Tensor) -> Tensor:
    """Colours of the cropped object, (3·24·24,)."""
    return cropped(picture).flatten()


def gradient_features(picture: Tensor) -> Tensor:
    """Histograms of oriented gradients (Dalal and Triggs, 2005) of the cropped object, 6×6 cells, 8 orientations."""
    grey = cropped(picture).mean(dim=0)
    down, across = torch.gradient(grey)
    strength = torch.hypot(down, across)
    turn = (torch.atan2(down, across) / torch.pi % 1.0 * ORIENTATIONS).long().clamp(max=ORIENTATIONS - 1)
    planes = F.one_hot(turn, ORIENTATIONS).permute(2, 0, 1) * strength
    cells = F.adaptive_avg_pool2d(planes[None], CELLS)[0]
    return (cells / (cells.norm(dim=0, keepdim=True) + 0.05)).flatten()


def lab(rgb: Tensor) -> Tensor:
    """sRGB (..., 3) in 0..1 to CIE L*a*b* (D65)."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = torch.tensor(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=rgb.dtype
    )
    xyz = linear @ to_xyz.T / torch.tensor([0.9505, 1.0, 1.089], dtype=rgb.dtype)
    cube = torch.where(xyz > 0.008856, xyz.clamp(min=1e-8) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = cube.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-1)


def nearest_colour(rgb: Tensor, palette: dict[str, Rgb]) -> str:
    """The name of the palette's colour that is nearest in L*a*b*."""
    distances = (lab(torch.tensor(list(palette.values()))) - lab(rgb)).norm(dim=-1)
    return list(palette)[int(distances.argmin())]


def object_colour(picture: Tensor) -> Tensor:
    """The median colour (3,) of the object in a picture."""
    mask = foreground(picture)
    if not mask.any():
        return border_colour(2 * picture - 1)
    return picture[:, mask].median(dim=1).values


def centre_of_object(picture: Tensor) -> tuple[float, float]:
    """Centre of mass (x, y) of the object, as fractions of the picture."""
    mask = foreground(picture).numpy()
    if not mask.any():
        return 0.5, 0.5
    rows, columns = np.nonzero(mask)
    return float(columns.mean() / mask.shape[1]), float(rows.mean() / mask.shape[0])
