"""Token embeddings of all captions, computed once by the frozen text encoder and kept on disk."""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from services.generation.pocket.text_encoder import MAX_TOKENS, TextEncoder

BATCH = 64
WIDTH = 384


class CaptionTokens:
    """Token embeddings of a list of texts, float16, of different lengths one after another."""

    def __init__(self, flat: NDArray[np.float16], lengths: NDArray[np.int64]) -> None:
        self.flat, self.lengths = flat, lengths
        self.starts = np.concatenate([[0], np.cumsum(lengths)])

    def batch(self, rows: list[int]) -> tuple[Tensor, Tensor]:
        """Padded embeddings (B, T, 384) and mask (B, T) of the chosen texts."""
        longest = max(int(self.lengths[row]) for row in rows)
        tokens, mask = torch.zeros(len(rows), longest, WIDTH), torch.zeros(len(rows), longest, dtype=torch.bool)
        for place, row in enumerate(rows):
            own = self.flat[self.starts[row] : self.starts[row + 1]]
            tokens[place, : len(own)] = torch.from_numpy(own.astype(np.float32))
            mask[place, : len(own)] = True
        return tokens, mask


def embed_captions(encoder: TextEncoder, texts: list[str], path: Path) -> CaptionTokens:
    """Embed the texts into ``path``; an interrupted call goes on after its last finished batch."""
    encoded = encoder.tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
    lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
    tokens = CaptionTokens(np.zeros((0, WIDTH), np.float16), lengths)
    progress = path.with_suffix(".json")
    done = json.loads(progress.read_text()) if progress.exists() else 0
    flat = np.lib.format.open_memmap(
        path, mode="r+" if done else "w+", dtype=np.float16, shape=(int(lengths.sum()), WIDTH)
    )
    order = np.argsort(lengths, kind="stable")
    for start in tqdm(range(done, len(texts), BATCH), desc="embedding captions", mininterval=10):
        rows = order[start : start + BATCH]
        embeddings, _ = encoder.encode([texts[row] for row in rows])
        for row, embedding in zip(rows, embeddings, strict=True):
            flat[tokens.starts[row] : tokens.starts[row + 1]] = embedding[: lengths[row]].half().numpy()
        if start // BATCH % 20 == 0:
            flat.flush()
            progress.write_text(json.dumps(start))
    flat.flush()
    progress.write_text(json.dumps(len(texts)))
    return CaptionTokens(np.load(path, mmap_mode="r"), lengths)
