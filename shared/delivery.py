"""How a delivered event ends: acknowledged, delivered again later, or dead-lettered. Handlers never settle messages.

A handler that returns has succeeded. One that raises `Permanent`, or that got a body which does not validate, can never
succeed: its message is dead-lettered at once. Anything else is delivered again after a growing delay.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from faststream import BaseMiddleware
from faststream.message import StreamMessage
from nats.aio.msg import Msg
from nats.errors import NotJSMessageError
from nats.js import JetStreamContext
from opentelemetry import trace
from pydantic import ValidationError

from shared.topology import ACK_WAIT_S, RETRY_DELAYS_S

log = structlog.get_logger(__name__)


class Permanent(Exception):
    """Raised by a handler for a message that no retry can save."""


class Delivery(BaseMiddleware[Any, Msg]):
    """Settles every JetStream message after its handler; leaves core NATS messages alone."""

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Msg]) -> Any:
        try:
            metadata = msg.raw_message.metadata
        except NotJSMessageError:
            return await call_next(msg)
        heartbeat = asyncio.create_task(_heartbeat(msg.raw_message))
        try:
            await call_next(msg)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await msg.raw_message.nak()
            raise
        except (Permanent, ValidationError) as error:
            await _bury(msg.raw_message, error)
        except Exception as error:
            attempt = metadata.num_delivered or 1
            if attempt > len(RETRY_DELAYS_S):
                await _bury(msg.raw_message, error)
            else:
                delay = RETRY_DELAYS_S[attempt - 1]
                log.warning(
                    "event will be delivered again",
                    subject=msg.raw_message.subject, durable=metadata.consumer, attempt=attempt, delay_s=delay, exc_info=error,
                )  # fmt: skip
                trace.get_current_span().record_exception(error)
                await msg.raw_message.nak(delay=delay)
        else:
            await msg.raw_message.ack()
        finally:
            heartbeat.cancel()


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
        **{name: value for name, value in (message.headers or {}).items() if name != "Nats-Msg-Id"},
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
    await JetStreamContext(message._client).publish(f"dlq.{metadata.consumer}", message.data, headers=headers)
    await message.term()
