"""What the feed reacts to, and the questions it answers."""

from __future__ import annotations

from services.feed.records import Reaction, ReactionKind, Relation, RelationKind, Ruling
from services.feed.service import Feed
from shared import events as e
from shared.bus import Bus
from shared.queries import (
    FeedItems,
    FeedPage,
    ForgetTaste,
    Forgotten,
    Noted,
    NoteInteractions,
    ReadTaste,
    SteerTaste,
    TasteFound,
)

REACTIONS: dict[type[e.PostReaction], tuple[ReactionKind, bool]] = {
    e.PostLiked: ("like", True),
    e.PostUnliked: ("like", False),
    e.PostBookmarked: ("bookmark", True),
    e.PostUnbookmarked: ("bookmark", False),
    e.PostRemixed: ("remix", True),
    e.PostShared: ("share", True),
    e.PostCommented: ("comment", True),
}
RELATIONS: dict[type[e.Relation], tuple[RelationKind, bool]] = {
    e.UserFollowed: ("follow", True),
    e.UserUnfollowed: ("follow", False),
    e.UserBlocked: ("block", True),
    e.UserUnblocked: ("block", False),
    e.UserMuted: ("mute", True),
    e.UserUnmuted: ("mute", False),
}


def register(bus: Bus, feed: Feed) -> None:
    """Connect the feed to the broker."""

    @bus.answer(FeedPage)
    async def page(query: FeedPage) -> FeedItems:
        return await feed.page(query)

    @bus.answer(ReadTaste)
    async def taste(query: ReadTaste) -> TasteFound:
        return await feed.taste(query.viewer_id)

    @bus.answer(SteerTaste)
    async def steer(query: SteerTaste) -> TasteFound:
        return await feed.steer(query)

    @bus.answer(ForgetTaste)
    async def forget(query: ForgetTaste) -> Forgotten:
        return Forgotten(found=await feed.forget(query.viewer_id, query.id))

    @bus.answer(NoteInteractions)
    async def note(query: NoteInteractions) -> Noted:
        await feed.interact(query.interactions)
        return Noted()

    @bus.on(e.PostPublished)
    async def publish(event: e.PostPublished) -> None:
        await feed.publish(event)

    @bus.on(e.PostChanged)
    async def change(event: e.PostChanged) -> None:
        await feed.publish(event)

    @bus.on(e.PostDeleted)
    async def delete(event: e.PostDeleted) -> None:
        await feed.delete(event.post_id)

    @bus.on(e.FeedInteracted)
    async def interact(event: e.FeedInteracted) -> None:
        await feed.interact(event)

    @bus.on(e.UserErased)
    async def erase(event: e.UserErased) -> None:
        await feed.erase(event.user_id)

    @bus.on(e.DecisionMade)
    async def rule(event: e.DecisionMade) -> None:
        if event.target.kind in ("post", "image", "user"):
            withheld = event.decision.verdict != "allow"
            await feed.rule(Ruling(event.target.kind, event.target.id, withheld, event.occurred_at))

    async def react(event: e.PostReaction) -> None:
        kind, on = REACTIONS[type(event)]
        await feed.react(Reaction(kind, on, event.user_id, event.post_id, event.author_id, event.occurred_at))

    async def relate(event: e.Relation) -> None:
        kind, on = RELATIONS[type(event)]
        await feed.relate(Relation(kind, on, event.user_id, event.target_id, event.occurred_at))

    for reaction in REACTIONS:
        bus.on(reaction)(react)
    for relation in RELATIONS:
        bus.on(relation)(relate)
