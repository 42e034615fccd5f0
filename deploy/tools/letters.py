"""Dead letters: events that a service gave up on, and what the broker says about those that killed their consumer.

A letter comes about in two ways. A handler failed for good, and `shared.delivery` copied the event here with its
reason. Or every delivery was cut short (the process died each time), and all there is is the broker's advisory: then
the event itself is looked up in the stream, where it lies until its time is over.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from shared.topology import DEAD_LETTERS, EVENTS

STREAM = str(DEAD_LETTERS.name)
ADVISORY = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES."
_OF_THE_LETTER = "Dead-"
_OF_THE_BROKER = "Nats-"


class NotReplayable(Exception):
    """The event of this letter is no longer known, so it can't be sent again."""


@dataclass(frozen=True)
class DeadLetter:
    """One event that one consumer could not handle."""

    sequence: int
    at: datetime
    consumer: str
    deliveries: int | None
    reason: str
    subject: str | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


async def dead_letters(jetstream: JetStreamContext) -> AsyncIterator[DeadLetter]:
    """All letters, oldest first."""
    sequence = 1
    while True:
        try:
            message = await jetstream.get_msg(STREAM, sequence, subject=">", next=True)
        except NotFoundError:
            return
        yield await _read(jetstream, message)
        sequence = cast(int, message.seq) + 1


async def dead_letter(jetstream: JetStreamContext, sequence: int) -> DeadLetter | None:
    """The letter with this number, or None."""
    try:
        return await _read(jetstream, await jetstream.get_msg(STREAM, sequence))
    except NotFoundError:
        return None


def by_event(letters: Iterable[DeadLetter]) -> list[list[DeadLetter]]:
    """The letters about one event together, each list and the lists among them oldest first.

    Several consumers may have failed at one event. Sent again it reaches all of them: sent for each letter, an event
    that still fails would double its letters with every replay.
    """
    groups: dict[object, list[DeadLetter]] = {}
    for letter in letters:
        key = letter.sequence if letter.subject is None else (letter.subject, letter.body)
        groups.setdefault(key, []).append(letter)
    return list(groups.values())


async def replay(jetstream: JetStreamContext, letter: DeadLetter, *others: DeadLetter) -> None:
    """Send the letter's event again to all who hear it, then remove the letter and the `others` about the same event.

    The event travels under a new message id, or the duplicate window would swallow it. The id is made of the letter, so
    that a replay which was interrupted before the removal can be repeated without doubling the event.

    Raises:
        NotReplayable: the event is no longer known; the letter stays.
    """
    if letter.subject is None or letter.body is None:
        raise NotReplayable(f"letter {letter.sequence}: {letter.reason}")
    headers = letter.headers | {"Nats-Msg-Id": f"replay:{letter.sequence}:{letter.at.isoformat()}"}
    await jetstream.publish(letter.subject, letter.body, stream=str(EVENTS.name), headers=headers)
    for told in (*others, letter):
        await jetstream.delete_msg(STREAM, told.sequence)


async def _read(jetstream: JetStreamContext, message: RawStreamMsg) -> DeadLetter:
    sequence, at, subject = cast(tuple[int, datetime, str], (message.seq, message.time, message.subject))
    if subject.startswith(ADVISORY):
        return await _from_advisory(jetstream, sequence, at, message.data or b"")
    headers = {name: str(value) for name, value in (message.headers or {}).items()}
    deliveries = headers.get("Dead-Deliveries", "")
    return DeadLetter(
        sequence=sequence,
        at=at,
        consumer=headers.get("Dead-Consumer") or subject.removeprefix("dlq."),
        deliveries=int(deliveries) if deliveries.isdigit() else None,
        reason=headers.get("Dead-Reason", "no reason given"),
        subject=headers.get("Dead-Subject"),
        body=message.data or b"",
        headers=_own(headers),
    )


async def _from_advisory(jetstream: JetStreamContext, sequence: int, at: datetime, body: bytes) -> DeadLetter:
    advisory = json.loads(body)
    letter = DeadLetter(
        sequence=sequence,
        at=at,
        consumer=advisory["consumer"],
        deliveries=advisory["deliveries"],
        reason="every delivery was cut short: its process died while handling it",
    )
    try:
        event = await jetstream.get_msg(advisory["stream"], advisory["stream_seq"])
    except NotFoundError:
        return replace(letter, reason=f"{letter.reason}; the event is no longer kept")
    headers = {name: str(value) for name, value in (event.headers or {}).items()}
    return replace(letter, subject=event.subject, body=event.data or b"", headers=_own(headers))


def _own(headers: dict[str, str]) -> dict[str, str]:
    """The event's own headers (content type, trace context), without those about its storage or its death."""
    return {name: value for name, value in headers.items() if not name.startswith((_OF_THE_LETTER, _OF_THE_BROKER))}
