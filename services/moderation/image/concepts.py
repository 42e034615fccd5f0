"""The concept head: which of the policy's words a picture's embedding is nearest to. Optional: it brings open_clip.

It sees no more than its encoder knows. The one in the repository knows drawn things alone, so that the head is off
unless an open_clip model with a text tower is named.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image

from services.moderation import torchvision_operators

torchvision_operators.declare()

import open_clip  # noqa: E402

WORDS = Path(__file__).with_name("concepts.toml")


class ConceptScorer:
    """Scores by category, 0..1, zero-shot.

    Source of the method: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision"
    (2021): the picture's embedding against those of phrases, each the mean over templates. A category's score is the
    share of the softmax that its phrases get beside all others, the harmless ones among them.
    """

    def __init__(self, model: str) -> None:
        """`model` is a folder, `hf-hub:<org>/<repo>` or `<open_clip name>/<pretrained tag>`.

        Raises:
            FileNotFoundError: `model` is none of the three, or the folder lacks a file.
            RuntimeError: open_clip does not know the name, or cannot get its weights.
        """
        torch.set_num_threads(1)
        if Path(model).is_dir():
            name, tag = f"local-dir:{Path(model).resolve()}", None
        elif model.startswith("hf-hub:"):
            name, tag = model, None
        else:
            name, _, tag = model.rpartition("/")
        if not name:
            raise FileNotFoundError(f"{model} is no folder, no hf-hub:… and no `<open_clip name>/<pretrained tag>`")
        clip, _, self._preprocess = open_clip.create_model_and_transforms(name, tag, require_pretrained=True)
        self._clip = clip.eval().requires_grad_(False)
        document = tomllib.loads(WORDS.read_text("utf-8"))
        self.version = f"{Path(model).name}+{document['version']}"
        self._categories: list[str | None] = [None] * len(document["neutral"])
        phrases: list[str] = list(document["neutral"])
        for category, words in document["concepts"].items():
            self._categories += [category] * len(words)
            phrases += words
        self._phrases = self._embedded(phrases, document["templates"], open_clip.get_tokenizer(name))

    @torch.inference_mode()
    def score(self, image: Image.Image) -> dict[str, float]:
        """The share of each category in what the picture is likest to. Blocking; one thread."""
        seen = self._clip.encode_image(self._preprocess(image).unsqueeze(0), normalize=True)[0]
        shares = torch.softmax(self._clip.logit_scale.exp() * (self._phrases @ seen), dim=0).tolist()
        scores: dict[str, float] = {}
        for category, share in zip(self._categories, shares, strict=True):
            if category is not None:
                scores[category] = scores.get(category, 0.0) + share
        return scores

    @torch.inference_mode()
    def _embedded(self, phrases: list[str], templates: list[str], tokenizer: Any) -> torch.Tensor:
        """Unit vectors (phrases, width)."""
        rows = []
        for phrase in phrases:
            tokens = tokenizer([template.format(phrase) for template in templates])
            rows.append(self._clip.encode_text(tokens, normalize=True).mean(dim=0))
        return F.normalize(torch.stack(rows), dim=-1)
