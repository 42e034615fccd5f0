"""The prior: reads a prompt and gives a distribution over scenes.

The split into a prior over a scene code and a diffusion decoder follows unCLIP (Ramesh et al., 2022, arXiv:2204.06125).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS

PLACES = ("middle", "left", "right", "top", "bottom")
SIZES = ("normal", "small", "large")
QUERIES = 5
"""First object, second object, background, place and size: each has its own learned query."""


@dataclass(frozen=True)
class SceneLogits:
    """Unnormalised log-probabilities for B prompts.

    Attributes:
        concepts: (B, 2, concepts + 1); the last entry is *no object*.
        colours: (B, 2, 1 + object colours); entry 0 is the natural colour.
        background: (B, 1 + backgrounds); entry 0 is *not asked for*.
        place: (B, len(PLACES)), of the first object when it is alone.
        size: (B, len(SIZES)), likewise.
    """

    concepts: Tensor
    colours: Tensor
    background: Tensor
    place: Tensor
    size: Tensor


class ResamplerBlock(nn.Module):
    """Queries look at the tokens of the prompt and at each other (Perceiver resampler, Alayrac et al., 2022)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_queries = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.SiLU(), nn.Linear(3 * width, width)
        )

    def forward(self, queries: Tensor, tokens: Tensor, padding: Tensor) -> Tensor:
        normed = self.norm_queries(queries)
        context = torch.cat([normed, tokens], dim=1)
        ignored = torch.cat([padding.new_zeros(queries.shape[:2]), padding], dim=1)
        queries = queries + self.attention(normed, context, context, key_padding_mask=ignored, need_weights=False)[0]
        refined: Tensor = queries + self.mlp(queries)
        return refined


class PocketPrior(ModelMixin, ConfigMixin):
    """Reads token embeddings of a prompt into logits over concepts, colours, background, place and size.

    A concept's logit is the scaled cosine of the object query and the concept's key; keys start as the text embeddings
    of the concept's name and keywords, so that words which no caption used still fall near the right concept.
    """

    @register_to_config
    def __init__(self, concepts: int = 1592, text_width: int = 384, width: int = 256, layers: int = 2) -> None:
        super().__init__()
        self.concept_keys = nn.Parameter(torch.randn(concepts, text_width))
        self.nothing = nn.Parameter(torch.randn(1, text_width))
        self.scale = nn.Parameter(torch.tensor(3.0))
        self.token_in = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width))
        self.queries = nn.Parameter(torch.randn(1, QUERIES, width) * 0.02)
        self.blocks = nn.ModuleList(ResamplerBlock(width, heads=8) for _ in range(layers))
        self.object_out = nn.Linear(width, text_width)
        self.pooled_out = nn.Linear(text_width, text_width)
        self.colour_out = nn.Linear(width, 1 + len(OBJECT_COLOURS))
        self.background_out = nn.Linear(width, 1 + len(BACKGROUNDS))
        self.place_out = nn.Linear(width, len(PLACES))
        self.size_out = nn.Linear(width, len(SIZES))
        nn.init.zeros_(self.object_out.weight)
        nn.init.eye_(self.pooled_out.weight)

    def forward(self, tokens: Tensor, mask: Tensor) -> SceneLogits:
        """Token embeddings (B, T, text_width) and mask (B, T), True at tokens, to logits."""
        weight = mask.unsqueeze(-1).to(tokens.dtype)
        pooled = (tokens * weight).sum(dim=1) / weight.sum(dim=1)
        queries = self.queries.expand(len(tokens), -1, -1)
        hidden = self.token_in(tokens)
        for block in self.blocks:
            queries = block(queries, hidden, ~mask)
        wanted = self.object_out(queries[:, :2]) + self.pooled_out(F.normalize(pooled, dim=-1)).unsqueeze(1)
        keys = F.normalize(torch.cat([self.concept_keys, self.nothing]), dim=-1)
        concepts = self.scale.exp() * F.normalize(wanted, dim=-1) @ keys.T
        return SceneLogits(
            concepts=concepts,
            colours=self.colour_out(queries[:, :2]),
            background=self.background_out(queries[:, 2]),
            place=self.place_out(queries[:, 3]),
            size=self.size_out(queries[:, 4]),
        )
