"""A message after a quiet time is handed over at once: nothing of an earlier, fruitless request keeps it."""

from __future__ import annotations

import asyncio

from shared.bus import Bus
from shared.events import PostDeleted, UserErased
from tests.stream.conftest import StartService, until

FETCH_S = 5.0
"""How long a request for a message stays with the broker: FastStream's default."""
SERVICES = ("moderation", "search", "feed")
ROUNDS = 4


async def test_after_a_quiet_time_no_message_waits_for_an_older_request_to_expire(start_service: StartService) -> None:
    heard: list[str] = []

    def register(bus: Bus) -> None:
        @bus.on(UserErased)
        async def forget(event: UserErased) -> None:
            heard.append(event.user_id)

        if bus.service != "moderation":

            @bus.on(PostDeleted)
            async def drop(event: PostDeleted) -> None:
                heard.append(event.post_id)

    buses = [await start_service(service, register) for service in SERVICES]
    await asyncio.sleep(1.2 * FETCH_S)
    for number in range(ROUNDS):
        await buses[0].emit(UserErased(user_id=f"u{number}"))
        await buses[0].emit(PostDeleted(post_id=f"p{number}", author_id="ada"))

        async def all_heard(rounds: int = number + 1) -> bool:
            return len(heard) == 5 * rounds

        await until(all_heard, patience_s=FETCH_S / 3)
