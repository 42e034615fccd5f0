"""What the gateway does with a generation: opens it, records facts about it, tells who watches, cleans up."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.context import Parts
from services.gateway.generating import steps
from services.gateway.generating.sources import Source
from services.gateway.generating.steps import Change, Document
from services.gateway.people import erasure
from services.gateway.pictures import cleaning
from services.gateway.store.generations import Step
from services.gateway.store.removals import Removal
from shared.events import (
    Decision,
    GenerationCanceled,
    GenerationFailed,
    ImageEvent,
    PictureRequest,
    PromptRejected,
    Rendition,
    Target,
    utcnow,
)
from shared.live import GenerationChanged

TELL_TIMEOUT_S = 0.5
NEWS_WORTH_WRITING_S = 0.15
"""Painting that takes no longer than this goes from queued to its end without a note in between."""


async def open_generation(
    parts: Parts,
    generation_id: str,
    user_id: str,
    request: PictureRequest,
    *,
    source: Source | None,
) -> Document:
    """Record a generation with its place in the prompt history and its event, as one."""
    now = utcnow()
    generation = steps.opened(
        generation_id,
        user_id,
        request,
        source_image_id=source.image_id if source else None,
        source_post_id=source.post_id if source else None,
        now=now,
    )
    parameters = request.model_dump(exclude={"prompt", "image_ids", "source_image"})
    parameters |= {"n": len(request.image_ids), "source_image_id": source.image_id if source else None}

    await parts.outbox.commit(
        [
            parts.generations.insertion(generation),
            parts.prompts.insertion(generation_id, user_id, request.prompt, parameters, now),
        ],
        steps.submission(generation),
    )
    return generation


async def cancel(parts: Parts, generation_id: str) -> bool:
    """Cancel a generation that has not ended, and free its place in the line; False when it has ended."""

    async def work(session: AsyncClientSession) -> tuple[Document, Change, list[Document]] | None:
        generation, change = await parts.generations.advance(generation_id, steps.withdrawn, session)
        if generation is None or change is None:
            return None
        event = GenerationCanceled(
            generation_id=generation_id, attempt=generation["attempt"], user_id=generation["user_id"]
        )
        return generation, change, await parts.outbox.add(session, event)

    done = await parts.mongo.transaction(work)
    if done is None:
        return False
    generation, change, rows = done
    parts.outbox.flush(rows)
    await follow_up(parts, generation, change)
    return True


async def delete(parts: Parts, generation: Document) -> None:
    """Delete a generation that has ended, with those of its pictures that no post shows."""
    known = {image["hash"] for image in generation["images"] if image.get("hash")}

    async def work(session: AsyncClientSession) -> list[Removal]:
        if not await parts.generations.delete_ended(generation["_id"], session):
            return []
        kept = await parts.images.give_up(generation["_id"], session)
        doomed: list[Removal] = [("picture", name) for name in sorted(known - kept)]
        await parts.removals.add(doomed, session)
        return doomed

    await cleaning.carry_out(parts, await parts.mongo.transaction(work))


async def begin_again(parts: Parts, generation_id: str, *, when: str) -> Document | None:
    """Start the next attempt if the generation is in the state `when`; None if it is not.

    It takes no quota itself: a retry has taken it, and whose prompt was wrongly blocked has waited already.
    """

    def step(generation: Document) -> Change | None:
        return steps.another_attempt(generation, utcnow()) if generation["status"] == when else None

    async def work(session: AsyncClientSession) -> tuple[Document, list[Document]] | None:
        generation, change = await parts.generations.advance(generation_id, step, session)
        if generation is None or change is None:
            return None
        return generation, await parts.outbox.add(session, steps.submission(generation))

    done = await parts.mongo.transaction(work)
    if done is None:
        return None
    parts.outbox.flush(done[1])
    return done[0]


async def record(parts: Parts, generation_id: str, step: Step) -> Document | None:
    """Apply a step and tell who watches; gives the record afterwards, None when there is no such generation."""
    known = parts.generations.recent(generation_id)
    generation, change = await parts.generations.advance(generation_id, step, known=known)
    if generation and change:
        await follow_up(parts, generation, change)
    return generation


async def painting_news(parts: Parts, generation_id: str, step: Step) -> None:
    """Record where the painting stands, unless it is over so soon that nobody would see it."""
    await asyncio.sleep(NEWS_WORTH_WRITING_S)
    known = parts.generations.recent(generation_id)
    if known is None or not steps.terminal(known):
        await record(parts, generation_id, step)


async def prompt_rejected(parts: Parts, event: PromptRejected) -> None:
    """Record that the prompt was refused, and keep the decision for its person."""
    target = Target(kind="prompt", id=event.generation_id)
    await parts.decisions.record(event.user_id, target, event.decision, event.occurred_at)
    if not await record(
        parts, event.generation_id, lambda one: steps.prompt_refused(one, event.attempt, event.decision)
    ):
        await erasure.forget_late_news(parts, event.user_id)


async def generation_failed(parts: Parts, event: GenerationFailed) -> None:
    if not await record(
        parts, event.generation_id, lambda one: steps.gave_up(one, event.attempt, event.code, event.detail)
    ):
        await erasure.forget_late_news(parts, event.user_id)


async def picture_judged(parts: Parts, event: ImageEvent, decision: Decision | None) -> None:
    """Record the verdict on one picture. A picture that nobody waits for any more is removed from the object store."""

    def step(generation: Document) -> Change | None:
        return steps.picture_judged(generation, event.attempt, event.rendition, event.moments, decision)

    generation = parts.generations.recent(event.generation_id)
    if generation is None or step(generation) is None:
        generation = await parts.generations.get(event.generation_id)
    if generation is None or step(generation) is None:
        await _drop_unwanted(parts, generation, event.rendition)
        if generation is None:
            await erasure.forget_late_news(parts, event.user_id)
        return
    if decision:
        target = Target(kind="image", id=event.rendition.image_id)
        await parts.decisions.record(event.user_id, target, decision, event.occurred_at)
    # The picture first: whoever reads that the generation is ready may publish it at once.
    picture = parts.images.insertion(_image(generation, event, decision))
    after, change = await parts.generations.advance(event.generation_id, step, known=generation, first=picture)
    if after and change:
        await follow_up(parts, after, change)
        if parts.settings.gpu_budgeted:
            await parts.budget.spend(event.rendition.paint_ms)
    elif not _holds(after, event.rendition):
        await _discard(parts, event.rendition)
        if after is None:
            await erasure.forget_late_news(parts, event.user_id)


async def follow_up(parts: Parts, generation: Document, change: Change) -> None:
    """What follows from a change that was made: quota is given back, and every gateway process is told of new entries.

    Who listens in another process reads the record.
    """
    if change.given_back:
        await parts.quotas.give_back(generation["user_id"], generation["created_at"], change.given_back)
    if not change.entries:
        return
    message = GenerationChanged(generation_id=generation["_id"], entry=change.entries[-1])
    parts.watchers.changed(message, record=generation)
    # A lost message costs a watcher one polling interval, so the broker's absence is no failure here.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(TELL_TIMEOUT_S):
            await parts.bus.tell(message)


async def _drop_unwanted(parts: Parts, generation: Document | None, rendition: Rendition) -> None:
    """Remove a picture that came late. A later attempt paints the same one under the same name: then it stays."""
    if generation is not None and not steps.terminal(generation):
        return
    image = await parts.images.get(rendition.image_id)
    if image is None or image["hash"] != rendition.hash:
        await parts.pictures.remove(rendition.hash)


async def _discard(parts: Parts, rendition: Rendition) -> None:
    removals: list[Removal] = [("picture", rendition.hash)]

    async def work(session: AsyncClientSession) -> None:
        await parts.images.delete([rendition.image_id], session)
        await parts.removals.add(removals, session)

    await parts.mongo.transaction(work)
    await cleaning.carry_out(parts, removals)


def _holds(generation: Document | None, rendition: Rendition) -> bool:
    """Whether the record has this picture, written there by a second delivery of the same event."""
    images: list[dict[str, Any]] = generation["images"] if generation else []
    return any(image["id"] == rendition.image_id and image.get("hash") == rendition.hash for image in images)


def _image(generation: Document, event: ImageEvent, decision: Decision | None) -> Document:
    rendition = event.rendition
    created_at: datetime = utcnow()
    return {
        "_id": rendition.image_id,
        "user_id": generation["user_id"],
        "generation_id": generation["_id"],
        **rendition.model_dump(exclude={"image_id"}),
        "status": "blocked" if decision else "ready",
        "prompt": generation["request"]["prompt"],
        "model": generation["request"]["model"],
        "aspect": generation["request"]["aspect"],
        "source_post_id": generation["source_post_id"],
        "posts": 0,
        "created_at": created_at,
    }
