"""Detoxify's `unbiased` model, from a checkpoint with a checked hash. Optional: it brings PyTorch and transformers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from services.moderation import torchvision_operators

RELEASED = "c7548aa0"
"""First digits of the SHA-256 of the published checkpoint, toxic_debiased-c7548aa0.ckpt."""
CATEGORY_OF = {
    "toxicity": "harassment",
    "severe_toxicity": "harassment",
    "insult": "harassment",
    "threat": "harassment",
    "identity_attack": "hate",
    "sexual_explicit": "sexual",
}
RENAMED = {"toxic": "toxicity", "identity_hate": "identity_attack", "severe_toxic": "severe_toxicity"}


class DetoxifyScorer:
    """Scores of the categories that Detoxify's classes speak of.

    The library's own loader unpickles anything and asks a model hub for the base model's configuration. Here the
    checkpoint is hashed first, read as plain tensors, and configuration and tokenizer come from the folder `config`.
    """

    def __init__(self, checkpoint: Path, config: Path | None, *, sha256: str | None = None) -> None:
        if config is None:
            raise ValueError("DETOXIFY_CHECKPOINT needs DETOXIFY_CONFIG, the folder of its base model's configuration")
        expected = sha256 or RELEASED
        with checkpoint.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if len(expected) < len(RELEASED) or not digest.startswith(expected.lower()):
            raise ValueError(f"{checkpoint} has SHA-256 {digest}, which does not begin with {expected}")
        self.version = digest[:8]
        stored: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
        arch = stored["config"]["arch"]["args"]
        self._classes = [RENAMED.get(name, name) for name in stored["config"]["dataset"]["args"]["classes"]]
        transformers = _transformers()
        settings = transformers.AutoConfig.from_pretrained(
            config, num_labels=arch["num_classes"], local_files_only=True
        )
        self._model = getattr(transformers, arch["model_name"])(settings)
        weights = {name: value for name, value in stored["state_dict"].items() if not name.endswith("position_ids")}
        self._model.load_state_dict(weights)
        self._model.eval()
        tokenizer = getattr(transformers, arch["tokenizer_name"])
        self._tokenizer = tokenizer.from_pretrained(config, local_files_only=True)
        torch.set_num_threads(1)

    @torch.inference_mode()
    def score(self, texts: list[str]) -> list[dict[str, float]]:
        """Scores by category, 0..1, for each text: the highest of the classes that belong to it. Blocking."""
        limit = self._model.config.max_position_embeddings - 2
        tokens = self._tokenizer(texts, return_tensors="pt", truncation=True, max_length=limit, padding=True)
        probabilities = torch.sigmoid(self._model(**tokens).logits).tolist()
        out: list[dict[str, float]] = []
        for row in probabilities:
            scores: dict[str, float] = {}
            for name, value in zip(self._classes, row, strict=False):
                if category := CATEGORY_OF.get(name):
                    scores[category] = max(scores.get(category, 0.0), value)
            out.append(scores)
        return out


def _transformers() -> Any:
    torchvision_operators.declare()
    import transformers

    return transformers
