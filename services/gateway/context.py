"""The app's parts, made once by `main.py` and handed to every route.

A new store is one field and one line in `assemble`; its `create_indexes` is called at start.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import Depends, Request

from services.gateway.settings import GatewaySettings
from services.gateway.store.accounts import Accounts
from services.gateway.store.idempotency import IdempotencyRecords
from services.gateway.store.notifications import Notifications
from services.gateway.store.rate_counters import RateCounters
from services.gateway.store.relations import Relations
from shared.bus import Bus
from shared.media import MediaStore
from shared.mongo import Mongo
from shared.outbox import Outbox


@dataclass(frozen=True)
class Parts:
    """Everything that routes and handlers work with."""

    settings: GatewaySettings
    mongo: Mongo
    bus: Bus
    outbox: Outbox
    media: MediaStore
    accounts: Accounts
    relations: Relations
    notifications: Notifications
    idempotency: IdempotencyRecords
    rate_counters: RateCounters

    @classmethod
    def assemble(cls, settings: GatewaySettings, mongo: Mongo, bus: Bus, media: MediaStore) -> Parts:
        """The stores over one database."""
        secret = settings.auth_secret.get_secret_value()
        return cls(
            settings=settings,
            mongo=mongo,
            bus=bus,
            outbox=Outbox(mongo, bus),
            media=media,
            accounts=Accounts(mongo),
            relations=Relations(mongo),
            notifications=Notifications(mongo),
            idempotency=IdempotencyRecords(mongo, secret),
            rate_counters=RateCounters(mongo),
        )

    async def create_indexes(self) -> None:
        """Make every store's indexes; those that exist are left alone."""
        stores = (getattr(self, field.name) for field in fields(self))
        await asyncio.gather(*(store.create_indexes() for store in stores if hasattr(store, "create_indexes")))


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]
