"""Training of the upsampler on the same scenes as the decoder."""

import math
import time
from dataclasses import dataclass

import numpy as np
import structlog
import torch
from torch import Tensor, nn

from services.generation.pocket.scene import SceneBatch
from services.generation.pocket.upsampler import PocketUpsampler
from training.pocket.checkpoint import load_checkpoint, save_checkpoint
from training.pocket.composition import compose
from training.pocket.decoder_stage import edges
from training.pocket.paths import TrainingFolder
from training.pocket.scenes import draw_scenes

log = structlog.get_logger()

LARGE, SMALL, CROP = 256, 64, 32
LOG_EVERY = 50


@dataclass(frozen=True)
class UpsamplerRecipe:
    """Size of the training; each picture gives one crop of 32 pixels."""

    steps: int = 1200
    pictures: int = 2
    crops: int = 4
    learning_rate: float = 2e-3
    blur: float = 0.5
    noise: float = 0.02
    seed: int = 20261122


def load_large_icons(folder: TrainingFolder) -> tuple[Tensor, Tensor]:
    """The icons at 256 and 128 pixels, uint8 (concepts, 4, S, S); the larger ones stay on disk."""
    return (
        torch.from_numpy(np.load(folder.icons, mmap_mode="r+")).permute(0, 3, 1, 2),
        torch.from_numpy(np.load(folder.icons_half, mmap_mode="r+")).permute(0, 3, 1, 2),
    )


def degrade(picture: Tensor, recipe: UpsamplerRecipe, generator: torch.Generator) -> Tensor:
    """What the decoder's pictures suffer from: a little blur and a little noise, each of random strength."""
    amounts = torch.rand(2, len(picture), 1, 1, 1, generator=generator)
    blurred = nn.functional.avg_pool2d(nn.functional.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    mixed = torch.lerp(picture, blurred, recipe.blur * amounts[0])
    return mixed + recipe.noise * amounts[1] * torch.randn(picture.shape, generator=generator)


def draw_crops(
    icons: tuple[Tensor, Tensor], recipe: UpsamplerRecipe, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Low (B, 3, 32, 32) and high (B, 3, 128, 128) resolution crops of random scenes."""
    scene: SceneBatch = draw_scenes(recipe.pictures, len(icons[0]), generator)
    high, _ = compose(icons, scene, LARGE)
    factor = LARGE // SMALL
    low = degrade(nn.functional.avg_pool2d(high, factor), recipe, generator)
    lows, highs = [], []
    for top, left in torch.randint(SMALL - CROP + 1, (recipe.crops, 2), generator=generator).tolist():
        lows.append(low[..., top : top + CROP, left : left + CROP])
        highs.append(high[..., factor * top : factor * (top + CROP), factor * left : factor * (left + CROP)])
    return torch.cat(lows), torch.cat(highs)


def train_upsampler(folder: TrainingFolder, recipe: UpsamplerRecipe) -> None:
    """Train with L1 on pixels and edges; resumes from the last checkpoint."""
    stage = folder.stage("upsampler")
    icons = load_large_icons(folder)
    torch.manual_seed(recipe.seed)
    model = PocketUpsampler()
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, betas=(0.9, 0.99))
    generator = torch.Generator().manual_seed(recipe.seed)
    step = 0
    if state := load_checkpoint(stage / "last.pt"):
        model.load_state_dict(state["model"])
        if "optimizer" in state:  # adopted weights come without
            optimizer.load_state_dict(state["optimizer"])
            generator.set_state(state["generator"])
        step = state["step"]
    errors: list[tuple[float, float]] = []
    started = time.monotonic()
    while step < recipe.steps:
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        low, high = draw_crops(icons, recipe, generator)
        predicted = model(low)
        error = (predicted - high).abs().mean()
        loss = error + sum(
            (ours - theirs).abs().mean() for ours, theirs in zip(edges(predicted), edges(high), strict=True)
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        bicubic = nn.functional.interpolate(low, scale_factor=LARGE // SMALL, mode="bicubic")
        errors.append((error.item(), (bicubic - high).abs().mean().item()))
        if step % LOG_EVERY == 0:
            ours, plain = (round(sum(column) / len(errors), 4) for column in zip(*errors, strict=True))
            pace = round((time.monotonic() - started) / LOG_EVERY, 2)
            log.info("upsampler", step=step, error=ours, bicubic_error=plain, step_seconds=pace)
            errors.clear()
            started = time.monotonic()
            save_checkpoint(
                stage / "last.pt",
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "generator": generator.get_state(),
                    "step": step,
                    "error": ours,
                    "bicubic_error": plain,
                },
            )
