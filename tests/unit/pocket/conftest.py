"""A pipeline with tiny random networks; only the text encoder is the real one."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.pipeline import PocketPipeline
from services.generation.pocket.prior import PocketPrior
from services.generation.pocket.upsampler import PocketUpsampler

CONCEPTS = 30


@pytest.fixture(scope="session")
def tiny() -> PocketPipeline:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    decoder = PocketDecoder(concepts=CONCEPTS, width=32, layers=2, heads=2, code_channels=4, colour_channels=4)
    for block in decoder.blocks:
        torch.nn.init.normal_(block.modulation.weight, std=0.5)
    pipeline = PocketPipeline(
        PocketPrior(concepts=CONCEPTS, width=32, layers=1),
        decoder,
        PocketUpsampler(width=8, layers=1),
        FlowMatchEulerDiscreteScheduler(),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
