"""What generation reacts to and answers."""

from __future__ import annotations

from services.generation.service import Generation
from shared.bus import Bus
from shared.events import GenerationCanceled, PromptApproved
from shared.queries import ListModels, Models


def register(bus: Bus, generation: Generation) -> None:
    """Connect the service's decisions to the broker."""

    @bus.on(PromptApproved)
    async def paint(event: PromptApproved) -> None:
        await generation.paint(event)

    @bus.on(GenerationCanceled)
    async def cancel(event: GenerationCanceled) -> None:
        await generation.cancel(event.generation_id)

    @bus.answer(ListModels)
    async def models(_: ListModels) -> Models:
        return generation.models()
