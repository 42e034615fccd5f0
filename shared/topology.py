"""Who hears what, and how it is kept: the streams and the durable consumers, as one table.

`provision` applies the table before any service starts; services only bind to what it made.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import nats
import structlog
from nats.js import JetStreamContext, api

from shared import events as e

EVENTS = api.StreamConfig(
    name="EVENTS",
    subjects=["evt.>"],
    retention=api.RetentionPolicy.LIMITS,
    storage=api.StorageType.FILE,
    max_age=7 * 24 * 3600,
    duplicate_window=10 * 60,
    discard=api.DiscardPolicy.OLD,
)
DEAD_LETTERS = api.StreamConfig(
    name="DLQ",
    subjects=["dlq.>", "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>"],
    retention=api.RetentionPolicy.LIMITS,
    storage=api.StorageType.FILE,
    max_age=30 * 24 * 3600,
    max_bytes=1 << 30,
)

ACK_WAIT_S = 30.0
RETRY_DELAYS_S = (0.5, 2.0, 10.0, 60.0, 300.0)
"""Wait before each next delivery after a transient error; when they are used up the message is dead-lettered."""

MAX_DELIVER = len(RETRY_DELAYS_S) + 5
"""The broker's own cap, above ours: it counts deliveries that a crash cut short, which no handler could settle."""


@dataclass(frozen=True)
class Consumer:
    """One service hearing one event.

    Each process handles up to `workers` messages at once. With `queued` the service keeps a queue of its own: a worker
    takes messages in while handlers wait their turn, and up to `max_ack_pending` messages are in hand.
    """

    service: str
    event: type[e.Event]
    workers: int = 8
    queued: bool = False
    max_ack_pending: int = 256

    @property
    def durable(self) -> str:
        """Name of the durable consumer, e.g. `search-post-published`."""
        _, noun, verb, _ = self.event.subject.split(".")
        return f"{self.service}-{noun}-{verb}"


CONSUMERS: tuple[Consumer, ...] = (
    # One at a time: the models keep one core busy anyhow. In turns, so that nobody waits behind another's hundred.
    Consumer("moderation", e.PromptSubmitted, 1, queued=True, max_ack_pending=2000),
    Consumer("moderation", e.ImageGenerated, 1, queued=True, max_ack_pending=2000),
    Consumer("moderation", e.WordsWritten),
    Consumer("moderation", e.ContentReported),
    Consumer("moderation", e.DecisionAppealed),
    Consumer("moderation", e.UserErased, 1),
    Consumer("generation", e.PromptApproved, 1, queued=True, max_ack_pending=2000),
    Consumer("generation", e.GenerationCanceled),
    Consumer("gateway", e.PromptRejected),
    Consumer("gateway", e.GenerationFailed),
    Consumer("gateway", e.ImageApproved, 16),
    Consumer("gateway", e.ImageRejected),
    Consumer("gateway", e.WordsJudged),
    Consumer("gateway", e.WordsStopped),
    Consumer("gateway", e.DecisionMade),
    Consumer("search", e.PostPublished),
    Consumer("search", e.PostChanged),
    Consumer("search", e.PostDeleted),
    Consumer("search", e.DecisionMade),
    Consumer("search", e.UserErased, 1),
    Consumer("feed", e.PostPublished),
    Consumer("feed", e.PostChanged),
    Consumer("feed", e.PostDeleted),
    Consumer("feed", e.PostLiked),
    Consumer("feed", e.PostUnliked),
    Consumer("feed", e.PostBookmarked),
    Consumer("feed", e.PostUnbookmarked),
    Consumer("feed", e.PostRemixed),
    Consumer("feed", e.PostShared),
    Consumer("feed", e.PostCommented),
    Consumer("feed", e.UserFollowed),
    Consumer("feed", e.UserUnfollowed),
    Consumer("feed", e.UserBlocked),
    Consumer("feed", e.UserUnblocked),
    Consumer("feed", e.UserMuted),
    Consumer("feed", e.UserUnmuted),
    Consumer("feed", e.UserErased, 1),
    Consumer("feed", e.FeedInteracted),
    Consumer("feed", e.DecisionMade),
)

EMITTERS: dict[type[e.Event], str] = {
    e.PromptApproved: "moderation",
    e.PromptRejected: "moderation",
    e.ImageApproved: "moderation",
    e.ImageRejected: "moderation",
    e.WordsJudged: "moderation",
    e.WordsStopped: "moderation",
    e.DecisionMade: "moderation",
    e.ImageGenerated: "generation",
    e.GenerationFailed: "generation",
}
"""Who says it; everything else is said by the gateway, through its outbox."""


def emitter(event: type[e.Event]) -> str:
    """The one service that emits `event`."""
    return EMITTERS.get(event, "gateway")


def consumer(service: str, event: type[e.Event]) -> Consumer:
    """The table's row for a service and an event; `LookupError` when the table has none."""
    for row in CONSUMERS:
        if row.service == service and row.event is event:
            return row
    raise LookupError(f"topology.py has no row for {service} hearing {event.__name__}")


async def provision(jetstream: JetStreamContext) -> None:
    """Make streams and consumers what the table says; safe to run again and beside another."""
    for stream in (EVENTS, DEAD_LETTERS):
        try:
            await jetstream.add_stream(stream)
        except nats.js.errors.BadRequestError:
            await jetstream.update_stream(stream)
    for row in CONSUMERS:
        await jetstream.add_consumer(
            "EVENTS",
            api.ConsumerConfig(
                durable_name=row.durable,
                filter_subject=row.event.subject,
                ack_policy=api.AckPolicy.EXPLICIT,
                deliver_policy=api.DeliverPolicy.ALL,
                ack_wait=ACK_WAIT_S,
                max_deliver=MAX_DELIVER,
                max_ack_pending=row.max_ack_pending,
            ),
        )


async def provision_at(
    url: str, *, user: str | None = None, password: str | None = None, patience_s: float = 60
) -> None:
    """Connect to the broker at `url`, waiting up to `patience_s` seconds for it to come up, and provision it."""
    async with asyncio.timeout(patience_s):
        client = await nats.connect(
            url.split(","),
            user=user,
            password=password,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            error_cb=_quiet,
        )
    try:
        await provision(client.jetstream())
        structlog.get_logger(__name__).info("topology provisioned", streams=2, consumers=len(CONSUMERS))
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """Not yet there is no news; nats-py would print each attempt with its stack."""
