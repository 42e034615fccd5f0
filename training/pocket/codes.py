"""First values of the concept codes: principal components of the icons' patches.

Generative latent optimisation starts its codes from a principal component analysis (Bojanowski et al., 2018,
section 3.2) and trains them from there together with the network.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def principal_codes(icons: Tensor, grid: int, channels: int) -> Tensor:
    """Codes of shape (concepts, channels, grid, grid) from uint8 icons (concepts, 4, S, S) with S = 16·grid."""
    patch = 8
    small = torch.cat([F.avg_pool2d(part.float() / 255, 2) for part in icons.split(256)])
    patches = F.pixel_unshuffle(small, patch)
    rows = patches.permute(0, 2, 3, 1).flatten(0, 2)
    rows = rows - rows.mean(dim=0)
    values, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
    values, vectors = values.flip(0)[:channels], vectors.flip(1)[:, :channels]
    scores = rows @ (vectors * values.clamp(min=1e-8).pow(-0.25) * values[0].pow(-0.25))
    codes: Tensor = scores.view(len(icons), grid, grid, channels).permute(0, 3, 1, 2).contiguous()
    return codes
