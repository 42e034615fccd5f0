"""The decoder: a small diffusion transformer that paints a scene at 64×64 pixels."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from services.generation.pocket.palette import OBJECT_COLOURS
from services.generation.pocket.scene import SceneBatch, object_frame

FRAME_CHANNELS = 4
"""Per object: inside or not, the two coordinates in the object's own frame, and its size."""


class DecoderBlock(nn.Module):
    """Transformer block with adaLN-Zero conditioning (Peebles and Xie, 2023, arXiv:2212.09748)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)
        self.modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, tokens: Tensor, condition: Tensor) -> Tensor:
        """(B, N, width) tokens and (B, width) condition to (B, N, width)."""
        batch, count, width = tokens.shape
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.modulation(condition).unsqueeze(1).chunk(6, dim=-1)
        hidden = self.norm(tokens) * (1 + scale_a) + shift_a
        qkv = self.qkv(hidden).view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        tokens = tokens + gate_a * self.project(attended.transpose(1, 2).reshape(batch, count, width))
        hidden = self.norm(tokens) * (1 + scale_m) + shift_m
        refined: Tensor = tokens + gate_m * self.mlp_out(F.silu(self.mlp_in(hidden)))
        return refined


class PocketDecoder(ModelMixin, ConfigMixin):
    """Predicts the clean picture from a noisy one and a scene.

    Every concept owns a learned code, a small feature map (generative latent optimisation, Bojanowski et al., 2018,
    arXiv:1707.05776). The codes of a scene's objects are resampled into their boxes (spatial transformer, Jaderberg
    et al., 2015, arXiv:1506.02025), and the resulting map is given to the transformer beside the noisy picture. So
    position, size and the number of objects need not be learned for each concept anew. The network predicts the clean
    picture (Li and He, 2025, arXiv:2511.13720) as colours and a coverage that is laid over the background colour.
    """

    @register_to_config
    def __init__(
        self,
        concepts: int = 1594,
        sample_size: int = 64,
        patch_size: int = 8,
        width: int = 192,
        layers: int = 4,
        heads: int = 3,
        code_channels: int = 32,
        colour_channels: int = 12,
        head_channels: int = 8,
    ) -> None:
        super().__init__()
        self.grid = sample_size // patch_size
        self.codes = nn.Parameter(torch.randn(concepts, code_channels, self.grid, self.grid) * 0.1)
        self.colours = nn.Embedding(1 + len(OBJECT_COLOURS), colour_channels)
        canvas = code_channels + colour_channels + FRAME_CHANNELS
        self.embed = nn.Linear(3 * patch_size**2 + 4 * canvas, width)
        self.position = nn.Parameter(torch.randn(1, self.grid**2, width) * 0.02)
        self.time_mlp = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.background_mlp = nn.Sequential(nn.Linear(4, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(DecoderBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.unembed = nn.Linear(width, head_channels * patch_size**2)
        self.head_in = nn.Conv2d(head_channels + 3, 16, 3, padding=1, padding_mode="replicate")
        self.head_out = nn.Conv2d(16, 4, 3, padding=1, padding_mode="replicate")

    def canvas(self, scene: SceneBatch) -> Tensor:
        """The scene as a map of features, (B, channels, 2·grid, 2·grid)."""
        batch, slots = scene.concept.shape
        side = 2 * self.grid
        codes = self.codes[scene.concept.flatten()]
        frames = object_frame(scene.box).flatten(0, 1)
        points = F.affine_grid(frames, [batch * slots, 1, side, side], align_corners=False)
        sampled = F.grid_sample(codes, points, padding_mode="zeros", align_corners=False)
        inside = (points.abs().amax(dim=-1) <= 1).to(sampled.dtype).unsqueeze(1)
        size = scene.box[..., 2].reshape(-1, 1, 1, 1).log().expand(-1, 1, side, side)
        colour = self.colours(scene.colour.flatten())[:, :, None, None].expand(-1, -1, side, side)
        frame = torch.cat([colour, inside, points.permute(0, 3, 1, 2), size], dim=1)
        features = torch.cat([sampled, inside * frame], dim=1)
        present = scene.present.view(batch, slots, 1, 1, 1)
        return (features.view(batch, slots, -1, side, side) * present).sum(dim=1)

    def forward(self, sample: Tensor, sigma: Tensor, scene: SceneBatch) -> tuple[Tensor, Tensor]:
        """Predict the clean picture.

        Args:
            sample: (B, 3, 64, 64), (1 - sigma)·picture + sigma·noise, picture in -1..1.
            sigma: (B,), noise level in 0..1.
            scene: B scenes; one without any object is read as unconditional.

        Returns:
            The picture (B, 3, 64, 64) and how far the objects cover it (B, 1, 64, 64), 0..1.
        """
        patch = self.config.patch_size
        asked = scene.present.amax(dim=1, keepdim=True)
        backdrop = (2 * scene.background - 1) * asked
        canvas = F.pixel_unshuffle(self.canvas(scene), 2)
        pixels = F.pixel_unshuffle(sample, patch)
        tokens = self.embed(torch.cat([pixels, canvas], dim=1).flatten(2).transpose(1, 2)) + self.position
        condition = self.time_mlp(noise_level_features(sigma))
        condition = F.silu(condition + self.background_mlp(torch.cat([backdrop, asked], dim=1)))
        for block in self.blocks:
            tokens = block(tokens, condition)
        features = self.unembed(self.norm(tokens)).transpose(1, 2).unflatten(2, (self.grid, self.grid))
        features = torch.cat([F.pixel_shuffle(features, patch), sample], dim=1)
        painted = self.head_out(F.silu(self.head_in(features)))
        cover = torch.sigmoid(painted[:, 3:])
        return cover * painted[:, :3] + (1 - cover) * backdrop[:, :, None, None], cover


def noise_level_features(sigma: Tensor) -> Tensor:
    """Sinusoidal features of noise levels (B,) in 0..1: (B, 128)."""
    frequencies = torch.exp(torch.linspace(0, math.log(1000), 64, device=sigma.device))
    angles = sigma[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)
