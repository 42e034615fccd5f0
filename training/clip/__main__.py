"""Train the image encoder: ``python -m training.clip``, one resumable command that ends with the exported weights."""

import argparse

import torch

from training.clip.learning import Recipe, train
from training.pocket.icons import prepare
from training.pocket.paths import TrainingFolder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.clip", description=__doc__)
    parser.add_argument("--steps", type=int, default=1500, help="batches of 32 pictures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = TrainingFolder.from_environment()
    concepts = prepare(folder)
    train(folder, concepts, Recipe(arguments.steps))


if __name__ == "__main__":
    main()
