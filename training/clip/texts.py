"""What the training pictures can be called: what the encoder is taught, and what is kept for its examination."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from tqdm import tqdm

from services.generation.pocket.text_encoder import TextEncoder
from training.pocket.captions import Caption, CaptionWriter
from training.pocket.icons import Concept
from training.pocket.scenes import held_out

CAPTIONS_PER_CONCEPT = 12
CAPTION_SEED = 20
HELD_OUT_KEYWORDS = 0.1
BATCH = 128


@dataclass(frozen=True)
class Vocabulary:
    """All texts of the training, each once.

    Attributes:
        texts: names first, in the order of the concepts, then keywords, then captions.
        keywords: for each concept the rows of its keywords.
        captions: captions with the row of each one's text.
    """

    texts: list[str]
    keywords: list[list[int]]
    captions: list[tuple[Caption, int]]

    @property
    def bank(self) -> int:
        """How many of the texts are names and keywords."""
        return max((row for rows in self.keywords for row in rows), default=len(self.keywords) - 1) + 1


def is_examined(concept: Concept, keyword: str) -> bool:
    """Whether a keyword of a concept is kept out of training; always the same tenth, whatever else changes."""
    digest = hashlib.sha256(f"{concept.slug}:{keyword}".encode()).digest()
    return digest[0] < 256 * HELD_OUT_KEYWORDS


def taught(concepts: list[Concept]) -> list[Concept]:
    """The concepts without the keywords of the examination."""
    return [
        replace(concept, keywords=tuple(word for word in concept.keywords if not is_examined(concept, word)))
        for concept in concepts
    ]


def vocabulary(concepts: list[Concept]) -> Vocabulary:
    """Names, keywords and captions without held-out keywords and held-out colour–object pairs."""
    kept = taught(concepts)
    rows = {concept.name: index for index, concept in enumerate(kept)}
    texts = [concept.name for concept in kept]

    def row(text: str) -> int:
        if text not in rows:
            rows[text] = len(texts)
            texts.append(text)
        return rows[text]

    keywords = [[row(word) for word in concept.keywords] for concept in kept]
    corpus = CaptionWriter(kept).corpus(CAPTIONS_PER_CONCEPT, CAPTION_SEED)
    nothing = len(kept)
    captions = []
    for caption in corpus:
        pairs = zip(caption.concepts, caption.colours, strict=True)
        if any(held_out(torch.tensor(c), torch.tensor(k)) for c, k in pairs if c < nothing):
            continue
        captions.append((caption, row(caption.text)))
    return Vocabulary(texts, keywords, captions)


@torch.no_grad()
def embed(texts: list[str], *, progress: bool = False) -> Tensor:
    """Unit-length sentence embeddings (N, 384): token embeddings of all-MiniLM-L6-v2, averaged over the mask."""
    encoder = TextEncoder.from_package()
    out = torch.zeros(len(texts), 384)
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    for start in tqdm(range(0, len(order), BATCH), desc="embedding texts", mininterval=5, disable=not progress):
        chosen = order[start : start + BATCH]
        tokens, mask = encoder.encode([texts[index] for index in chosen])
        weight = mask.unsqueeze(-1).float()
        out[chosen] = F.normalize((tokens * weight).sum(1) / weight.sum(1), dim=-1)
    return out


def embedded(texts: list[str], path: Path) -> Tensor:
    """The embeddings of the texts, computed once and kept in `path` together with the texts' fingerprint."""
    fingerprint = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    if path.exists():
        with np.load(path) as kept:
            if str(kept["fingerprint"]) == fingerprint:
                return torch.from_numpy(kept["vectors"].astype(np.float32))
    vectors = embed(texts, progress=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, vectors=vectors.numpy().astype(np.float16), fingerprint=fingerprint)
    partial.replace(path)
    return vectors
