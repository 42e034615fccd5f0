"""Train the image encoder: ``python -m training.clip``, one resumable command that ends with the exported weights."""

import argparse
from pathlib import Path

import torch

from training.clip.export import export
from training.clip.learning import Recipe, train
from training.pocket.icons import prepare
from training.pocket.paths import TrainingFolder

MODEL_DIR = Path("models/clip")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.clip", description=__doc__)
    parser.add_argument("--steps", type=int, default=4000, help="batches of 64 pictures")
    parser.add_argument("--export-only", action="store_true", help="export the newest checkpoint, train no further")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = TrainingFolder.from_environment()
    concepts = prepare(folder)
    if not arguments.export_only:
        train(folder, concepts, Recipe(arguments.steps))
    step = export(folder, concepts, MODEL_DIR)
    print(f"exported step {step} to {MODEL_DIR}; `python -m training.clip.evaluate` examines it and writes its card")


if __name__ == "__main__":
    main()
