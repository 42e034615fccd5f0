"""The pipeline's interface, on tiny random weights."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from services.generation.pocket.pipeline import PocketPipeline


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def paint(pipeline: PocketPipeline, prompt: str | list[str] = "a red fox", **options) -> torch.Tensor:
    options.setdefault("generator", seeded(1))
    options.setdefault("num_inference_steps", 3)
    return pipeline(prompt, output_type="pt", **options).images


def test_gives_pictures_of_256_pixels_in_every_output_type(tiny):
    (picture,) = tiny("a cat", num_inference_steps=2).images
    assert picture.size == (256, 256)
    assert tiny("a cat", num_inference_steps=2, output_type="np").images.shape == (1, 256, 256, 3)
    (tensors,) = tiny("a cat", num_inference_steps=2, output_type="pt", return_dict=False)
    assert tensors.shape == (1, 3, 256, 256)
    assert 0 <= tensors.min() <= tensors.max() <= 1


def test_same_seed_same_bytes_and_another_seed_another_picture(tiny):
    first = paint(tiny, generator=seeded(1))
    assert torch.equal(first, paint(tiny, generator=seeded(1)))
    assert (first - paint(tiny, generator=seeded(2))).abs().mean() > 0.01


def test_a_picture_does_not_depend_on_what_else_is_in_the_batch(tiny):
    prompts = ["a cat", "a long sentence about two dogs on a green background", "a dog"]
    together = paint(tiny, prompts, generator=[seeded(seed) for seed in range(3)])
    for seed, prompt in enumerate(prompts):
        assert torch.equal(together[seed], paint(tiny, prompt, generator=seeded(seed))[0])


def test_pictures_painted_at_the_same_time_have_the_same_bytes(tiny):
    prompts = ["a cat", "a dog", "a fox"]

    def one(seed: int) -> torch.Tensor:
        steps, strength = 2 + seed, 1 - 0.2 * seed  # noise levels of their own
        with torch.inference_mode():
            return paint(
                tiny, prompts[seed], generator=seeded(seed), num_inference_steps=steps, strength=strength, image=source
            )

    source = Image.new("RGB", (64, 64), "teal")
    alone = [one(seed) for seed in range(3)]
    untraced, tiny._predict_pair = tiny._predict_pair, None
    tiny.trace()
    try:
        with ThreadPoolExecutor(3) as threads:
            together = list(threads.map(one, [0, 1, 2] * 3))
    finally:
        tiny._predict_pair = untraced
    assert all(torch.equal(alone[place % 3], picture) for place, picture in enumerate(together))


def test_several_pictures_of_one_prompt_follow_each_other(tiny):
    pictures = paint(tiny, ["a cat", "a dog"], num_images_per_prompt=2, generator=[seeded(s) for s in (1, 2, 1, 2)])
    assert pictures.shape[0] == 4
    assert torch.equal(pictures[0], paint(tiny, "a cat", generator=seeded(1))[0])
    assert torch.equal(pictures[3], paint(tiny, "a dog", generator=seeded(2))[0])


def test_negative_prompt_counts_only_with_guidance(tiny):
    plain = paint(tiny, guidance_scale=3.0)
    assert not torch.equal(plain, paint(tiny, guidance_scale=3.0, negative_prompt="a blue whale"))
    assert torch.equal(plain, paint(tiny, guidance_scale=3.0, negative_prompt=""))
    unguided = paint(tiny, guidance_scale=1)
    assert torch.equal(unguided, paint(tiny, guidance_scale=1, negative_prompt="a blue whale"))


def test_strength_says_how_much_of_a_source_picture_is_painted_anew(tiny):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    source = Image.fromarray(pixels).resize((256, 256), Image.Resampling.NEAREST)
    kept = torch.from_numpy(np.asarray(source) / 255).permute(2, 0, 1)
    distances = [
        float((paint(tiny, image=source, strength=strength, num_inference_steps=10)[0] - kept).abs().mean())
        for strength in (0.0, 0.5, 1.0)
    ]
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK"])
def test_source_pictures_may_have_any_mode_and_shape(tiny, mode):
    pictures = paint(tiny, image=Image.new(mode, (37, 90)), strength=0.5)
    assert pictures.shape == (1, 3, 256, 256)


def test_callback_sees_each_step_with_a_preview_and_may_change_the_latents(tiny):
    seen = []

    def watch(pipeline, index, timestep, tensors):
        seen.append((index, float(timestep), tensors["preview"]))
        return {"latents": torch.zeros_like(tensors["latents"])} if index == 2 else None

    blank = paint(tiny, callback_on_step_end=watch)
    assert [index for index, _, _ in seen] == [0, 1, 2]
    assert seen[0][1] > seen[1][1] > seen[2][1]
    assert all(preview.shape == (1, 3, 64, 64) and 0 <= preview.min() <= preview.max() <= 1 for *_, preview in seen)
    assert torch.equal(blank, paint(tiny, "something else", generator=seeded(9), callback_on_step_end=watch))


def test_an_interrupt_skips_the_remaining_steps(tiny):
    steps = []

    def stop(pipeline, index, timestep, tensors):
        steps.append(index)
        pipeline._interrupt = True
        return {}

    paint(tiny, callback_on_step_end=stop, num_inference_steps=5)
    assert steps == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": ""}, "not empty"),
        ({"prompt": []}, "not empty"),
        ({"prompt": ["fine", " \n"]}, "not empty"),
        ({"strength": 1.5}, "strength"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"height": 512}, "256"),
        ({"output_type": "latent"}, "output_type"),
        ({"prompt": ["a", "b"], "negative_prompt": ["c"]}, "negative_prompt"),
        ({"prompt": ["a", "b"], "generator": [torch.Generator()]}, "generators"),
        ({"callback_on_step_end_tensor_inputs": ["prompt_embeds"]}, "prompt_embeds"),
    ],
)
def test_says_what_is_wrong_with_an_argument(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**{"prompt": "a cat", **options})


@pytest.mark.parametrize("prompt", ["🦊" * 400, "a\u202ecat\x00", "z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍a̴̵̜̰͔ͫ͗͢l̠ͨͧͩ͘g̴̵̜̰͔o", "word " * 5000])
def test_paints_whatever_text_it_is_given(tiny, prompt):
    assert paint(tiny, prompt, num_inference_steps=1).isfinite().all()


def test_a_saved_pipeline_loads_and_paints_the_same(tiny, tmp_path: Path):
    tiny.save_pretrained(tmp_path)
    loaded = PocketPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    assert torch.equal(paint(tiny), paint(loaded))
