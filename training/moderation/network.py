"""The part of the heads with a hidden layer: one small network for all categories, trained on one thread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import nn

from training.moderation.fitted import Fitted, Floats

HIDDEN, DROPOUT = 128, 0.5
EPOCHS, BATCH, RATE, WEIGHT_DECAY = 12, 256, 2e-3, 0.3
INPUT_SCALE, WORDS_SCALE = 4.0, 2.0


def train(
    vectors: npt.NDArray[np.float32],
    words: sp.csr_matrix,
    targets: npt.NDArray[np.int64],
    weights: Floats,
    use: npt.NDArray[np.bool_],
) -> Fitted:
    """Fit on the rows where `use` holds; a target below 0 is unknown and teaches nothing. Same input, same result."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    width, categories = vectors.shape[1], targets.shape[1]
    hidden, out = nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, categories)
    direct, lexical = nn.Linear(width, categories, bias=False), nn.Parameter(torch.zeros(words.shape[1], categories))
    layers = [*hidden.parameters(), *out.parameters(), *direct.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": layers, "weight_decay": WEIGHT_DECAY},
            {"params": [lexical], "weight_decay": 1e-4, "lr": 10 * RATE},
        ],
        lr=RATE,
    )
    rows = np.flatnonzero(use)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * (len(rows) // BATCH))
    x, y = torch.from_numpy(vectors * np.float32(INPUT_SCALE)), torch.from_numpy(targets.astype(np.float32))
    known = (y >= 0).float() * torch.from_numpy(weights.astype(np.float32))[:, None]
    for _ in range(EPOCHS):
        order = chance.permutation(rows)
        for at in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[at : at + BATCH]
            inner = nn.functional.dropout(torch.relu(hidden(x[batch])), DROPOUT)
            logits = out(inner) + direct(x[batch]) + _lexical(words[batch], lexical)
            losses = nn.functional.binary_cross_entropy_with_logits(logits, y[batch].clamp(0), reduction="none")
            loss = (losses * known[batch]).sum() / BATCH
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return Fitted(
        dense=_array(direct.weight) * INPUT_SCALE,
        sparse=_array(lexical).T * WORDS_SCALE,
        bias=_array(out.bias),
        hidden=_array(hidden.weight) * INPUT_SCALE,
        hidden_bias=_array(hidden.bias),
        out=_array(out.weight),
    )


def _lexical(rows: sp.csr_matrix, table: torch.Tensor) -> torch.Tensor:
    """What the words of each row add to each logit."""
    starts, places = (torch.from_numpy(each.astype(np.int64)) for each in (rows.indptr[:-1], rows.indices))
    values = torch.from_numpy((rows.data * WORDS_SCALE).astype(np.float32))
    return nn.functional.embedding_bag(places, table, starts, mode="sum", per_sample_weights=values)


def _array(tensor: torch.Tensor) -> Floats:
    return tensor.detach().numpy().astype(np.float64)
