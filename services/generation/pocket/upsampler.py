"""The upsampler: 64×64 pictures to 256×256."""

import torch.nn.functional as F  # noqa: N812
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn


class PocketUpsampler(ModelMixin, ConfigMixin):
    """A residual over bicubic interpolation, computed at low resolution (sub-pixel convolution, Shi et al., 2016)."""

    @register_to_config
    def __init__(self, width: int = 32, layers: int = 4, factor: int = 4) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, width, 3, padding=1, padding_mode="replicate")
        self.blocks = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate") for _ in range(layers)
        )
        self.leave = nn.Conv2d(width, 3 * factor**2, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.leave.weight)
        if self.leave.bias is not None:
            nn.init.zeros_(self.leave.bias)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) in -1..1 to (B, 3, factor·H, factor·W)."""
        factor = self.config.factor
        features = F.leaky_relu(self.enter(picture), 0.1)
        for block in self.blocks:
            features = features + F.leaky_relu(block(features), 0.1)
        smooth = F.interpolate(picture, scale_factor=factor, mode="bicubic", align_corners=False)
        return smooth + F.pixel_shuffle(self.leave(features), factor)
