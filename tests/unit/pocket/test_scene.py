"""Where objects land, and how a scene is drawn from the prior's logits."""

import math

import pytest
import torch

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS
from services.generation.pocket.prior import PLACES, SIZES, SceneLogits
from services.generation.pocket.scene import SceneBatch, object_frame
from services.generation.pocket.scene_sampler import draw_concept, sample_scene
from tests.unit.pocket.conftest import CONCEPTS


def logits(*, second: int | None = None, background: str | None = None, place="middle", size="normal") -> SceneLogits:
    concepts = torch.full((1, 2, CONCEPTS + 1), -20.0)
    concepts[0, 0, 7] = 20
    concepts[0, 1, CONCEPTS] = 0
    if second is not None:
        concepts[0, 1, second] = 20
    colours = torch.zeros(1, 2, 1 + len(OBJECT_COLOURS))
    colours[0, 0, 3] = 9
    shades = torch.zeros(1, 1 + len(BACKGROUNDS))
    shades[0, 0 if background is None else 1 + list(BACKGROUNDS).index(background)] = 9
    places, sizes = torch.zeros(1, len(PLACES)), torch.zeros(1, len(SIZES))
    places[0, PLACES.index(place)] = 9
    sizes[0, SIZES.index(size)] = 9
    return SceneLogits(concepts, colours, shades, places, sizes)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_object_frame_maps_the_box_to_the_unit_square():
    box = torch.tensor([0.25, 0.75, 0.5, 0.0])
    corner = torch.tensor([-1.0, 0.0, 1.0])  # left edge and upper edge of that box, in -1..1
    assert torch.allclose(object_frame(box) @ corner, torch.tensor([-1.0, -1.0]), atol=1e-6)


def test_object_frame_turns_with_the_tilt():
    frame = object_frame(torch.tensor([0.5, 0.5, 1.0, math.pi / 2]))
    assert torch.allclose(frame @ torch.tensor([1.0, 0.0, 1.0]), torch.tensor([0.0, -1.0]), atol=1e-6)


@pytest.mark.parametrize(("place", "axis", "low"), [("left", 0, True), ("right", 0, False), ("top", 1, True)])
def test_a_place_moves_the_object(place, axis, low):
    centre = float(sample_scene(logits(place=place), seeded(1)).box[0, 0, axis])
    assert (centre < 0.35) if low else (centre > 0.65)


def test_sizes_are_ordered():
    small, normal, large = (
        float(sample_scene(logits(size=size), seeded(1)).box[0, 0, 2]) for size in ("small", "normal", "large")
    )
    assert small < normal < large


def test_two_objects_stand_side_by_side_inside_the_picture():
    scene = sample_scene(logits(second=3, place="left"), seeded(1))
    assert scene.present.tolist() == [[1, 1]]
    assert scene.concept.tolist() == [[7, 3]]
    assert scene.box[0, 0, 0] < 0.5 < scene.box[0, 1, 0]
    half = scene.box[..., 2] / 2
    assert bool((scene.box[..., 0] - half >= -0.05).all() and (scene.box[..., 0] + half <= 1.05).all())


def test_an_object_read_twice_is_painted_once():
    assert sample_scene(logits(second=7), seeded(1)).present.tolist() == [[1, 0]]


def test_a_named_background_wins_over_the_source_picture_and_varies_in_shade():
    asked = logits(background="teal")
    shades = [sample_scene(asked, seeded(seed), torch.zeros(3)).background[0] for seed in range(8)]
    wanted = torch.tensor(BACKGROUNDS["teal"])
    assert all((shade - wanted).abs().max() < 0.1 for shade in shades)
    assert torch.stack(shades).std(dim=0).max() > 0.005


def test_the_source_pictures_background_stays_when_none_is_asked_for():
    backdrop = torch.tensor([0.1, 0.2, 0.3])
    assert torch.allclose(sample_scene(logits(), seeded(1), backdrop).background[0], backdrop)


def test_open_backgrounds_differ_between_seeds():
    drawn = {tuple(sample_scene(logits(), seeded(seed)).background[0].tolist()) for seed in range(6)}
    assert len(drawn) > 3


def test_concepts_are_drawn_from_the_likely_ones_only():
    scores = torch.full((CONCEPTS,), -8.0)
    scores[4], scores[9] = 2.0, 2.0
    drawn = {draw_concept(scores, torch.tensor(draw)) for draw in (0.0, 0.2, 0.4, 0.6, 0.8, 0.999999)}
    assert drawn == {4, 9}


def test_scenes_concatenate_in_order():
    one = sample_scene(logits(), seeded(1))
    both = SceneBatch.concatenate([SceneBatch.empty(1), one])
    assert len(both) == 2
    assert both.present[0].sum() == 0
    assert torch.equal(both.concept[1], one.concept[0])
