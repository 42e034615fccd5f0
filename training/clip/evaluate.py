"""Examine the exported encoder and write its model card: ``python -m training.clip.evaluate``."""

import json
from pathlib import Path

import numpy as np
import torch

from services.search.encoder import OpenClipEncoder
from services.search.points import Signal
from training.clip.__main__ import MODEL_DIR
from training.clip.card import write_card
from training.clip.examination import (
    SEED,
    Ranks,
    backgrounds,
    cutoffs,
    names,
    read,
    single,
    unseen_colours,
    unseen_keywords,
)
from training.clip.texts import embedded, vocabulary
from training.pocket.decoder_stage import load_icons
from training.pocket.icons import prepare
from training.pocket.paths import TrainingFolder

COLOUR_PAIRS = 240
BACKGROUND_OBJECTS = 20


def main() -> None:
    torch.set_num_threads(1)
    folder = TrainingFolder.from_environment()
    concepts = prepare(folder)
    icons = load_icons(folder)
    encoder = OpenClipEncoder.load(str(MODEL_DIR))
    vocab = vocabulary(concepts)
    texts = embedded(vocab.texts, folder.stage("clip") / "texts.npz")[: len(concepts)].numpy()
    gallery = read(encoder, icons, single(torch.arange(len(concepts))))
    by_picture, by_name = unseen_keywords(concepts, gallery, texts)
    development, test = (list(range(first, len(concepts), 2)) for first in (0, 1))
    background = np.asarray(encoder.reference(Signal.IMAGE), dtype=np.float32)
    figures = {
        "encoder": encoder.name,
        "seed": SEED,
        "names": _figures(names(gallery, texts)),
        "unseen_keywords": _figures(by_picture),
        "unseen_keywords_by_name_alone": _figures(by_name),
        "unseen_colours": _figures(unseen_colours(encoder, icons, concepts, COLOUR_PAIRS)),
        "backgrounds": _figures(backgrounds(encoder, icons, concepts, BACKGROUND_OBJECTS)),
        "cutoffs_development": cutoffs(background, texts, gallery, development),
        "cutoffs_test": cutoffs(background, texts, gallery, test),
    }
    (Path(MODEL_DIR) / "evaluation.json").write_text(json.dumps(figures, indent=1) + "\n")
    write_card(MODEL_DIR, figures)
    print(json.dumps(figures, indent=1))


def _figures(ranks: Ranks) -> dict[str, float]:
    return {
        "queries": len(ranks.ranks),
        "gallery": ranks.gallery,
        "recall_at_1": round(ranks.within(1), 4),
        "recall_at_5": round(ranks.within(5), 4),
        "recall_at_10": round(ranks.within(10), 4),
        "mean_reciprocal_rank": round(ranks.mean_reciprocal, 4),
    }


if __name__ == "__main__":
    main()
