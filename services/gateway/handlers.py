"""What the gateway reacts to: verdicts on prompts and pictures, failures, decisions, and live news of the generator."""

from __future__ import annotations

from services.gateway.context import Parts
from services.gateway.generating import flow, steps
from services.gateway.posting import appearing, decisions
from shared.bus import Bus
from shared.events import (
    DecisionMade,
    GenerationFailed,
    ImageApproved,
    ImageRejected,
    PromptRejected,
    WordsJudged,
    WordsStopped,
)
from shared.live import GenerationChanged, GenerationProgressed, GenerationRendered, GenerationStarted, QueueMeasured


def register(bus: Bus, parts: Parts) -> None:
    """Hear everything that concerns the gateway."""

    @bus.on(PromptRejected)
    async def prompt_rejected(event: PromptRejected) -> None:
        await flow.prompt_rejected(parts, event)

    @bus.on(GenerationFailed)
    async def generation_failed(event: GenerationFailed) -> None:
        await flow.generation_failed(parts, event)

    @bus.on(ImageApproved)
    async def image_approved(event: ImageApproved) -> None:
        await flow.picture_judged(parts, event, None)

    @bus.on(ImageRejected)
    async def image_rejected(event: ImageRejected) -> None:
        await flow.picture_judged(parts, event, event.decision)

    @bus.on(WordsJudged)
    async def words_judged(event: WordsJudged) -> None:
        await appearing.words_judged(parts, event)

    @bus.on(WordsStopped)
    async def words_stopped(event: WordsStopped) -> None:
        await decisions.tell_of_words(parts, event)

    @bus.on(DecisionMade)
    async def decision_made(event: DecisionMade) -> None:
        await decisions.apply(parts, event)

    @bus.hear(GenerationStarted, shared=True)
    async def started(message: GenerationStarted) -> None:
        await flow.painting_news(
            parts, message.generation_id, lambda one: steps.painting_began(one, message.attempt, message.at)
        )

    @bus.hear(GenerationRendered, shared=True)
    async def rendered(message: GenerationRendered) -> None:
        await flow.painting_news(
            parts, message.generation_id, lambda one: steps.painting_ended(one, message.attempt, message.at)
        )

    @bus.hear(GenerationChanged)
    async def changed(message: GenerationChanged) -> None:
        parts.watchers.changed(message)

    @bus.hear(GenerationProgressed)
    async def progressed(message: GenerationProgressed) -> None:
        parts.watchers.progressed(message)

    @bus.hear(QueueMeasured)
    async def measured(message: QueueMeasured) -> None:
        parts.line.measure(message)
        parts.watchers.queue_moved(parts.line)
