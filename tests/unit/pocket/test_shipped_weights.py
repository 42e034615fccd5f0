"""The weights in the repository: they load, they are small, and they do the least that the card promises."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from services.generation.pocket.palette import BACKGROUNDS
from services.generation.pocket.pipeline import PocketPipeline, border_colour
from training.pocket.picture_features import centre_of_object, nearest_colour

FOLDER = Path(__file__).parents[3] / "models/pocket"


@pytest.fixture(scope="module")
def pocket() -> PocketPipeline:
    torch.set_num_threads(1)
    pipeline = PocketPipeline.from_pretrained(FOLDER)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint(pocket: PocketPipeline, prompt: str, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return pocket(prompt, generator=generator, output_type="pt", num_inference_steps=6).images[0]


def test_weights_are_half_precision_and_at_most_40_megabytes():
    files = sorted(FOLDER.rglob("*.safetensors"))
    assert [file.parent.name for file in files] == ["decoder", "prior", "upsampler"]
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) <= 40_000_000
    for file in files:
        with safe_open(file, "pt") as weights:
            assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F16"}  # noqa: SIM118


def test_the_card_states_licence_data_and_quality():
    card = (FOLDER / "README.md").read_text()
    for heading in ("license: mit", "## Data", "## Training", "## Measured quality", "can and cannot draw"):
        assert heading in card
    assert (FOLDER / "sheet.jpg").exists()


@pytest.mark.parametrize("named", ["red", "yellow", "green", "blue", "black", "white"])
def test_paints_the_background_asked_for(pocket, named):
    picture = paint(pocket, f"a rocket on a {named} background")
    assert nearest_colour(border_colour(2 * picture - 1), dict(BACKGROUNDS)) == named


def test_paints_left_and_right(pocket):
    left, right = (centre_of_object(paint(pocket, f"a pizza on the {side}"))[0] for side in ("left", "right"))
    assert left < 0.45
    assert right > 0.55


def test_two_seeds_give_different_pictures(pocket):
    assert (paint(pocket, "a cat", seed=1) - paint(pocket, "a cat", seed=2)).abs().mean() > 0.02
