"""The moderation service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from services.moderation import handlers
from services.moderation.case_store import MongoCaseStore
from services.moderation.decision_store import MongoDecisionStore
from services.moderation.policy import Policy
from services.moderation.ports import ImageScorer, MediaReader, TextScorer
from services.moderation.regressions import Regressions
from services.moderation.review import Review
from services.moderation.scorers import image_scorer, text_scorer
from services.moderation.service import Moderation
from services.moderation.settings import ModerationSettings
from shared.background import running
from shared.bus import Bus
from shared.media import MediaStore, rendition_key
from shared.mongo import Mongo
from shared.outbox import Outbox
from shared.worker import worker_app


def create_app(
    settings: ModerationSettings | None = None,
    *,
    texts: TextScorer | None = None,
    images: ImageScorer | None = None,
    media: MediaReader | None = None,
) -> Starlette:
    """Build the service; what isn't given is the real thing."""
    settings = settings or ModerationSettings()
    bus = Bus(settings, "moderation")
    mongo = Mongo(settings, "moderation")
    outbox = Outbox(mongo, bus)
    decisions, cases = MongoDecisionStore(mongo, outbox), MongoCaseStore(mongo)
    policy = Policy.load(settings.moderation_policy)
    moderation = Moderation(
        policy=policy,
        texts=texts or text_scorer(settings),
        images=images or image_scorer(settings),
        media=media or MediaStore(settings.media_store_url),
        decisions=decisions,
        cases=cases,
        # Of the two forms that the generator makes of the same pixels the one that can be decoded at half its size.
        media_key=lambda name: rendition_key(name, "original", "jpg"),
    )
    regressions = Regressions(decisions, settings.regression_file)
    review = Review(policy=policy, decisions=decisions, cases=cases)
    handlers.register(bus, moderation, review, decisions, regressions)

    @asynccontextmanager
    async def database() -> AsyncIterator[None]:
        await decisions.prepare()
        await cases.prepare()
        await outbox.start()
        try:
            # It begins by writing the file: a crash may have come between a verdict and that.
            async with running(regressions.follow()):
                yield
        finally:
            await outbox.stop()
            await mongo.close()

    checks = {"database": mongo.ping, "scorers": moderation.working}
    return worker_app("moderation", settings, bus, checks=checks, resources=(database,))
