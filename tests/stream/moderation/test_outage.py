"""Moderation is away: nothing is told to be fine meanwhile, and what waited is judged in the order it came."""

from __future__ import annotations

import asyncio

from asgi_lifespan import LifespanManager

from services.moderation.main import create_app
from services.moderation.settings import ModerationSettings
from shared.bus import Bus
from shared.events import Event, ImageApproved, ImageRejected, PromptApproved, PromptRejected
from shared.settings import MongoSettings
from tests.stream.moderation.test_moderation import Media, WordScorer, image, prompt

WAITING = 40


async def test_what_waited_while_moderation_was_down_is_judged_in_order(settings: MongoSettings) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    gateway, generation = Bus(settings, "gateway"), Bus(settings, "generation")
    for kind in (PromptRejected, ImageApproved, ImageRejected):
        gateway.on(kind)(heard.put)
    generation.on(PromptApproved)(heard.put)
    await gateway.start()
    await generation.start()
    try:
        for number in range(WAITING):
            await gateway.emit(prompt("good", f"g{number:02}"))
            await gateway.emit(image(f"p{number:02}", number))
        await asyncio.sleep(1)
        assert heard.empty(), "a verdict without moderation"
        words = WordScorer()
        own = ModerationSettings.model_validate(settings.model_dump())
        app = create_app(own, texts=words, images=words, media=Media())
        async with LifespanManager(app, startup_timeout=30, shutdown_timeout=30), asyncio.timeout(30):
            events = [await heard.get() for _ in range(2 * WAITING)]
    finally:
        await asyncio.gather(gateway.stop(), generation.stop())
    prompts = sorted((one.moments["moderated"], one.generation_id) for one in events if isinstance(one, PromptApproved))
    pictures = sorted(
        (one.moments["checked"], one.rendition.image_id) for one in events if isinstance(one, ImageApproved)
    )
    assert [name for _, name in prompts] == [f"g{number:02}" for number in range(WAITING)]
    assert [name for _, name in pictures] == [f"p{number:02}" for number in range(WAITING)]
