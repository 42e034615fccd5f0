"""Training of the prior: captions to scenes, by cross-entropy on every part of the scene."""

import math
import random
from dataclasses import dataclass

import structlog
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from services.generation.pocket.prior import PocketPrior, SceneLogits
from services.generation.pocket.text_encoder import TextEncoder
from training.pocket.caption_tokens import CaptionTokens, embed_captions
from training.pocket.captions import Caption, CaptionWriter
from training.pocket.checkpoint import load_checkpoint, save_checkpoint
from training.pocket.icons import Concept
from training.pocket.paths import TrainingFolder

log = structlog.get_logger()

LOG_EVERY = 50
VALIDATION_PER_CONCEPT = 1


@dataclass(frozen=True)
class PriorRecipe:
    """Size of the corpus and of the training."""

    captions_per_concept: int = 20
    epochs: int = 4
    batch: int = 128
    learning_rate: float = 1.5e-3
    token_dropout: float = 0.1
    seed: int = 20261122


@torch.no_grad()
def concept_keys(encoder: TextEncoder, concepts: list[Concept]) -> Tensor:
    """Mean-pooled, normalised embeddings of names (weight 0.6) and keywords (0.4): (concepts, 384)."""
    keys = []
    for start in range(0, len(concepts), 64):
        part = concepts[start : start + 64]
        texts = [concept.name for concept in part] + [", ".join(concept.keywords) for concept in part]
        tokens, mask = encoder.encode(texts)
        weight = mask.unsqueeze(-1)
        pooled = F.normalize((tokens * weight).sum(dim=1) / weight.sum(dim=1), dim=-1)
        keys.append(0.6 * pooled[: len(part)] + 0.4 * pooled[len(part) :])
    return F.normalize(torch.cat(keys), dim=-1)


def prior_loss(logits: SceneLogits, captions: list[Caption]) -> Tensor:
    """Sum of cross-entropies; the second object's colour counts only where there is a second object."""
    concepts = torch.tensor([caption.concepts for caption in captions])
    colours = torch.tensor([caption.colours for caption in captions])
    second = concepts[:, 1] < logits.concepts.shape[-1] - 1
    loss = F.cross_entropy(logits.concepts[:, 0], concepts[:, 0], label_smoothing=0.02)
    loss = loss + F.cross_entropy(logits.concepts[:, 1], concepts[:, 1], label_smoothing=0.02)
    loss = loss + F.cross_entropy(logits.colours[:, 0], colours[:, 0])
    if second.any():
        loss = loss + 0.3 * F.cross_entropy(logits.colours[second, 1], colours[second, 1])
    for name in ("background", "place", "size"):
        target = torch.tensor([getattr(caption, name) for caption in captions])
        loss = loss + F.cross_entropy(getattr(logits, name), target)
    return loss


def length_batches(lengths: list[int], batch: int, rng: random.Random) -> list[list[int]]:
    """Random batches of texts of similar length, so that little of a batch is padding; a last part is left out."""
    rows = list(range(len(lengths)))
    rng.shuffle(rows)
    batches = []
    for start in range(0, len(rows), 20 * batch):
        block = sorted(rows[start : start + 20 * batch], key=lengths.__getitem__)
        batches += [block[part : part + batch] for part in range(0, len(block) - batch + 1, batch)]
    rng.shuffle(batches)
    return batches


@torch.no_grad()
def accuracies(model: PocketPrior, tokens: CaptionTokens, captions: list[Caption]) -> dict[str, float]:
    """Share of captions of which each part is read right; for concepts also among the first five."""
    model.eval()
    hits: dict[str, list[float]] = {}
    for start in range(0, len(captions), 128):
        part = captions[start : start + 128]
        logits = model(*tokens.batch(list(range(start, start + len(part)))))
        top = logits.concepts[:, 0].topk(5).indices
        best = {name: getattr(logits, name).argmax(-1) for name in ("background", "place", "size")}
        colours, seconds = logits.colours[:, 0].argmax(-1), logits.concepts[:, 1].argmax(-1)
        for row, caption in enumerate(part):
            hits.setdefault("top1", []).append(top[row, 0].item() == caption.concepts[0])
            hits.setdefault("top5", []).append(caption.concepts[0] in top[row].tolist())
            hits.setdefault("second", []).append(seconds[row].item() == caption.concepts[1])
            hits.setdefault("colour", []).append(colours[row].item() == caption.colours[0])
            for name, values in best.items():
                hits.setdefault(name, []).append(values[row].item() == getattr(caption, name))
    model.train()
    return {name: round(sum(values) / len(values), 3) for name, values in hits.items()}


def train_prior(folder: TrainingFolder, concepts: list[Concept], recipe: PriorRecipe) -> None:
    """Embed the captions, train for the recipe's epochs; resumes after the last finished epoch."""
    stage = folder.stage("prior")
    writer = CaptionWriter(concepts)
    captions = writer.corpus(recipe.captions_per_concept, recipe.seed)
    validation = writer.corpus(VALIDATION_PER_CONCEPT, recipe.seed + 1)[:1500]
    encoder = TextEncoder.from_package()
    tokens = embed_captions(encoder, [caption.text for caption in captions], stage / "captions.npy")
    validation_tokens = embed_captions(encoder, [caption.text for caption in validation], stage / "validation.npy")

    torch.manual_seed(recipe.seed)
    model = PocketPrior(concepts=len(concepts))
    model.concept_keys.data.copy_(concept_keys(encoder, concepts))
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    first_epoch = 0
    if state := load_checkpoint(stage / "last.pt"):
        model.load_state_dict(state["model"])
        if "optimizer" in state:  # adopted weights come without
            optimizer.load_state_dict(state["optimizer"])
        first_epoch = state["epoch"]
    steps_per_epoch = len(captions) // recipe.batch
    for epoch in range(first_epoch, recipe.epochs):
        batches = length_batches(tokens.lengths.tolist(), recipe.batch, random.Random(recipe.seed + epoch))
        running = 0.0
        for step, chosen in enumerate(batches):
            progress = (epoch * steps_per_epoch + step + 1) / (recipe.epochs * steps_per_epoch)
            rate = recipe.learning_rate * min(1, progress * 50) * 0.5 * (1 + math.cos(math.pi * progress))
            for group in optimizer.param_groups:
                group["lr"] = rate
            embedded, mask = tokens.batch(chosen)
            kept = mask & (torch.rand(mask.shape) >= recipe.token_dropout)
            kept[:, 0] = True
            loss = prior_loss(model(embedded, kept), [captions[row] for row in chosen])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            running += loss.item()
            if (step + 1) % LOG_EVERY == 0:
                log.info("prior", epoch=epoch, step=step + 1, loss=round(running / LOG_EVERY, 3))
                running = 0.0
        measured = accuracies(model, validation_tokens, validation)
        log.info("prior epoch", epoch=epoch, **measured)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}
        save_checkpoint(stage / "last.pt", {**state, "validation": measured})
