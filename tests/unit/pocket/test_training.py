"""Training pictures, captions, and that a killed run goes on as if nothing had happened."""

import random
from dataclasses import replace

import pytest
import torch

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS
from services.generation.pocket.scene import SceneBatch
from training.pocket.captions import CaptionWriter
from training.pocket.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from training.pocket.codes import principal_codes
from training.pocket.composition import compose, recolour
from training.pocket.decoder_stage import DecoderRecipe, DecoderRun
from training.pocket.icons import Concept, slug_of
from training.pocket.picture_features import foreground, nearest_colour, object_colour
from training.pocket.scenes import draw_scenes, held_out

CONCEPTS = 24


@pytest.fixture(scope="module")
def icons() -> tuple[torch.Tensor, torch.Tensor]:
    """Opaque discs of different colours on nothing."""
    generator = torch.Generator().manual_seed(0)
    axis = torch.linspace(-1, 1, 128)
    disc = (axis[:, None] ** 2 + axis[None] ** 2 < 0.8).float()
    colours = torch.rand(CONCEPTS, 3, 1, 1, generator=generator) * 0.8
    rgba = torch.cat([colours * disc, disc.expand(CONCEPTS, 1, 128, 128)], dim=1)
    large = (rgba * 255).round().byte()
    return large, large[..., ::2, ::2].contiguous()


def disc_at(x: float, y: float, size: float) -> SceneBatch:
    scene = SceneBatch.empty(1)
    scene.present[0, 0] = 1
    scene.box[0, 0] = torch.tensor([x, y, size, 0.0])
    scene.background[0] = torch.tensor([1.0, 1.0, 0.0])
    return scene


def test_compose_paints_the_icon_in_its_box_over_the_background(icons):
    picture, cover = compose(icons, disc_at(0.25, 0.75, 0.5), 64)
    assert torch.allclose(picture[0, :, 5, 60], torch.tensor([1.0, 1.0, -1.0]))
    true = icons[0][0, :3, 64, 64].float() / 127.5 - 1
    assert torch.allclose(picture[0, :, 48, 16], true, atol=0.02)
    rows, columns = (cover[0, 0] > 0.5).nonzero().unbind(1)
    assert rows.min() >= 32
    assert columns.max() < 32


def test_recolouring_keeps_shape_and_light_and_sets_the_hue(icons):
    icon = icons[0][:4].float() / 255
    icon[:, :3] *= torch.linspace(0.4, 1, 128)
    blue = 1 + list(OBJECT_COLOURS).index("blue")
    tinted = recolour(icon, torch.tensor([0, blue, blue, 0]))
    assert torch.equal(tinted[0], icon[0])
    assert torch.equal(tinted[:, 3], icon[:, 3])
    assert (tinted[1, 2] > tinted[1, 0])[icon[1, 3] > 0].all()
    assert tinted[1, :3, 64, 100].sum() > tinted[1, :3, 64, 30].sum()


def test_measured_colour_of_a_recoloured_object_is_the_one_asked_for(icons):
    hits = 0
    for index in range(len(OBJECT_COLOURS)):
        scene = disc_at(0.5, 0.5, 0.8)
        scene.colour[0, 0] = 1 + index
        picture = compose(icons, scene, 64)[0][0] / 2 + 0.5
        assert foreground(picture).float().mean() > 0.2
        hits += nearest_colour(object_colour(picture), dict(OBJECT_COLOURS)) == list(OBJECT_COLOURS)[index]
    assert hits >= 11


def test_held_out_pairs_are_a_tenth_and_never_drawn():
    concept, colour = torch.meshgrid(torch.arange(500), torch.arange(13), indexing="ij")
    kept_out = held_out(concept, colour)
    assert 0.07 < kept_out[:, 1:].float().mean() < 0.13
    assert not kept_out[:, 0].any()
    scene = draw_scenes(4000, 500, torch.Generator().manual_seed(0))
    assert (scene.colour > 0).any()
    assert not held_out(scene.concept, scene.colour).any()


def test_drawn_objects_lie_inside_the_picture():
    scene = draw_scenes(2000, 500, torch.Generator().manual_seed(1))
    there = scene.present > 0
    half = scene.box[..., 2] / 2
    for axis in (0, 1):
        assert (scene.box[..., axis] - half)[there].min() > -0.06
        assert (scene.box[..., axis] + half)[there].max() < 1.06


def test_principal_codes_tell_icons_apart(icons):
    codes = principal_codes(icons[0], grid=8, channels=16)
    assert codes.shape == (CONCEPTS, 16, 8, 8)
    distances = torch.cdist(codes.flatten(1), codes.flatten(1)) + 1e3 * torch.eye(CONCEPTS)
    assert distances.min() > 1e-3


def test_a_resumed_run_continues_exactly(icons, tmp_path):
    recipe = DecoderRecipe(minutes=1, cooldown_minutes=0, batch=2)
    straight = DecoderRun(recipe, icons)
    expected = [straight.advance(1.0) for _ in range(4)]

    first = DecoderRun(recipe, icons)
    assert [first.advance(1.0) for _ in range(2)] == expected[:2]
    save_checkpoint(tmp_path / "last.pt", first.state_dict())
    second = DecoderRun(replace(recipe, seed=999), icons)
    state = load_checkpoint(tmp_path / "last.pt")
    assert state is not None
    second.load_state_dict(state)
    assert [second.advance(1.0) for _ in range(2)] == expected[2:]
    for name, value in straight.average.values.items():
        assert torch.equal(value, second.average.values[name]), name


def test_a_broken_write_leaves_the_last_checkpoint(tmp_path):
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"step": 1})
    path.with_suffix(".partial").write_bytes(b"half a checkpoint")
    assert load_checkpoint(path) == {"step": 1}
    assert load_checkpoint(tmp_path / "none.pt") is None


def test_the_cool_down_starts_after_the_minutes_and_ends_at_zero():
    recipe = DecoderRecipe(minutes=10, cooldown_minutes=4)
    assert recipe.phase(599) == (False, 1.0)
    factors = [recipe.phase(600 + seconds)[1] for seconds in (0, 60, 120, 240, 900)]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == 1.0
    assert factors[-2:] == [0.0, 0.0]


def test_the_average_lags_behind_and_replaces_the_weights():
    model = torch.nn.Linear(2, 2)
    average = MovingAverage(model, decay=0.9)
    with torch.no_grad():
        model.weight.add_(1.0)
    before = average.values["weight"].clone()
    average.update(model)
    assert (average.values["weight"] > before).all()
    average.copy_to(model)
    assert torch.equal(model.weight, average.values["weight"])


def test_captions_say_what_their_labels_say():
    concepts = [Concept("cat", "cat", ("pet", "kitty")), Concept("red-apple", "red apple", ("fruit", "diet"))]
    writer = CaptionWriter(concepts)
    rng = random.Random(0)
    captions = [writer.write(index % 2, rng) for index in range(600)]
    for caption in captions:
        if caption.background:
            assert any(word in caption.text for word in ("background", "backdrop", "wall", " on "))
        if caption.concepts[0] == 1:
            assert caption.colours[0] == 0, "an apple that is red by name is not recoloured"
    white = 1 + list(BACKGROUNDS).index("white")
    assert all("white" in caption.text.lower() for caption in captions if caption.background == white)
    assert {caption.concepts[1] for caption in captions} == {0, 1, 2}


def test_the_corpus_is_the_same_for_the_same_seed():
    writer = CaptionWriter([Concept("cat", "cat", ("pet",)), Concept("dog", "dog", ())])
    assert writer.corpus(3, seed=1) == writer.corpus(3, seed=1)
    assert writer.corpus(3, seed=1) != writer.corpus(3, seed=2)


@pytest.mark.parametrize(
    ("label", "slug"), [("Mrs. Claus", "mrs-claus"), ("piñata", "pinata"), ("man’s shoe", "mans-shoe")]
)
def test_labels_become_slugs(label, slug):
    assert slug_of(label) == slug
