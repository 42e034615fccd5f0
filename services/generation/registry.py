"""The models we know: where each comes from, what it may be used for, what it can do, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MODELS_FOLDER = Path(__file__).resolve().parents[2] / "models"
Sizes = dict[str, tuple[int, int]]

SDXL_SIZES: Sizes = {
    "1:1": (1024, 1024),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
}
"""Of the resolutions that SDXL was trained on (Podell et al., 2023, arXiv:2307.01952), the nearest to each aspect."""


@dataclass(frozen=True)
class Weights:
    """Files of a hub repository at one commit; `file` when only one of them is wanted."""

    repository: str
    revision: str
    file: str | None = None


@dataclass(frozen=True)
class Hardware:
    """What a model needs of a GPU. `gpus` are Modal's names, the recommended one first, then what will also do.

    `vram_gb` is the size of the weights in the given precision and an allowance for activations of the largest batch: a
    calculation, not a measurement.
    """

    vram_gb: float
    gpus: tuple[str, ...]
    precision: Literal["fp16", "bf16"] = "fp16"


@dataclass(frozen=True)
class ModelRecord:
    """One model.

    Attributes:
        source: hub repository or folder of the pipeline.
        revision: commit of that repository, 40 hexadecimal digits; None only for a folder or a model without a record.
        variant: suffix of the weights' files, as `fp16`; only safetensors are ever loaded.
        sizes: aspect → (width, height) in pixels; empty until a pipeline without a record has been loaded.
        denoiser: weights of a distilled U-Net that replaces the pipeline's own.
        vae: weights that replace the pipeline's decoder.
        tiny_vae: a small decoder that may replace the pipeline's own: quicker, at some loss of fine detail.
        trailing: whether the few steps have to be spaced from the noisy end.
        prompt_tokens: longest prompt that the text encoder takes, where that has to be said.
        picture_per_core: whether a CPU paints most when each core has a picture of its own: the operations are too
            small to be split among cores, and pictures together in one tensor take nearly as long as one by one.
        licence_note: a sentence for whoever runs the service.
        gated: whether the hub gives the weights only to accounts that have accepted the licence.
    """

    id: str
    title: str
    source: str
    licence: str
    commercial_use: bool
    steps: int
    sizes: Sizes
    licence_url: str | None = None
    licence_note: str | None = None
    revision: str | None = None
    variant: str | None = None
    gated: bool = False
    guidance_scale: float = 0.0
    negative_prompt: bool = False
    image_to_image: bool = True
    max_n: int = 4
    max_batch: int = 8
    styles: dict[str, str] = field(default_factory=dict)
    hardware: Hardware | None = None
    denoiser: Weights | None = None
    vae: Weights | None = None
    tiny_vae: Weights | None = None
    trailing: bool = False
    prompt_tokens: int | None = None
    picture_per_core: bool = False


TAESDXL = Weights("madebyollin/taesdxl", "b20258aaef75ef61e659c1e0f14f251cf0ad153e")
TAEF1 = Weights("madebyollin/taef1", "b1b2d00e9e440cfbf3dedb34266864da86016ceb")
SDXL_VAE_FP16 = Weights("madebyollin/sdxl-vae-fp16-fix", "207b116dae70ace3637169f1ddd2434b91b3a8cd")
"""SDXL's decoder with weights scaled so that it needs no float32 (MIT, as the two tiny decoders are)."""

POCKET = ModelRecord(
    id="pocket",
    title="Pocket",
    source=str(MODELS_FOLDER / "pocket"),
    licence="MIT",
    commercial_use=True,
    steps=10,
    guidance_scale=1.5,
    negative_prompt=True,
    sizes={"1:1": (256, 256)},
    picture_per_core=True,
)

SDXL_TURBO = ModelRecord(
    id="sdxl-turbo",
    title="SDXL Turbo",
    source="stabilityai/sdxl-turbo",
    revision="71153311d3dbb46851df1931d3ca6e939de83304",
    variant="fp16",
    licence="Stability AI Non-Commercial Community License",
    licence_url="https://huggingface.co/stabilityai/sdxl-turbo/blob/main/LICENSE.md",
    licence_note="Research and other non-commercial use only; for anything commercial Stability AI sells a membership.",
    commercial_use=False,
    steps=1,
    sizes={"1:1": (512, 512)},
    max_batch=16,
    hardware=Hardware(vram_gb=12, gpus=("L4", "A10G", "L40S")),
    vae=SDXL_VAE_FP16,
    tiny_vae=TAESDXL,
    trailing=True,
)

SDXL_LIGHTNING = ModelRecord(
    id="sdxl-lightning",
    title="SDXL Lightning, 4 steps",
    source="stabilityai/stable-diffusion-xl-base-1.0",
    revision="462165984030d82259a11f4367a4eed129e94a7b",
    variant="fp16",
    licence="CreativeML Open RAIL++-M",
    licence_url="https://huggingface.co/ByteDance/SDXL-Lightning/blob/main/LICENSE.md",
    licence_note="Commercial use is allowed; the uses listed in its attachment A are not, and have to be forbidden to "
    "the people who use the service too.",
    commercial_use=True,
    steps=4,
    sizes=SDXL_SIZES,
    max_batch=8,
    hardware=Hardware(vram_gb=20, gpus=("L40S", "A100-40GB", "H100")),
    denoiser=Weights(
        "ByteDance/SDXL-Lightning",
        "c9a24f48e1c025556787b0c58dd67a091ece2e44",
        "sdxl_lightning_4step_unet.safetensors",
    ),
    vae=SDXL_VAE_FP16,
    tiny_vae=TAESDXL,
    trailing=True,
)

FLUX_SCHNELL = ModelRecord(
    id="flux-schnell",
    title="FLUX.1 schnell",
    source="black-forest-labs/FLUX.1-schnell",
    revision="741f7c3ce8b383c54771c7003378a50191e9efe9",
    licence="Apache-2.0",
    licence_url="https://huggingface.co/black-forest-labs/FLUX.1-schnell/blob/main/LICENSE.md",
    commercial_use=True,
    gated=True,
    steps=4,
    sizes=SDXL_SIZES,
    max_batch=4,
    hardware=Hardware(vram_gb=42, gpus=("H100", "A100-80GB", "L40S"), precision="bf16"),
    tiny_vae=TAEF1,
    prompt_tokens=256,
)

Z_IMAGE_TURBO = ModelRecord(
    id="z-image-turbo",
    title="Z-Image Turbo",
    source="Tongyi-MAI/Z-Image-Turbo",
    revision="f332072aa78be7aecdf3ee76d5c247082da564a6",
    licence="Apache-2.0",
    licence_url="https://huggingface.co/Tongyi-MAI/Z-Image-Turbo",
    commercial_use=True,
    steps=9,
    sizes=SDXL_SIZES,
    max_batch=4,
    hardware=Hardware(vram_gb=28, gpus=("H100", "A100-40GB", "L40S"), precision="bf16"),
    prompt_tokens=512,
)

RECORDS: dict[str, ModelRecord] = {
    record.id: record for record in (POCKET, SDXL_TURBO, SDXL_LIGHTNING, FLUX_SCHNELL, Z_IMAGE_TURBO)
}


def find_model(name: str) -> ModelRecord:
    """The record called `name`, by its id or its hub repository.

    For a hub repository or a folder without a record, one that claims little: its sizes, and whether it takes negative
    prompts and starts from pictures, are read off the pipeline when it has been loaded.
    """
    for record in RECORDS.values():
        if name in (record.id, record.denoiser.repository if record.denoiser else record.source):
            return record
    short = name.rstrip("/").rpartition("/")[2]
    return ModelRecord(
        id=short.lower() or "custom",
        title=short or "Custom",
        source=name,
        licence="unknown: read the model's own card",
        licence_note="This model has no record here: whether you may use it for your purpose stands in its own card.",
        commercial_use=False,
        steps=20,
        guidance_scale=5.0,
        negative_prompt=True,
        sizes={},
        max_batch=4,
    )
