"""What follows when one person follows, blocks or mutes another, or stops."""

from __future__ import annotations

import contextlib
from datetime import datetime

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.gateway.context import Parts
from services.gateway.errors import Problem, conflict, not_found
from services.gateway.people.telling import notify
from services.gateway.store.notifications import Act
from services.gateway.store.relations import Kind
from shared.events import (
    Relation,
    UserBlocked,
    UserFollowed,
    UserMuted,
    UserUnblocked,
    UserUnfollowed,
    UserUnmuted,
)
from shared.mongo import Document, Write

Relating = tuple[str, Kind, str, bool]
"""Who began (or, when False, ended) what with whom."""
_EVENTS: dict[Kind, tuple[type[Relation], type[Relation]]] = {
    "follow": (UserFollowed, UserUnfollowed),
    "block": (UserBlocked, UserUnblocked),
    "mute": (UserMuted, UserUnmuted),
}


async def begin(parts: Parts, user_id: str, kind: Kind, target_id: str, *, until: datetime | None = None) -> None:
    """Begin a relation. Blocking also ends following, both ways. Doing it again changes nothing.

    Raises:
        Problem: 409 `blocked` or 404, when one of them blocks the other and they can't follow.
    """
    changes: list[Relating] = []

    async def first() -> bool:
        change = (user_id, kind, target_id, True)
        try:
            await parts.outbox.commit([parts.relations.insertion(user_id, kind, target_id, until)], _event(change))
        except DuplicateKeyError:
            return False
        changes.append(change)
        return True

    async def work(session: AsyncClientSession) -> list[Document]:
        changes.clear()
        if kind == "follow":
            blocking = await parts.relations.blocking(user_id, target_id, session)
            if target_id in blocking:
                raise nobody()
            if blocking:
                raise still_blocked()
        if await parts.relations.begin(user_id, kind, target_id, session, until=until):
            changes.append((user_id, kind, target_id, True))
        if kind == "block":
            for one, other in ((user_id, target_id), (target_id, user_id)):
                # A block leaves rows of both, so that whoever follows at the same time finds out here or by a conflict.
                if await parts.relations.preclude(one, "follow", other, session):
                    changes.append((one, "follow", other, False))
        return await parts.outbox.add(session, *map(_event, changes))

    # Most people follow another for the first time: then there is nothing to look at before, no block either.
    while kind == "block" or not await first():
        # A row that somebody else inserted meanwhile is there the next time.
        with contextlib.suppress(DuplicateKeyError):
            parts.outbox.flush(await parts.mongo.transaction(work))
            break
    counted = _counted(parts, changes)
    if kind == "follow" and changes:
        await notify(parts, Act(target_id, "follow", user_id), counted=counted)
    elif counted:
        await parts.mongo.write_with_others(counted)
    if kind == "block":
        await parts.notifications.forget_between(user_id, target_id)


async def end(parts: Parts, user_id: str, kind: Kind, target_id: str) -> None:
    """End a relation. Where there is none nothing happens."""
    change = (user_id, kind, target_id, False)

    async def work(session: AsyncClientSession) -> list[Document] | None:
        if not await parts.relations.end(user_id, kind, target_id, session):
            return None
        return await parts.outbox.add(session, _event(change))

    rows = await parts.mongo.transaction(work)
    if rows is not None:
        parts.outbox.flush(rows)
        if counted := _counted(parts, [change]):
            await parts.mongo.write_with_others(counted)
        if kind == "follow":
            await parts.notifications.take_back([Act(target_id, "follow", user_id)])


def nobody() -> Problem:
    """404, the same for who is not there and who may not be seen."""
    return not_found("There is no person of this name.")


def still_blocked() -> Problem:
    """409: whom one blocks one can't follow."""
    return conflict("blocked", "You block this person; unblock them first.")


def _event(change: Relating) -> Relation:
    user_id, kind, target_id, on = change
    began, ended = _EVENTS[kind]
    return (began if on else ended)(user_id=user_id, target_id=target_id)


def _counted(parts: Parts, changes: list[Relating]) -> list[Write]:
    """What moves the counters, outside the transaction: many people following one must not make each other retry.

    A crash before this is made good by `recounting.py`.
    """
    return [
        write
        for user_id, kind, target_id, on in changes
        if kind == "follow"
        for write in (
            parts.accounts.counting(user_id, "following", 1 if on else -1),
            parts.accounts.counting(target_id, "followers", 1 if on else -1),
        )
    ]
