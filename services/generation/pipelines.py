"""Loading a diffusers pipeline from its record, and making it fast on the device at hand (diffusers, torch)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from services.generation.pocket.pipeline import PocketPipeline  # before diffusers: it mends torchvision's operators
from services.generation.registry import POCKET, ModelRecord, Sizes, Weights

from diffusers import AutoencoderKL, AutoencoderTiny, AutoPipelineForImage2Image  # isort: skip
from diffusers import AutoPipelineForText2Image, UNet2DConditionModel  # isort: skip
from diffusers.utils.logging import disable_progress_bar  # isort: skip
from huggingface_hub import hf_hub_download  # isort: skip
from safetensors.torch import load_file  # isort: skip

PRECISIONS = {"fp16": torch.float16, "bf16": torch.bfloat16}
DEFAULT_SIDE = 512


@dataclass(frozen=True)
class FastPath:
    """What is done beyond loading.

    Attributes:
        compile: `kernels` generates fused kernels for the denoiser and the decoder, `graphs` also records them as CUDA
            graphs, which pays for small batches, where launching kernels takes longer than running them.
        tiny_vae: decode with the record's tiny VAE: a tenth of the time, softer fine detail such as faces and letters.
    """

    compile: Literal["no", "kernels", "graphs"] = "no"
    tiny_vae: bool = False


@dataclass(frozen=True)
class Loaded:
    """The pipelines for prompts alone and for prompts with a picture, which share their weights; the latter may be
    missing. `record` is what was asked for, with what could only be read off the pipeline."""

    record: ModelRecord
    device: str
    threads: int
    text_to_image: Any
    image_to_image: Any | None

    @property
    def denoiser(self) -> str:
        """Name of the part that runs once a step."""
        return "unet" if getattr(self.text_to_image, "unet", None) is not None else "transformer"


def best_device() -> str:
    """cuda, mps or cpu."""
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def lanes(record: ModelRecord, cores: int) -> int:
    """How many batches are painted at once on the best device: what fills it."""
    return cores if record.picture_per_core and best_device() == "cpu" else 1


def load(record: ModelRecord, *, threads: int, fast: FastPath) -> Loaded:
    """Load onto the best device.

    Raises:
        OSError: the weights are neither here nor to be had, or are no safetensors.
    """
    disable_progress_bar()  # of the pipeline's parts; a log is no terminal
    device = best_device()
    if record.id == POCKET.id:
        pocket = PocketPipeline.from_pretrained(record.source)
        pocket.to(device)
        if device == "cpu":
            pocket.trace()
            record, threads = replace(record, max_batch=1), 1
        pocket.set_progress_bar_config(disable=True)
        return Loaded(record, device, threads, pocket, pocket)
    pipeline = _from_pretrained(record, device, fast)
    loaded = _described(Loaded(record, device, threads, pipeline, _image_to_image(pipeline)))
    if device == "cuda":
        _speed_up(loaded, fast)
    return loaded


def _from_pretrained(record: ModelRecord, device: str, fast: FastPath) -> Any:
    precision = PRECISIONS[record.hardware.precision if record.hardware else "fp16"]
    options: dict[str, Any] = {"dtype": torch.float32 if device == "cpu" else precision}
    parts: dict[str, Any] = {}
    if record.denoiser:
        parts["unet"] = _denoiser(record, record.denoiser).to(options["dtype"])
    if record.tiny_vae and fast.tiny_vae:
        weights = record.tiny_vae
        parts["vae"] = AutoencoderTiny.from_pretrained(weights.repository, revision=weights.revision, **options)
    elif record.vae:
        parts["vae"] = AutoencoderKL.from_pretrained(
            record.vae.repository, revision=record.vae.revision, use_safetensors=True, **options
        )
    # The class is named by the repository's model_index.json, which the pinned revision fixes as well as code could.
    pipeline = AutoPipelineForText2Image.from_pretrained(
        record.source, revision=record.revision, variant=record.variant, use_safetensors=True, **parts, **options
    )
    if record.trailing:
        pipeline.scheduler = type(pipeline.scheduler).from_config(
            pipeline.scheduler.config, timestep_spacing="trailing"
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _denoiser(record: ModelRecord, weights: Weights) -> Any:
    """The pipeline's U-Net in shape, with a distilled one's weights."""
    config = UNet2DConditionModel.load_config(record.source, subfolder="unet", revision=record.revision)
    unet = UNet2DConditionModel.from_config(config)
    unet.load_state_dict(load_file(_file(weights)))
    return unet


def _file(weights: Weights) -> Path:
    if weights.file is None:
        raise ValueError(f"The record of {weights.repository} names no file.")
    folder = Path(weights.repository)
    if folder.is_dir():
        return folder / weights.file
    return Path(hf_hub_download(weights.repository, weights.file, revision=weights.revision))


def _image_to_image(pipeline: Any) -> Any | None:
    try:
        found = AutoPipelineForImage2Image.from_pipe(pipeline)
    except ValueError:
        return None
    found.set_progress_bar_config(disable=True)
    return found


def _described(loaded: Loaded) -> Loaded:
    """The record with what the pipeline really can do, so that nothing else is offered."""
    record = loaded.record
    accepted = inspect.signature(loaded.text_to_image.__call__).parameters
    record = replace(
        record,
        image_to_image=record.image_to_image and loaded.image_to_image is not None,
        negative_prompt=record.negative_prompt and "negative_prompt" in accepted,
        sizes=record.sizes or _native_sizes(loaded),
    )
    return replace(loaded, record=record)


def _native_sizes(loaded: Loaded) -> Sizes:
    """The square that the pipeline was trained on, and two oblongs of about as many pixels."""
    pipeline = loaded.text_to_image
    scale = int(getattr(pipeline, "vae_scale_factor", 8))
    part = getattr(pipeline, loaded.denoiser, None)
    latent_side = getattr(pipeline, "default_sample_size", None) or getattr(
        getattr(part, "config", None), "sample_size", None
    )
    side = int(latent_side) * scale if isinstance(latent_side, int) else DEFAULT_SIDE
    step = 8 * scale  # a U-Net halves its map three times
    if side < 8 * step:
        return {"1:1": (side, side)}
    long, short = round(side * 1.2 / step) * step, round(side * 0.8 / step) * step
    return {"1:1": (side, side), "3:2": (long, short), "2:3": (short, long)}


def _speed_up(loaded: Loaded, fast: FastPath) -> None:
    torch.backends.cuda.matmul.allow_tf32 = True
    pipeline = loaded.text_to_image
    denoiser = getattr(pipeline, loaded.denoiser)
    if hasattr(denoiser, "fuse_qkv_projections"):
        denoiser.fuse_qkv_projections()
    if loaded.denoiser == "unet":
        denoiser.to(memory_format=torch.channels_last)
    pipeline.vae.to(memory_format=torch.channels_last)
    if fast.compile == "no":
        return
    mode = "reduce-overhead" if fast.compile == "graphs" else "max-autotune-no-cudagraphs"
    denoiser.compile(mode=mode, fullgraph=True)  # in place, so that both pipelines run it
    pipeline.vae.decode = torch.compile(pipeline.vae.decode, mode=mode, fullgraph=True)


def peak_memory_gb() -> float | None:
    """Most memory that was in use on the GPU so far; None without CUDA."""
    return round(torch.cuda.max_memory_allocated() / 1e9, 2) if torch.cuda.is_available() else None
