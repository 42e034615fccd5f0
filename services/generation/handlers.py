"""What generation reacts to and answers."""

from __future__ import annotations

from collections.abc import Callable

from services.generation.service import Generation
from shared.bus import Bus
from shared.events import GenerationCanceled, PromptApproved
from shared.live import PromptIntended
from shared.queries import ListModels, Models


def register(bus: Bus, generation: Generation, on_intent: Callable[[], None]) -> None:
    """Connect the service's decisions to the broker. `on_intent` is called when somebody is about to write a prompt."""

    @bus.on(PromptApproved)
    async def paint(event: PromptApproved) -> None:
        await generation.paint(event)

    @bus.on(GenerationCanceled)
    async def cancel(event: GenerationCanceled) -> None:
        await generation.cancel(event.generation_id)

    @bus.hear(PromptIntended)
    async def intended(_: PromptIntended) -> None:
        on_intent()

    @bus.answer(ListModels)
    async def models(_: ListModels) -> Models:
        return generation.models()
