"""The app's parts, made once by `main.py` and handed to every route.

A new store is one field and one line in `assemble`; its `create_indexes` is called at start.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from services.gateway.generating.live import WaitingLine, Watchers
from services.gateway.generating.models import ModelRegistry
from services.gateway.generating.one_by_one import OneByOne
from services.gateway.health_of_parts import HealthOfParts
from services.gateway.identity.code_flow import CodeFlow
from services.gateway.identity.oidc import Issuer
from services.gateway.identity.passwords import Passwords
from services.gateway.pictures.access import Pictures
from services.gateway.pictures.renditions import Renditions
from services.gateway.settings import GatewaySettings
from services.gateway.store.accounts import Accounts
from services.gateway.store.comments import Comments
from services.gateway.store.decisions import Decisions
from services.gateway.store.erasures import Erasures
from services.gateway.store.generations import Generations
from services.gateway.store.idempotency import IdempotencyRecords
from services.gateway.store.images import Images
from services.gateway.store.leases import Leases
from services.gateway.store.notifications import Notifications
from services.gateway.store.posts import Posts
from services.gateway.store.prompts import Prompts
from services.gateway.store.quotas import GpuBudget, Quotas
from services.gateway.store.rate_counters import RateCounters
from services.gateway.store.reactions import Reactions
from services.gateway.store.recounts import Recounts
from services.gateway.store.relations import Relations
from services.gateway.store.removals import Removals
from services.gateway.store.reports import Reports
from services.gateway.store.sessions import Sessions
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
    sessions: Sessions
    issuer: Issuer | None
    code_flow: CodeFlow | None
    passwords: Passwords
    relations: Relations
    notifications: Notifications
    reports: Reports
    decisions: Decisions
    erasures: Erasures
    idempotency: IdempotencyRecords
    rate_counters: RateCounters
    quotas: Quotas
    budget: GpuBudget
    generations: Generations
    images: Images
    prompts: Prompts
    posts: Posts
    comments: Comments
    reactions: Reactions
    recounts: Recounts
    removals: Removals
    leases: Leases
    pictures: Pictures
    renditions: Renditions
    models: ModelRegistry
    health: HealthOfParts
    watchers: Watchers
    line: WaitingLine
    asking: OneByOne

    @classmethod
    def assemble(cls, settings: GatewaySettings, mongo: Mongo, bus: Bus, media: MediaStore) -> Parts:
        """The stores over one database."""
        secret = settings.auth_secret.get_secret_value()
        issuer, accounts = _issuer(settings), Accounts(mongo)
        return cls(
            settings=settings,
            mongo=mongo,
            bus=bus,
            outbox=Outbox(mongo, bus),
            media=media,
            accounts=accounts,
            sessions=Sessions(mongo, secret, timedelta(days=settings.refresh_token_days), accounts),
            issuer=issuer,
            code_flow=_code_flow(settings, issuer),
            passwords=Passwords(settings.password_hash_concurrency),
            relations=Relations(mongo),
            notifications=Notifications(mongo),
            reports=Reports(mongo),
            decisions=Decisions(mongo),
            erasures=Erasures(mongo, secret),
            idempotency=IdempotencyRecords(mongo, secret),
            rate_counters=RateCounters(mongo),
            quotas=Quotas(mongo),
            budget=GpuBudget(mongo),
            generations=Generations(mongo),
            images=Images(mongo),
            prompts=Prompts(mongo),
            posts=Posts(mongo),
            comments=Comments(mongo),
            reactions=Reactions(mongo),
            recounts=Recounts(mongo),
            removals=Removals(mongo),
            leases=Leases(mongo),
            pictures=Pictures(media, secret),
            renditions=Renditions(media),
            models=ModelRegistry(mongo, bus),
            health=HealthOfParts(mongo, bus),
            watchers=Watchers(),
            line=WaitingLine(),
            asking=OneByOne(),
        )

    async def create_indexes(self) -> None:
        """Make every store's indexes; those that exist are left alone."""
        stores = (getattr(self, field.name) for field in fields(self))
        await asyncio.gather(*(store.create_indexes() for store in stores if hasattr(store, "create_indexes")))


def _issuer(settings: GatewaySettings) -> Issuer | None:
    if settings.oidc_issuer is None:
        return None
    return Issuer(
        settings.oidc_issuer,
        audience=settings.oidc_audience,
        authorized_parties=settings.oidc_authorized_parties,
    )


def _code_flow(settings: GatewaySettings, issuer: Issuer | None) -> CodeFlow | None:
    if issuer is None or settings.oidc_client_id is None:
        return None
    secret = settings.oidc_client_secret
    return CodeFlow(
        issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        key=settings.auth_secret.get_secret_value(),
    )


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]
