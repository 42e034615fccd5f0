"""Any diffusers text-to-image pipeline as a painter, on CUDA, MPS or CPU (diffusers, torch)."""

from __future__ import annotations

import base64
import inspect
import io
import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from services.generation.pipelines import FastPath, Loaded, lanes, load
from services.generation.ports import Canvas, Interrupted, Progress, Readiness
from services.generation.registry import POCKET, ModelRecord

PREVIEW_SIDE = 96


class DiffusersPainter:
    """Loads a pipeline once and calls it with batches. The same seed on the same machine gives the same picture."""

    def __init__(self, record: ModelRecord, *, threads: int, fast: FastPath | None = None) -> None:
        self.record, self.lanes = record, lanes(record, threads)
        self._threads, self._fast = threads, fast or FastPath()
        self._loaded: Loaded | None = None

    def load(self) -> None:
        """Load the weights and paint once, so that nobody waits for what is done at the first call."""
        self._loaded = load(self.record, threads=self._threads, fast=self._fast)
        self.record = self._loaded.record
        # A compiled model is compiled again for a new batch size, and once more for a new shape; then it is general.
        shapes = list(self.record.sizes.values())
        batches = [(1, shapes[0])]
        if self._fast.compile != "no":
            batches += [(self.record.max_batch, shapes[0]), *((1, shape) for shape in shapes[1:])]
        for count, (width, height) in batches:
            self.paint([Canvas("a red circle", None, 0, width, height)] * count, lambda _done, _previews: True)

    def readiness(self) -> Readiness:
        """Warm as soon as it is loaded: this model never goes away."""
        return Readiness("waking" if self._loaded is None else "warm")

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Image.Image]:
        """Pictures as RGB. Raises `Interrupted` when `on_progress` says stop, and what the model raises."""
        if self._loaded is None:
            raise RuntimeError("the model has not been loaded")
        torch.set_num_threads(self._loaded.threads)  # OpenMP keeps this by thread, and each call may have another
        first, record = canvases[0], self.record
        steps, painted_steps = record.steps, record.steps
        options: dict[str, Any] = {
            "prompt": [canvas.prompt for canvas in canvases],
            "generator": [torch.Generator("cpu").manual_seed(canvas.seed) for canvas in canvases],
            "guidance_scale": record.guidance_scale,
            "width": first.width,
            "height": first.height,
        }
        if record.prompt_tokens:
            options["max_sequence_length"] = record.prompt_tokens
        if record.negative_prompt and any(canvas.negative_prompt for canvas in canvases):
            options["negative_prompt"] = [canvas.negative_prompt or "" for canvas in canvases]
        pipeline = self._loaded.text_to_image
        if first.source is not None:
            pipeline = self._loaded.image_to_image
            options["image"] = [_open(canvas) for canvas in canvases]
            options["strength"] = first.strength
            if record.id != POCKET.id:
                steps, painted_steps, options["strength"] = steps_from_source(record.steps, first.strength)
        options["num_inference_steps"] = steps
        options["callback_on_step_end"] = _between_steps(painted_steps, on_progress)
        accepted = inspect.signature(pipeline.__call__).parameters
        with torch.inference_mode():
            result = pipeline(**{name: value for name, value in options.items() if name in accepted})
        return [picture.convert("RGB") for picture in result.images]


def steps_from_source(steps: int, strength: float) -> tuple[int, int, float]:
    """Steps to schedule, how many of them are made, and the strength to ask for, when starting from a picture.

    Pipelines make a `strength` share of their steps, and fail when that is none: a model of one to four steps needs a
    longer schedule, of which it then makes at least one.
    """
    strength = max(strength, 0.1)
    scheduled = max(steps, math.ceil(1 / strength))
    return scheduled, max(1, min(scheduled, int(scheduled * strength))), strength


def _open(canvas: Canvas) -> Image.Image:
    """The picture to start from, at the canvas' size; it was made or checked by us, so decoding it is safe."""
    return Image.open(io.BytesIO(canvas.source or b"")).convert("RGB").resize((canvas.width, canvas.height))


def _between_steps(steps: int, on_progress: Progress) -> Any:
    def call(_pipeline: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        predicted: torch.Tensor | None = values.get("preview")  # only the pocket pipeline has one that costs nothing

        def previews() -> list[str]:
            return [_data_url(picture) for picture in (() if predicted is None else predicted)]

        if not on_progress(min(1.0, (step + 1) / steps), previews if predicted is not None else None):
            raise Interrupted
        return values

    return call


def _data_url(picture: torch.Tensor) -> str:
    """A small JPEG of a (3, height, width) tensor with values in 0..1."""
    pixels = (picture.float() * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((PREVIEW_SIDE, PREVIEW_SIDE)).save(buffer, "JPEG", quality=60)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
