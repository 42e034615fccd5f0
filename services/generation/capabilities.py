"""What the loaded model can do: as it is offered, and as prompts are held to it."""

from __future__ import annotations

from services.generation.registry import ModelRecord
from shared.events import PictureRequest
from shared.queries import ModelCapabilities


def capabilities(record: ModelRecord) -> ModelCapabilities:
    """What may be asked of this model, and nothing else."""
    return ModelCapabilities(
        id=record.id,
        title=record.title,
        licence=record.licence,
        licence_url=record.licence_url,
        commercial_use=record.commercial_use,
        steps=record.steps,
        guidance=record.guidance_scale > 0,
        negative_prompt=record.negative_prompt,
        image_to_image=record.image_to_image,
        sizes=record.sizes,
        max_n=record.max_n,
        styles=tuple(record.styles),
        licence_note=record.licence_note,
        revision=record.revision,
    )


def unpaintable(record: ModelRecord, request: PictureRequest) -> tuple[str, str] | None:
    """Code and sentence for what this model can't paint; None when it can."""
    if request.model != record.id:
        return "model_unavailable", f"The model {request.model} is not running here."
    if request.style is not None and request.style not in record.styles:
        return "style_unavailable", f"{record.title} knows no style called {request.style}."
    if request.aspect not in record.sizes:
        return "aspect_unavailable", f"{record.title} can't paint {request.aspect}."
    if not 1 <= len(request.image_ids) <= record.max_n:
        return "too_many_pictures", f"{record.title} paints 1 to {record.max_n} pictures at once."
    return None
