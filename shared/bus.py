"""The way to the broker: say an event, tell a live message, ask a query, and react to each.

bus = Bus(connect_settings, "search")

@bus.on(PostPublished)
async def index(event: PostPublished) -> None: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import structlog
from faststream import AckPolicy, Response
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.opentelemetry import NatsTelemetryMiddleware
from faststream.security import SASLPlaintext
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NotFoundError, ServiceUnavailableError

from shared import stored_events
from shared.delivery import Settlement
from shared.events import Event
from shared.live import Live
from shared.queries import Answer, Query
from shared.settings import ServiceSettings
from shared.topology import CONSUMERS, EVENTS, consumer

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Event)
L = TypeVar("L", bound=Live)
A = TypeVar("A", bound=Answer)
PUBLISH_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 5.0
"""For a service that is up but busy: a late answer is worth more than an error. One that is down is known at once."""
FAILED = "Query-Failed"


class Unanswered(Exception):
    """A query got no answer: nobody listens, it took too long, or it failed there."""


class Bus:
    """One service's connection to the broker."""

    def __init__(self, settings: ServiceSettings, service: str) -> None:
        self.service = service
        security = None
        if settings.nats_user and settings.nats_password:
            security = SASLPlaintext(settings.nats_user, settings.nats_password.get_secret_value())
        self._settlement = Settlement({row.durable for row in CONSUMERS if row.service == service and row.queued})
        self.broker = NatsBroker(
            settings.nats_url.split(","),
            name=service,
            security=security,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            graceful_timeout=10.0,
            inbox_prefix=f"_INBOX_{service}",
            error_cb=_log_broker_error,
            middlewares=(NatsTelemetryMiddleware(), self._settlement),
            logger=None,
        )
        self._events: list[type[Event]] = []

    # ── reacting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def on(self, event: type[E]) -> Callable[[Callable[[E], Awaitable[None]]], Callable[[E], Awaitable[None]]]:
        """React to an event through this service's durable consumer; `LookupError` if the topology has none."""
        row = consumer(self.service, event)
        self._events.append(event)

        def register(handler: Callable[[E], Awaitable[None]]) -> Callable[[E], Awaitable[None]]:
            self.broker.subscriber(
                event.subject,
                stream=JStream(str(EVENTS.name), declare=False),
                durable=row.durable,
                # One by one: a fetch of several leaves a second request behind when it ends without a message, and the
                # next message to meet that one is kept until it expires (nats-py 2.16, `_fetch_n`; up to 5 s).
                pull_sub=PullSub(batch_size=1),
                max_workers=row.workers,
                inbox_prefix=f"_INBOX_{self.service}.".encode(),
                ack_policy=AckPolicy.MANUAL,
                no_reply=True,
                title=row.durable,
            )(_typed(handler, event))
            return handler

        return register

    def hear(
        self, live: type[L], *, shared: bool = False
    ) -> Callable[[Callable[[L], Awaitable[None]]], Callable[[L], Awaitable[None]]]:
        """React to a live message: in every process, or with `shared` in one process of this service."""

        def register(handler: Callable[[L], Awaitable[None]]) -> Callable[[L], Awaitable[None]]:
            queue = self.service if shared else ""
            self.broker.subscriber(live.subject, queue=queue, no_reply=True, max_workers=16)(_typed(handler, live))
            return handler

        return register

    def answer(self, query: type[Query[A]]) -> Callable[[Callable[[Any], Awaitable[A]]], Callable[[Any], Awaitable[A]]]:
        """Answer a query; the processes of one service share the work."""

        def register(handler: Callable[[Any], Awaitable[A]]) -> Callable[[Any], Awaitable[A]]:
            async def respond(question: Any) -> Any:
                try:
                    return await handler(question)
                except Exception:
                    log.exception("query failed", query=query.__name__)
                    return Response(b"", headers={FAILED: "1"})

            self.broker.subscriber(query.subject, queue=self.service, max_workers=32)(_typed(respond, query))
            return handler

        return register

    # ── speaking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def emit(self, event: Event) -> None:
        """Publish an event and wait until the broker has stored it. Saying it again stores nothing new."""
        await self.broker.publish(
            event,
            event.subject,
            stream=str(EVENTS.name),
            headers={"Nats-Msg-Id": event.message_id},
            timeout=PUBLISH_TIMEOUT_S,
        )

    async def tell(self, message: Live) -> None:
        """Send a live message to whoever listens now."""
        await self.broker.publish(message, message.subject)

    async def ask(self, query: Query[A], *, timeout_s: float = ANSWER_TIMEOUT_S) -> A:
        """Ask another service; raises `Unanswered` when there is no answer in time, at once when nobody listens."""
        try:
            reply = await self.broker.request(query, query.subject, timeout=timeout_s)
        except NoRespondersError as error:
            raise Unanswered(f"nobody answers {query.subject}") from error
        except (NatsTimeout, TimeoutError) as error:
            raise Unanswered(f"{query.subject} took more than {timeout_s} s") from error
        if FAILED in reply.headers:
            raise Unanswered(f"{query.subject} failed")
        return cast("A", query.answer.model_validate_json(reply.body))

    async def forget(self, user_id: str) -> int:
        """Delete what the broker keeps of what was said about a person; how many messages that were."""
        return await stored_events.forget(self._client.jetstream(), user_id)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, *, patience_s: float = 60.0) -> None:
        """Connect, wait until the topology has been provisioned, and begin to hear.

        Raises:
            ConnectionError: that did not come about within `patience_s` seconds.
        """
        try:
            async with asyncio.timeout(patience_s):
                await self.broker.connect()  # which tries again until it succeeds
                await self._wait_for_consumers()
        except TimeoutError as error:
            raise ConnectionError(f"no broker, or none that was provisioned, within {patience_s} s") from error
        await self.broker.start()
        # Subscriptions are on their way until the server has answered something that was sent after them.
        await self._client.flush()

    async def stop(self) -> None:
        """Let running handlers finish (10 s at most), hand back what is still queued, and disconnect."""
        await self._settlement.stop()
        await self.broker.stop()

    async def ping(self) -> None:
        """Raise when the broker is out of reach."""
        if not await self.broker.ping(timeout=1.0):
            raise ConnectionError("the broker does not answer")

    async def _wait_for_consumers(self) -> None:
        jetstream = self._client.jetstream()
        for durable in [consumer(self.service, event).durable for event in self._events]:
            while True:
                try:
                    await jetstream.consumer_info(str(EVENTS.name), durable)
                    break
                except (NotFoundError, NatsTimeout, NoRespondersError, ServiceUnavailableError):
                    await asyncio.sleep(0.1)

    @property
    def _client(self) -> Any:
        return self.broker.config.broker_config.connection_state.connection


async def _log_broker_error(error: Exception) -> None:
    """Log what no caller is told: lost connections, and permission violations, which look like time-outs."""
    log.warning("broker connection", error=str(error) or type(error).__name__)


def _typed(handler: Callable[[Any], Awaitable[Any]], kind: type[Any]) -> Callable[[Any], Awaitable[Any]]:
    """The handler under a signature from which FastStream reads the message's type."""

    async def call(message: Any) -> Any:
        return await handler(message)

    call.__annotations__ = {"message": kind}
    call.__name__ = getattr(handler, "__name__", "call")
    return call
