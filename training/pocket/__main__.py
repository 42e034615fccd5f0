"""Train the pocket model: ``python -m training.pocket``, one resumable command."""

import argparse

import torch

from training.pocket.decoder_stage import DecoderRecipe, train_decoder
from training.pocket.icons import prepare
from training.pocket.paths import TrainingFolder
from training.pocket.prior_stage import PriorRecipe, train_prior
from training.pocket.upsampler_stage import UpsamplerRecipe, train_upsampler


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pocket", description=__doc__)
    parser.add_argument("stage", nargs="?", choices=("data", "prior", "upsampler", "decoder"))
    parser.add_argument("--minutes", type=float, default=360, help="training of the decoder at the constant rate")
    parser.add_argument("--cooldown", type=float, default=60, help="minutes of cool-down afterwards, 0 for none")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = TrainingFolder.from_environment()
    concepts = prepare(folder)
    if arguments.stage in (None, "prior"):
        train_prior(folder, concepts, PriorRecipe())
    if arguments.stage in (None, "upsampler"):
        train_upsampler(folder, UpsamplerRecipe())
    if arguments.stage in (None, "decoder"):
        train_decoder(folder, DecoderRecipe(arguments.minutes, arguments.cooldown))


if __name__ == "__main__":
    main()
