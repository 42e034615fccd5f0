"""Loading pipelines from records, with a tiny random pipeline in a folder where a hub repository would be."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.generation import pipelines
from services.generation.diffusers_painter import DiffusersPainter, steps_from_source
from services.generation.pipelines import FastPath
from services.generation.ports import Canvas
from services.generation.registry import POCKET, RECORDS, ModelRecord, Weights, find_model
from tests.contracts.generation.tiny_pipeline import tiny_stable_diffusion

from diffusers import AutoencoderTiny, UNet2DConditionModel  # isort: skip
from safetensors.torch import save_file  # isort: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelRecord:
    return tiny_stable_diffusion(tmp_path_factory.mktemp("tiny"))


def painted(record: ModelRecord, fast: FastPath | None = None) -> np.ndarray:
    painter = DiffusersPainter(record, threads=1, fast=fast)
    painter.load()
    width, height = painter.record.sizes["1:1"]
    (picture,) = painter.paint([Canvas("a fox", None, 3, width, height)], lambda _done, _previews: True)
    assert picture.size == (width, height)
    return np.asarray(picture)


def test_a_folder_without_a_record_is_described_by_its_pipeline(tiny: ModelRecord) -> None:
    record = find_model(tiny.source)
    assert (record.title, record.commercial_use, record.sizes) == ("model", False, {})
    painter = DiffusersPainter(replace(record, steps=2), threads=1)
    painter.load()
    assert painter.record.sizes == {"1:1": (16, 16)}
    assert (painter.record.negative_prompt, painter.record.image_to_image) == (True, True)


@pytest.mark.parametrize(("device", "lanes"), [("cpu", 3), ("cuda", 1), ("mps", 1)])
def test_only_on_a_cpu_a_small_model_has_a_lane_for_each_core(
    tiny: ModelRecord, monkeypatch: pytest.MonkeyPatch, device: str, lanes: int
) -> None:
    monkeypatch.setattr(pipelines, "best_device", lambda: device)
    assert DiffusersPainter(POCKET, threads=3).lanes == lanes
    assert DiffusersPainter(tiny, threads=3).lanes == 1


def test_a_distilled_denoiser_replaces_the_pipelines_own(tiny: ModelRecord, tmp_path: Path) -> None:
    own = UNet2DConditionModel.from_pretrained(tiny.source, subfolder="unet").state_dict()
    save_file(own, tmp_path / "same.safetensors")
    save_file({name: values * 1.1 for name, values in own.items()}, tmp_path / "other.safetensors")
    plain = painted(tiny)
    same, other = (
        painted(replace(tiny, denoiser=Weights(str(tmp_path), "", f"{name}.safetensors"))) for name in ("same", "other")
    )
    assert np.array_equal(plain, same)
    assert not np.array_equal(plain, other)


def test_a_tiny_vae_is_used_when_it_is_wanted(tiny: ModelRecord, tmp_path: Path) -> None:
    torch.manual_seed(0)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1), latent_channels=4,
    ).save_pretrained(tmp_path)  # fmt: skip
    record = replace(tiny, tiny_vae=Weights(str(tmp_path), ""))
    plain = painted(record)
    assert np.array_equal(plain, painted(tiny))
    assert not np.array_equal(plain, painted(record, FastPath(tiny_vae=True)))


def test_few_steps_are_spaced_from_the_noisy_end_where_a_record_says_so(tiny: ModelRecord) -> None:
    assert not np.array_equal(painted(tiny), painted(replace(tiny, trailing=True)))


@pytest.mark.parametrize(
    ("steps", "strength", "expected"),
    [(1, 0.6, (2, 1, 0.6)), (1, 1.0, (1, 1, 1.0)), (4, 0.5, (4, 2, 0.5)), (4, 0.0, (10, 1, 0.1))],
)
def test_a_model_of_few_steps_makes_at_least_one_from_a_picture(
    steps: int, strength: float, expected: tuple[int, int, float]
) -> None:
    assert steps_from_source(steps, strength) == expected


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_says_what_it_must(record: ModelRecord) -> None:
    assert record.licence
    assert 1 <= record.max_n <= 4
    assert all(width % 16 == 0 and height % 16 == 0 for width, height in record.sizes.values())
    if record is POCKET:
        return
    parts = [part for part in (record.denoiser, record.vae, record.tiny_vae) if part]
    assert all(re.fullmatch("[0-9a-f]{40}", str(pinned)) for pinned in [record.revision, *(p.revision for p in parts)])
    assert record.licence_url
    assert record.hardware
    assert find_model(record.id) is record
    if not record.commercial_use:
        assert record.licence_note


def test_models_are_found_by_their_repository_too() -> None:
    assert find_model("stabilityai/sdxl-turbo").commercial_use is False
    assert find_model("ByteDance/SDXL-Lightning").id == "sdxl-lightning"
    assert [record.id for record in RECORDS.values() if record.commercial_use and record.revision] == [
        "sdxl-lightning",
        "flux-schnell",
        "z-image-turbo",
    ]
