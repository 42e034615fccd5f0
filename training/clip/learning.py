"""The training loop: pictures are drawn to their captions, names and keywords, and away from all others."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from training.clip.pictures import paint, scenes_of, worn
from training.clip.texts import Vocabulary, embedded, vocabulary
from training.clip.tower import new_tower
from training.pocket.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from training.pocket.decoder_stage import load_icons
from training.pocket.icons import Concept
from training.pocket.paths import TrainingFolder

SEED = 11
LOG_EVERY = 25
SAVE_EVERY = 100
AVERAGE_DECAY = 0.995


@dataclass(frozen=True)
class Recipe:
    """How the encoder is trained; `rate` is AdamW's highest, reached after a tenth of the steps, then a cosine to 0."""

    steps: int
    batch: int = 64
    rate: float = 2e-3
    weight_decay: float = 0.05

    def rate_at(self, step: int) -> float:
        warm = self.steps // 10
        if step < warm:
            return self.rate * (step + 1) / warm
        return self.rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm)))


class Student(nn.Module):
    """The image tower and the logarithm of its inverse temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.visual = new_tower()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.05)))

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, 64, 64) in -1..1 to unit vectors (B, 384)."""
        return F.normalize(self.visual(pictures), dim=-1)


def targets(vocab: Vocabulary, concepts: Tensor, present: Tensor) -> Tensor:
    """What each picture shows as a distribution over the bank of names and keywords, (B, bank)."""
    wanted = torch.zeros(len(concepts), vocab.bank)
    for row, (pair, there) in enumerate(zip(concepts.tolist(), present.tolist(), strict=True)):
        for concept, shown in zip(pair, there, strict=True):
            if shown:
                wanted[row, concept] += 1.0
                words = vocab.keywords[concept]
                wanted[row, words] += 1.0 / max(1, len(words))
    return wanted / wanted.sum(dim=1, keepdim=True)


def loss_of(student: Student, pictures: Tensor, texts: Tensor, bank: Tensor, wanted: Tensor) -> Tensor:
    """CLIP's symmetric contrastive loss (Radford et al., 2021, arXiv:2103.00020) plus cross-entropy over the bank."""
    seen = student(pictures)
    scale = student.logit_scale.exp().clamp(max=100)
    logits = scale * seen @ texts.T
    own = torch.arange(len(seen))
    contrast = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    return contrast + F.cross_entropy(scale * seen @ bank.T, wanted)


def train(folder: TrainingFolder, concepts: list[Concept], recipe: Recipe) -> Path:
    """Train until the recipe's last step, from the last checkpoint if there is one; returns the checkpoint's path."""
    torch.manual_seed(SEED)
    place = folder.stage("clip")
    vocab = vocabulary(concepts)
    vectors = embedded(vocab.texts, place / "texts.npz")
    bank = vectors[: vocab.bank]
    icons = load_icons(folder)
    student = Student().to(memory_format=torch.channels_last)
    average = MovingAverage(student, AVERAGE_DECAY)
    optimizer = torch.optim.AdamW(student.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    path = place / "checkpoint.pt"
    state: dict[str, Any] | None = load_checkpoint(path)
    start = 0
    if state is not None:
        student.load_state_dict(state["student"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
        print(f"going on after step {start}", flush=True)

    student.train()
    began, spent = time.process_time(), 0.0 if state is None else state["cpu_s"]
    losses: list[float] = []
    for step in range(start, recipe.steps):
        generator = torch.Generator().manual_seed(SEED * 1_000_003 + step)
        rows = torch.randint(len(vocab.captions), (recipe.batch,), generator=generator).tolist()
        captions = [vocab.captions[row][0] for row in rows]
        scene = scenes_of(captions, len(concepts), generator)
        pictures = worn(paint(icons, scene), generator).contiguous(memory_format=torch.channels_last)
        texts = vectors[[vocab.captions[row][1] for row in rows]]
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        loss = loss_of(student, pictures, texts, bank, targets(vocab, scene.concept, scene.present))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        average.update(student)
        losses.append(loss.item())
        done = step + 1
        cpu_s = spent + time.process_time() - began
        if done % LOG_EVERY == 0:
            mean = sum(losses[-LOG_EVERY:]) / len(losses[-LOG_EVERY:])
            line = {"step": done, "of": recipe.steps, "loss": round(mean, 4), "cpu_min": round(cpu_s / 60, 2)}
            print(json.dumps(line), flush=True)
        if done % SAVE_EVERY == 0 or done == recipe.steps:
            save_checkpoint(
                path,
                {
                    "student": student.state_dict(), "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(), "step": done, "cpu_s": cpu_s,
                },
            )  # fmt: skip
    return path
