"""The three networks, on tiny random weights."""

from dataclasses import replace

import torch

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.prior import PocketPrior
from services.generation.pocket.scene import SceneBatch
from services.generation.pocket.upsampler import PocketUpsampler
from tests.unit.pocket.conftest import CONCEPTS


def scene_of(concept: int, x: float) -> SceneBatch:
    scene = SceneBatch.empty(1)
    scene.concept[0, 0], scene.present[0, 0] = concept, 1
    scene.box[0, 0] = torch.tensor([x, 0.5, 0.4, 0.0])
    return scene


def test_canvas_holds_an_object_only_inside_its_box():
    decoder = PocketDecoder(concepts=CONCEPTS, width=32, layers=1, heads=2)
    with torch.no_grad():
        canvas = decoder.canvas(scene_of(3, x=0.25))[0]
    assert canvas[:, :, :9].abs().sum() > 0
    assert canvas[:, :, 9:].abs().sum() == 0


def test_two_objects_are_the_sum_of_their_canvases():
    decoder = PocketDecoder(concepts=CONCEPTS, width=32, layers=1, heads=2)
    left, right = scene_of(3, x=0.25), scene_of(5, x=0.75)
    both = replace(
        left,
        concept=torch.tensor([[3, 5]]),
        present=torch.ones(1, 2),
        box=torch.stack([left.box[0, 0], right.box[0, 0]]).unsqueeze(0),
    )
    with torch.no_grad():
        assert torch.allclose(decoder.canvas(both), decoder.canvas(left) + decoder.canvas(right))


def test_an_uncovered_picture_is_its_background():
    decoder = PocketDecoder(concepts=CONCEPTS, width=32, layers=1, heads=2)
    torch.nn.init.zeros_(decoder.head_out.weight)
    decoder.head_out.bias.data = torch.tensor([0.0, 0.0, 0.0, -30.0])
    scene = replace(scene_of(3, x=0.5), background=torch.tensor([[0.25, 0.5, 1.0]]))
    picture, cover = decoder(torch.randn(1, 3, 64, 64), torch.tensor([0.7]), scene)
    assert cover.max() < 1e-6
    assert torch.allclose(picture[0, :, 5, 60], torch.tensor([-0.5, 0.0, 1.0]), atol=1e-5)


def test_padding_does_not_change_what_the_prior_reads():
    prior = PocketPrior(concepts=CONCEPTS, width=32, layers=2).eval()
    tokens = torch.randn(1, 5, 384)
    padded = torch.cat([tokens, torch.randn(1, 3, 384)], dim=1)
    mask = torch.tensor([[True] * 5 + [False] * 3])
    with torch.no_grad():
        short, long = prior(tokens, mask[:, :5]), prior(padded, mask)
    for name, value in vars(short).items():
        assert torch.allclose(value, getattr(long, name), atol=1e-5), name


def test_a_fresh_upsampler_is_bicubic_interpolation():
    picture = torch.rand(1, 3, 16, 16)
    expected = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic")
    assert torch.allclose(PocketUpsampler()(picture), expected, atol=1e-6)
