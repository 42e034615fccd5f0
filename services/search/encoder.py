"""Pictures and queries as vectors, by any open_clip model: the one in the repository, or a big one by name."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from safetensors.torch import load_file

from services.search import sentences
from services.search.points import Signal, Vector
from services.search.torchvision_operators import import_torchvision

import_torchvision()

import open_clip  # noqa: E402
from open_clip.transform import PreprocessCfg, image_transform_v2  # noqa: E402

log = structlog.get_logger(__name__)

CONFIG, TOWER, REFERENCE = "open_clip_config.json", "image_tower.safetensors", "reference.safetensors"
MOST_PIXELS = 16_000_000
REMEMBERED_QUERIES = 1024


class OpenClipEncoder:
    """Satisfies `ports.Encoder`.

    Texts and pictures each have one thread, so that nobody's search waits for an album to be read; each uses one core.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        preprocess: Any,
        prompts: sentences.SentenceEncoder,
        tokenizer: Any = None,
        reference: dict[str, torch.Tensor] | None = None,
    ) -> None:
        """`tokenizer` is that of the model's own text tower; None when pictures lie in the space of the prompts."""
        self.name = f"{name}+all-MiniLM-L6-v2"
        self.prompt_width = sentences.WIDTH
        self._visual, self._preprocess, self._prompts = model.visual.eval().requires_grad_(False), preprocess, prompts
        self._text = None if tokenizer is None else (model.eval().requires_grad_(False), tokenizer)
        self._reference = reference or {}
        self._read_text = ThreadPoolExecutor(1, "encode-text")
        self._read_images = ThreadPoolExecutor(1, "encode-image")
        self._remembered = lru_cache(REMEMBERED_QUERIES)(self._encode_query)
        self.image_width = len(self._encode_images([_blank()])[0] or ())

    @classmethod
    def load(cls, model: str) -> OpenClipEncoder:
        """Load a folder, `hf-hub:<org>/<repo>` or `<open_clip name>/<pretrained tag>`.

        Raises:
            FileNotFoundError: the folder lacks a file.
            RuntimeError: open_clip does not know the name, or cannot get its weights.
        """
        torch.set_num_threads(1)
        if Path(model).is_dir():
            return _shipped(Path(model))
        name, _, tag = (model, "", "") if model.startswith("hf-hub:") else model.rpartition("/")
        if not name:
            raise FileNotFoundError(f"SEARCH_ENCODER={model} is no folder, and no `<open_clip name>/<pretrained tag>`")
        clip, _, preprocess = open_clip.create_model_and_transforms(name, tag or None, require_pretrained=True)
        tokenizer = open_clip.get_tokenizer(name)
        return cls(f"{name}@{tag or 'main'}", clip, preprocess, sentences.SentenceEncoder.load(), tokenizer)

    async def encode_query(self, text: str) -> tuple[Vector, Vector]:
        return await asyncio.get_running_loop().run_in_executor(self._read_text, self._remembered, text)

    async def encode_prompt(self, text: str) -> Vector:
        return await asyncio.get_running_loop().run_in_executor(self._read_text, self._prompts.encode, text)

    async def encode_images(self, images: Sequence[bytes]) -> list[Vector | None]:
        return await asyncio.get_running_loop().run_in_executor(self._read_images, self._encode_images, images)

    def reference(self, signal: Signal) -> list[Vector]:
        rows = self._reference.get(signal.value)
        return [] if rows is None else rows.float().tolist()

    async def close(self) -> None:
        for pool in (self._read_text, self._read_images):
            pool.shutdown(cancel_futures=True)

    @torch.inference_mode()
    def _encode_query(self, text: str) -> tuple[Vector, Vector]:
        prompt = self._prompts.encode(text)
        if self._text is None:
            return prompt, prompt
        model, tokenizer = self._text
        readable = text.encode("utf-8", "ignore").decode()
        return model.encode_text(tokenizer([readable]), normalize=True)[0].tolist(), prompt

    @torch.inference_mode()
    def _encode_images(self, images: Sequence[bytes]) -> list[Vector | None]:
        vectors: list[Vector | None] = []
        for data in images:
            picture = _picture(data)
            if picture is None:
                vectors.append(None)
                continue
            pixels = self._preprocess(picture).unsqueeze(0)
            vectors.append(F.normalize(self._visual(pixels), dim=-1)[0].tolist())
        return vectors


def _shipped(folder: Path) -> OpenClipEncoder:
    """The encoder in a folder: an image tower trained against frozen MiniLM, whose weights are not in the folder."""
    for name in (CONFIG, TOWER, REFERENCE):
        if not (folder / name).exists():
            raise FileNotFoundError(f"no {name} in {folder}: `python -m training.clip` makes it")
    config = json.loads((folder / CONFIG).read_text())
    shape = config["model_cfg"]
    text = shape["text_cfg"]
    if text["hf_model_name"] != sentences.MODEL:
        raise RuntimeError(f"{folder / CONFIG} names the text model {text['hf_model_name']}, not {sentences.MODEL}")
    # Not by `create_model`, which warns of every model that it is not to load whole.
    model = open_clip.CustomTextCLIP(
        shape["embed_dim"], shape["vision_cfg"], text | {"hf_model_name": str(sentences.model_folder())}
    )
    preprocess = image_transform_v2(PreprocessCfg(**config["preprocess_cfg"]), is_train=False)
    tower = {name: value.float() for name, value in load_file(folder / TOWER).items()}
    model.visual.load_state_dict(tower)
    revision = hashlib.sha256((folder / TOWER).read_bytes()).hexdigest()[:12]
    prompts = sentences.SentenceEncoder(model.text.transformer)
    return OpenClipEncoder(
        f"{folder.name}@{revision}", model, preprocess, prompts, reference=load_file(folder / REFERENCE)
    )


def _picture(data: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                log.warning("picture is too large to be read", width=image.width, height=image.height)
                return None
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        log.warning("bytes are no picture", size=len(data))
        return None


def _blank() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()
