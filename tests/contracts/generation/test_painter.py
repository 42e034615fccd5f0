"""What every painter promises, held by the pocket model and by a common diffusers pipeline with random weights."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.generation.diffusers_painter import DiffusersPainter
from services.generation.ports import Canvas, Interrupted
from services.generation.registry import POCKET, ModelRecord

from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel  # isort: skip
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer  # isort: skip


def tiny_stable_diffusion(folder: Path) -> ModelRecord:
    """A Stable Diffusion pipeline with a few thousand random weights, saved as any hub model is."""
    vocabulary = {
        token: number for number, token in enumerate(["<|startoftext|>", "<|endoftext|>", "a</w>", "a", "fox</w>"])
    }
    (folder / "words").mkdir(parents=True)
    (folder / "words" / "vocab.json").write_text(str(vocabulary).replace("'", '"'))
    (folder / "words" / "merges.txt").write_text("#version: 0.2\n")
    text = CLIPTextConfig(
        vocab_size=1000, hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=4,
        pad_token_id=1, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    StableDiffusionPipeline(
        unet=UNet2DConditionModel(
            block_out_channels=(32, 32), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
            cross_attention_dim=32, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear"),
        vae=AutoencoderKL(
            block_out_channels=[32, 32], in_channels=3, out_channels=3, latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer(
            str(folder / "words" / "vocab.json"), str(folder / "words" / "merges.txt"), model_max_length=16
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "model", safe_serialization=True)  # fmt: skip
    return ModelRecord(
        id="tiny-sd", title="Tiny", source=str(folder / "model"), licence="none", commercial_use=True, steps=2,
        guidance_scale=2.0, negative_prompt=True, sizes={"1:1": (16, 16)},
    )  # fmt: skip


@pytest.fixture(scope="module", params=["pocket", "stable diffusion"])
def painter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DiffusersPainter:
    record = replace(POCKET, steps=2)
    if request.param != "pocket":
        record = tiny_stable_diffusion(tmp_path_factory.mktemp("tiny"))
    painter = DiffusersPainter(record, threads=1)
    painter.load()
    return painter


@pytest.fixture
def canvas(painter: DiffusersPainter) -> Callable[..., Canvas]:
    width, height = painter.record.sizes["1:1"]

    def make(prompt: str = "a fox", seed: int = 1, **options: object) -> Canvas:
        return Canvas(prompt, None, seed, width, height, **options)  # type: ignore[arg-type]

    return make


def go_on(_done: float, _previews: object) -> bool:
    return True


def test_each_canvas_gets_a_picture_of_its_size_in_order(
    painter: DiffusersPainter, canvas: Callable[..., Canvas]
) -> None:
    pictures = painter.paint([canvas(seed=1), canvas(seed=2)], go_on)
    assert [picture.size for picture in pictures] == [painter.record.sizes["1:1"]] * 2
    assert [picture.mode for picture in pictures] == ["RGB", "RGB"]
    assert np.asarray(pictures[0]).tobytes() != np.asarray(pictures[1]).tobytes()


def test_the_same_seed_gives_the_same_picture(painter: DiffusersPainter, canvas: Callable[..., Canvas]) -> None:
    once, again = (painter.paint([canvas(seed=5)], go_on)[0] for _ in range(2))
    assert once.tobytes() == again.tobytes()


def test_progress_rises_to_one_and_can_stop_the_painting(
    painter: DiffusersPainter, canvas: Callable[..., Canvas]
) -> None:
    seen: list[float] = []
    painter.paint([canvas()], lambda done, _previews: not seen.append(done))  # type: ignore[func-returns-value]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Interrupted):
        painter.paint([canvas()], lambda _done, _previews: False)


def test_previews_are_small_pictures_where_the_model_has_them(
    painter: DiffusersPainter, canvas: Callable[..., Canvas]
) -> None:
    shown: list[str] = []

    def look(_done: float, previews: Callable[[], list[str]] | None) -> bool:
        shown.extend(previews() if previews else [])
        return True

    painter.paint([canvas(), canvas(seed=2)], look)
    assert len(shown) == (4 if painter.record.id == "pocket" else 0)
    assert all(url.startswith("data:image/jpeg;base64,") and len(url) < 8000 for url in shown)


def test_a_picture_can_be_started_from_another(painter: DiffusersPainter, canvas: Callable[..., Canvas]) -> None:
    source = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(source, "WEBP")
    pictures = painter.paint([canvas(source=source.getvalue(), strength=0.9)], go_on)
    assert pictures[0].size == painter.record.sizes["1:1"]


def test_a_negative_prompt_is_taken_for_some_of_the_canvases(
    painter: DiffusersPainter, canvas: Callable[..., Canvas]
) -> None:
    pictures = painter.paint([replace(canvas(), negative_prompt="a cat"), canvas(seed=2)], go_on)
    assert len(pictures) == 2
