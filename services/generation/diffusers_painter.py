"""Any diffusers text-to-image pipeline as a painter, on CUDA, MPS or CPU (diffusers, torch)."""

from __future__ import annotations

import base64
import inspect
import io
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from services.generation.pocket.pipeline import PocketPipeline  # before diffusers: it mends torchvision's operators
from services.generation.ports import Canvas, Interrupted, Progress
from services.generation.registry import POCKET, ModelRecord

from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image  # isort: skip

PREVIEW_SIDE = 96


class DiffusersPainter:
    """Loads a pipeline once and calls it with batches. The same seed on the same machine gives the same picture."""

    def __init__(self, record: ModelRecord, *, threads: int) -> None:
        self.record = record
        self._threads = threads
        self._text_to_image: Any = None
        self._image_to_image: Any = None

    def load(self) -> None:
        torch.set_num_threads(self._threads)
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        if self.record.id == POCKET.id:
            self._text_to_image = self._image_to_image = PocketPipeline.from_pretrained(self.record.source)
        else:
            self._text_to_image = AutoPipelineForText2Image.from_pretrained(
                self.record.source,
                revision=self.record.revision,
                torch_dtype=torch.float32 if device == "cpu" else torch.float16,
                use_safetensors=True,
            )
            self._image_to_image = AutoPipelineForImage2Image.from_pipe(self._text_to_image)
        for pipeline in (self._text_to_image, self._image_to_image):
            pipeline.to(device)
            pipeline.set_progress_bar_config(disable=True)
        width, height = next(iter(self.record.sizes.values()))
        self.paint([Canvas("a red circle", None, 0, width, height)], lambda _done, _previews: True)

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Image.Image]:
        """Pictures as RGB. Raises `Interrupted` when `on_progress` says stop, and what the model raises."""
        first = canvases[0]
        options: dict[str, Any] = {
            "prompt": [canvas.prompt for canvas in canvases],
            "generator": [torch.Generator("cpu").manual_seed(canvas.seed) for canvas in canvases],
            "num_inference_steps": self.record.steps,
            "guidance_scale": self.record.guidance_scale,
            "width": first.width,
            "height": first.height,
            "callback_on_step_end": _between_steps(self.record.steps, on_progress),
        }
        if self.record.negative_prompt and any(canvas.negative_prompt for canvas in canvases):
            options["negative_prompt"] = [canvas.negative_prompt or "" for canvas in canvases]
        pipeline = self._text_to_image
        if first.source is not None:
            pipeline = self._image_to_image
            options["image"] = [_open(canvas) for canvas in canvases]
            options["strength"] = first.strength
        accepted = inspect.signature(pipeline.__call__).parameters
        with torch.inference_mode():
            result = pipeline(**{name: value for name, value in options.items() if name in accepted})
        return [picture.convert("RGB") for picture in result.images]


def _open(canvas: Canvas) -> Image.Image:
    """The picture to start from, at the canvas' size; it was made or checked by us, so decoding it is safe."""
    return Image.open(io.BytesIO(canvas.source or b"")).convert("RGB").resize((canvas.width, canvas.height))


def _between_steps(steps: int, on_progress: Progress) -> Any:
    def call(_pipeline: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        predicted: torch.Tensor | None = values.get("preview")  # only the pocket pipeline has one that costs nothing

        def previews() -> list[str]:
            return [_data_url(picture) for picture in (() if predicted is None else predicted)]

        if not on_progress((step + 1) / steps, previews if predicted is not None else None):
            raise Interrupted
        return values

    return call


def _data_url(picture: torch.Tensor) -> str:
    """A small JPEG of a (3, height, width) tensor with values in 0..1."""
    pixels = (picture.float() * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((PREVIEW_SIDE, PREVIEW_SIDE)).save(buffer, "JPEG", quality=60)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
