"""Training of the decoder: flow matching with clean-picture prediction."""

import json
import math
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import torch
from PIL import Image
from torch import Tensor, nn

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.scene import SceneBatch
from training.pocket.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from training.pocket.codes import principal_codes
from training.pocket.composition import compose
from training.pocket.paths import TrainingFolder
from training.pocket.scenes import draw_scenes

log = structlog.get_logger()

NULL_SHARE = 0.08
LOG_EVERY = 50
SAVE_EVERY = 100


@dataclass(frozen=True)
class DecoderRecipe:
    """What a run is made of. Times are those of this call: constant rate first, then the cool-down."""

    minutes: float
    cooldown_minutes: float
    batch: int = 32
    learning_rate: float = 2e-3
    code_learning_rate: float = 3e-3
    warmup: int = 50
    ema_decay: float = 0.998
    seed: int = 20261122

    def phase(self, seconds: float) -> tuple[bool, float]:
        """Whether the cool-down runs after so many seconds, and the factor of the learning rate.

        The factor falls as 1 - sqrt(progress) (Hägele et al., 2024, arXiv:2405.18392); it is 0 when all time is used.
        """
        into = seconds - 60 * self.minutes
        if into < 0:
            return False, 1.0
        if self.cooldown_minutes == 0:
            return True, 0.0
        return True, max(0.0, 1 - math.sqrt(into / (60 * self.cooldown_minutes)))


def load_icons(folder: TrainingFolder) -> tuple[Tensor, Tensor]:
    """The icons at 128 and 64 pixels, uint8 (concepts, 4, S, S)."""
    large = torch.from_numpy(np.load(folder.icons_half)).permute(0, 3, 1, 2).contiguous()
    small = torch.cat([nn.functional.avg_pool2d(part.float(), 2).round().byte() for part in large.split(256)])
    return large, small


def noise_levels(batch: int, generator: torch.Generator) -> Tensor:
    """Logit-normal levels that favour noise (Li and He, 2025), a tenth of them at pure noise."""
    sigma = torch.sigmoid(0.8 + torch.randn(batch, generator=generator))
    return torch.where(torch.rand(batch, generator=generator) < 0.1, 0.999, sigma)


def edges(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Differences between neighbouring pixels, down and right."""
    return picture[:, :, 1:] - picture[:, :, :-1], picture[..., 1:] - picture[..., :-1]


def velocity_loss(predicted: Tensor, picture: Tensor, sigma: Tensor) -> Tensor:
    """L1 of the velocity, (predicted - picture) / sigma, on pixels and on their differences."""
    weight = 1 / sigma.clamp(min=0.2)
    loss = (predicted - picture).abs().mean(dim=(1, 2, 3))
    for ours, theirs in zip(edges(predicted), edges(picture), strict=True):
        loss = loss + 0.5 * (ours - theirs).abs().mean(dim=(1, 2, 3))
    return (loss * weight).mean()


def parameter_groups(model: PocketDecoder, recipe: DecoderRecipe) -> list[dict[str, object]]:
    codes = [model.codes]
    rest = [value for name, value in model.named_parameters() if name != "codes"]
    matrices = [value for value in rest if value.ndim >= 2]
    vectors = [value for value in rest if value.ndim < 2]
    return [
        {"params": matrices, "lr": recipe.learning_rate, "weight_decay": 0.01},
        {"params": vectors, "lr": recipe.learning_rate, "weight_decay": 0.0},
        {"params": codes, "lr": recipe.code_learning_rate, "weight_decay": 0.0},
    ]


@torch.no_grad()
def contact_sheet(model: PocketDecoder, scene: SceneBatch, picture: Tensor, steps: int = 8) -> Image.Image:
    """Pictures painted from fixed noise in a few steps, above the true ones."""
    sample = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    levels = torch.linspace(1, 0, steps + 1)
    for now, after in pairwise(levels):
        predicted, _ = model(sample, now.repeat(len(scene)), scene)
        sample = sample + (after - now) * (sample - predicted) / now
    rows = torch.cat([part for pair in zip(sample.split(12), picture.split(12), strict=True) for part in pair])
    tiles = ((rows.clamp(-1, 1) + 1) * 127.5).byte().view(-1, 12, 3, 64, 64)
    return Image.fromarray(tiles.permute(0, 3, 1, 4, 2).reshape(-1, 12 * 64, 3).numpy())


class DecoderRun:
    """The state of a run: model, optimizer, average, random numbers and counters."""

    def __init__(self, recipe: DecoderRecipe, icons: tuple[Tensor, Tensor]) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.icons = recipe, icons
        self.model = PocketDecoder(concepts=len(icons[0]))
        self.model.codes.data.copy_(principal_codes(icons[0], self.model.grid, self.model.config.code_channels))
        self.optimizer = torch.optim.AdamW(parameter_groups(self.model, recipe), betas=(0.9, 0.98), fused=True)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.average = MovingAverage(self.model, recipe.ema_decay)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.step, self.samples, self.seconds = 0, 0, 0.0

    def state_dict(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "config": dict(self.model.config),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "generator": self.generator.get_state(),
            "counters": {"step": self.step, "samples": self.samples, "seconds": self.seconds},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        self.generator.set_state(state["generator"])
        self.step, self.samples, self.seconds = (state["counters"][key] for key in ("step", "samples", "seconds"))

    def advance(self, factor: float) -> tuple[float, float, float]:
        """One step with a learning rate scaled by ``factor``; returns loss, picture error (L1) and coverage error."""
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor * min(1.0, (self.step + 1) / self.recipe.warmup)
        batch = self.recipe.batch
        scene = draw_scenes(batch, len(self.icons[0]), self.generator)
        picture, covered = compose(self.icons, scene, self.model.config.sample_size)
        asked = (torch.rand(batch, 1, generator=self.generator) >= NULL_SHARE).float()
        scene = replace(scene, present=scene.present * asked)
        sigma = noise_levels(batch, self.generator)
        mix = sigma[:, None, None, None]
        noisy = (1 - mix) * picture + mix * torch.randn(picture.shape, generator=self.generator)
        predicted, cover = self.model(noisy, sigma, scene)
        cover_error = ((cover - covered).abs().mean(dim=(1, 2, 3)) * asked[:, 0]).mean()
        loss = velocity_loss(predicted, picture, sigma) + 0.2 * cover_error
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.update(self.model)
        self.step += 1
        self.samples += batch
        return loss.item(), (predicted - picture).abs().mean().item(), cover_error.item()


def forget_after(history: Path, step: int) -> None:
    """Drop the rows that a killed run wrote after its last checkpoint; they will be written again."""
    lines = history.read_text().splitlines() if history.exists() else []
    history.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step))


def train_decoder(folder: TrainingFolder, recipe: DecoderRecipe) -> None:
    """Train for the recipe's time; resumes from the last checkpoint.

    ``last.pt`` is the state at the constant learning rate, from which a later call goes on. The cool-down works on
    ``cooling.pt`` and leaves its result as ``cooled.pt``.
    """
    stage = folder.stage("decoder")
    run = DecoderRun(recipe, load_icons(folder))
    state = load_checkpoint(stage / "last.pt")
    if state:
        run.load_state_dict(state)
        forget_after(stage / "losses.jsonl", run.step)
        log.info("resumed", step=run.step, samples=run.samples)
    sheet_scene = draw_scenes(48, len(run.icons[0]), torch.Generator().manual_seed(7))
    sheet_picture, _ = compose(run.icons, sheet_scene, run.model.config.sample_size)
    shown = PocketDecoder.from_config(run.model.config)

    def save(path: Path) -> None:
        save_checkpoint(path, run.state_dict())
        run.average.copy_to(shown)
        contact_sheet(shown, sheet_scene, sheet_picture).save(stage / f"{path.stem}.png")

    started, before, window = time.monotonic(), run.seconds, []
    while True:
        elapsed = time.monotonic() - started
        cooling, factor = recipe.phase(elapsed)
        if factor == 0:
            break
        window.append(run.advance(factor))
        run.seconds = before + time.monotonic() - started
        if run.step % LOG_EVERY == 0:
            loss, error, cover = (round(sum(column) / len(window), 4) for column in zip(*window, strict=True))
            row = {"step": run.step, "samples": run.samples, "loss": loss, "error": error, "cover": cover}
            row |= {"rate": round(factor, 3), "hours": round(run.seconds / 3600, 2)}
            with (stage / "losses.jsonl").open("a") as history:
                history.write(json.dumps(row) + "\n")
            log.info("decoder", **row, step_seconds=round(time.monotonic() - started - elapsed, 2))
            window.clear()
        if run.step % SAVE_EVERY == 0:
            save(stage / ("cooling.pt" if cooling else "last.pt"))
    save(stage / ("cooled.pt" if recipe.cooldown_minutes else "last.pt"))
    (stage / "cooling.pt").unlink(missing_ok=True)
    log.info("decoder finished", step=run.step, samples=run.samples, hours=round(run.seconds / 3600, 2))
