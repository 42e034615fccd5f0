"""A scene: what stands where on which background. The prior writes it, the decoder paints it."""

from dataclasses import dataclass

import torch
from torch import Tensor

MAX_OBJECTS = 2


@dataclass(frozen=True)
class SceneBatch:
    """A batch of scenes as tensors; B pictures, O object slots. An absent object has ``present`` 0.

    Attributes:
        concept: (B, O) int64, index into the concept table.
        colour: (B, O) int64, 0 for the natural colours, else 1 + index into ``OBJECT_COLOURS``.
        box: (B, O, 4) float32, centre x, centre y and size as fractions of the picture, tilt in radians.
        present: (B, O) float32, 0 or 1.
        background: (B, 3) float32, sRGB in 0..1.
    """

    concept: Tensor
    colour: Tensor
    box: Tensor
    present: Tensor
    background: Tensor

    def __len__(self) -> int:
        return self.concept.shape[0]

    def to(self, device: torch.device | str) -> "SceneBatch":
        return SceneBatch(**{name: value.to(device) for name, value in vars(self).items()})

    @classmethod
    def empty(cls, batch: int) -> "SceneBatch":
        """Scenes that ask for nothing; the decoder reads them as *unconditional*."""
        return cls(
            concept=torch.zeros(batch, MAX_OBJECTS, dtype=torch.int64),
            colour=torch.zeros(batch, MAX_OBJECTS, dtype=torch.int64),
            box=torch.tensor([0.5, 0.5, 0.9, 0.0]).repeat(batch, MAX_OBJECTS, 1),
            present=torch.zeros(batch, MAX_OBJECTS),
            background=torch.full((batch, 3), 0.5),
        )

    @classmethod
    def concatenate(cls, scenes: "list[SceneBatch]") -> "SceneBatch":
        return cls(**{name: torch.cat([getattr(scene, name) for scene in scenes]) for name in vars(scenes[0])})


def object_frame(box: Tensor) -> Tensor:
    """Affine maps from picture coordinates to the coordinates of each object.

    Args:
        box: (..., 4), see :class:`SceneBatch`.

    Returns:
        (..., 2, 3), in the convention of ``torch.nn.functional.affine_grid``: -1..1 spans the picture and the icon.
    """
    x, y, size, tilt = box.unbind(-1)
    cos, sin = torch.cos(tilt) / size, torch.sin(tilt) / size
    shift_x, shift_y = 2 * x - 1, 2 * y - 1
    rows = [
        torch.stack([cos, sin, -(cos * shift_x + sin * shift_y)], dim=-1),
        torch.stack([-sin, cos, sin * shift_x - cos * shift_y], dim=-1),
    ]
    return torch.stack(rows, dim=-2)
