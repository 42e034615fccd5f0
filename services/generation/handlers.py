"""What generation reacts to and answers."""

from __future__ import annotations

from services.generation.scaling.control import Demand
from services.generation.service import Generation
from shared.bus import Bus
from shared.events import GenerationCanceled, PromptApproved
from shared.live import PromptIntended
from shared.queries import ListModels, Models


def register(bus: Bus, generation: Generation, demand: Demand) -> None:
    """Connect the service's decisions to the broker; `demand` hears of every prompt, before it is written and while."""

    @bus.on(PromptApproved)
    async def paint(event: PromptApproved) -> None:
        with demand.request(len(event.request.image_ids)):
            await generation.paint(event)

    @bus.on(GenerationCanceled)
    async def cancel(event: GenerationCanceled) -> None:
        await generation.cancel(event.generation_id)

    @bus.hear(PromptIntended)
    async def intended(_: PromptIntended) -> None:
        demand.intended()

    @bus.answer(ListModels)
    async def models(_: ListModels) -> Models:
        return generation.models()
