"""How a delivered event ends: acknowledged, delivered again later, or dead-lettered. Handlers never settle messages.

A handler that returns has succeeded. One that raises `Permanent`, or that got a body which does not validate, can never
succeed: its message is dead-lettered at once. Anything else is delivered again after a growing delay.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog
from faststream import BaseMiddleware
from faststream.message import StreamMessage
from nats.aio.msg import Msg
from nats.errors import NotJSMessageError
from nats.js import JetStreamContext
from opentelemetry import trace
from pydantic import ValidationError

from shared.topology import ACK_WAIT_S, RETRY_DELAYS_S

if TYPE_CHECKING:
    from faststream._internal.context.repository import ContextRepo

Handler = Callable[[Any], Awaitable[Any]]
log = structlog.get_logger(__name__)
_attempts: ContextVar[int] = ContextVar("attempts", default=1)


class Permanent(Exception):
    """Raised by a handler for a message that no retry can save."""


def is_final() -> bool:
    """Whether the event in hand is dead-lettered should its handler fail now: the last chance to end it otherwise."""
    return _attempts.get() > len(RETRY_DELAYS_S)


def is_repeated() -> bool:
    """Whether the event in hand was delivered before, so that something may have come of it."""
    return _attempts.get() > 1


class Settlement:
    """The middleware, made once for a broker. It tracks the handlers of queued consumers, which outlive their fetch."""

    def __init__(self, queued: Collection[str] = ()) -> None:
        self.queued = set(queued)
        self.tasks: set[asyncio.Task[None]] = set()

    def __call__(self, msg: Msg | None, /, *, context: ContextRepo) -> Delivery:
        return Delivery(msg, context=context, settlement=self)

    async def stop(self) -> None:
        """Give up on handlers still in their queue; their messages go back to the broker."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Delivery(BaseMiddleware[Any, Any]):
    """Settles every JetStream message after its handler; leaves core NATS messages alone."""

    def __init__(self, msg: Msg | None, /, *, context: ContextRepo, settlement: Settlement) -> None:
        super().__init__(msg, context=context)
        self._settlement = settlement

    async def consume_scope(self, call_next: Handler, msg: StreamMessage[Msg]) -> Any:
        try:
            metadata = msg.raw_message.metadata
        except NotJSMessageError:
            return await call_next(msg)
        if metadata.consumer not in self._settlement.queued:
            return await _handle_and_settle(call_next, msg)
        task = asyncio.create_task(_handle_and_settle(call_next, msg))
        self._settlement.tasks.add(task)
        task.add_done_callback(self._settlement.tasks.discard)
        return None


async def _handle_and_settle(call_next: Handler, msg: StreamMessage[Msg]) -> None:
    message = msg.raw_message
    _attempts.set(_attempt(message))
    heartbeat = asyncio.create_task(_heartbeat(message))
    try:
        await call_next(msg)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await message.nak()
        raise
    except (Permanent, ValidationError) as error:
        await _bury(message, error)
    except Exception as error:
        await _deliver_again(message, error)
    else:
        await message.ack()
    finally:
        heartbeat.cancel()


async def _deliver_again(message: Msg, error: Exception) -> None:
    attempt = _attempt(message)
    if attempt > len(RETRY_DELAYS_S):
        await _bury(message, error)
        return
    delay = RETRY_DELAYS_S[attempt - 1]
    log.warning(
        "event will be delivered again",
        subject=message.subject,
        durable=message.metadata.consumer,
        attempt=attempt,
        delay_s=delay,
        exc_info=error,
    )
    trace.get_current_span().record_exception(error)
    await message.nak(delay=delay)


def _attempt(message: Msg) -> int:
    return message.metadata.num_delivered or 1


async def _heartbeat(message: Msg) -> None:
    while True:
        await asyncio.sleep(ACK_WAIT_S / 3)
        with contextlib.suppress(Exception):
            await message.in_progress()


async def _bury(message: Msg, error: Exception) -> None:
    """Copy the message to the dead letters with the reason, then end it. If the copy fails it is delivered again."""
    metadata = message.metadata
    span = trace.get_current_span()
    span.record_exception(error)
    span.set_status(trace.StatusCode.ERROR, "dead-lettered")
    headers = {
        # Not the broker's own: `Nats-Expected-Stream: EVENTS` would have the copy refused by the other stream.
        **{name: value for name, value in (message.headers or {}).items() if not name.startswith("Nats-")},
        "Nats-Msg-Id": f"dlq:{metadata.consumer}:{metadata.sequence.stream}",
        "Dead-Subject": message.subject,
        "Dead-Consumer": metadata.consumer,
        "Dead-Deliveries": str(metadata.num_delivered),
        "Dead-Reason": " ".join(f"{type(error).__name__}: {error}".split())[:1000].encode("ascii", "replace").decode(),
    }
    log.error(
        "event dead-lettered",
        subject=message.subject,
        durable=metadata.consumer,
        deliveries=metadata.num_delivered,
        exc_info=error,
    )
    try:
        await JetStreamContext(message._client).publish(f"dlq.{metadata.consumer}", message.data, headers=headers)
    except Exception as failure:
        log.exception("dead letter can't be stored; the event will be delivered again", exc_info=failure)
        await message.nak(delay=RETRY_DELAYS_S[-1])
    else:
        await message.term()
