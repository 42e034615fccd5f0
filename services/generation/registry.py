"""The models we know: where each comes from, what it may be used for, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MODELS_FOLDER = Path(__file__).resolve().parents[2] / "models"


@dataclass(frozen=True)
class ModelRecord:
    """One model. `sizes` maps an aspect to (width, height) in pixels; `revision` pins a hub repository."""

    id: str
    title: str
    source: str
    licence: str
    commercial_use: bool
    steps: int
    sizes: dict[str, tuple[int, int]]
    licence_url: str | None = None
    revision: str | None = None
    guidance_scale: float = 0.0
    negative_prompt: bool = False
    image_to_image: bool = True
    max_n: int = 4
    max_batch: int = 8
    styles: dict[str, str] = field(default_factory=dict)


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
)

RECORDS: dict[str, ModelRecord] = {POCKET.id: POCKET}


def find_model(name: str) -> ModelRecord:
    """The record of `name`; for a hub id or a folder that has none, a cautious one that claims little."""
    if name in RECORDS:
        return RECORDS[name]
    return ModelRecord(
        id=name.rstrip("/").rpartition("/")[2].lower() or "custom",
        title=name,
        source=name,
        licence="unknown: read the model's own card",
        commercial_use=False,
        steps=20,
        guidance_scale=5.0,
        negative_prompt=True,
        sizes={"1:1": (512, 512), "3:2": (768, 512), "2:3": (512, 768)},
        max_batch=4,
    )
