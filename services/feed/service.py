"""What the feed decides: what a person sees next, and what it learns from what they did."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random

from opentelemetry import trace

from services.feed.co_engagement import CoEngagement, Evidence, most_liked
from services.feed.cursors import FeedContext, PlaceCursor, SessionCursor, read_context, read_cursor
from services.feed.following import following_page
from services.feed.learned import learned_of
from services.feed.mirror import PoolMirror, ViewerMirror
from services.feed.personal import gather, rank
from services.feed.pool import Pool
from services.feed.ports import EncounterStore, Meaning, PageStore, PeopleStore, PostStore
from services.feed.records import (
    Gesture,
    Impression,
    Page,
    Pick,
    Post,
    Reaction,
    Relation,
    Ruling,
    SlotDraw,
    request_id_of,
)
from services.feed.sessions import Sessions
from services.feed.stages.interleave import interleave
from services.feed.stages.reasons import reason
from services.feed.taste_page import taste_found, to_forget
from services.feed.viewer import Viewer
from shared.events import FeedInteracted, PostState, utcnow
from shared.ids import new_id
from shared.queries import FeedItem, FeedItems, FeedPage, SteerTaste, TasteFound

tracer = trace.get_tracer("promptgram.feed")

FEW_AUTHORS = 5
TAIL = 10
"""How many items above a page count for the spacing of authors on it."""


class Feed:
    """The feed over its ports. `exploration` is the share of a personal page given to what few have seen."""

    def __init__(
        self,
        posts: PostStore,
        encounters: EncounterStore,
        people: PeopleStore,
        pages: PageStore,
        meaning: Meaning,
        *,
        pool_size: int,
        exploration: float,
    ) -> None:
        self._posts, self._encounters, self._people, self._pages = posts, encounters, people, pages
        self._meaning = meaning
        self._exploration = exploration
        self._pool = PoolMirror(posts, pool_size)
        self._viewers = ViewerMirror(encounters, people)
        self._sessions = Sessions(pages)
        self._secret: bytes | None = None
        self.co_engagement = CoEngagement.empty()

    # ── answering ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def page(self, query: FeedPage) -> FeedItems:
        """One page. The same cursor gives the same items, less those that may no longer be shown.

        A cursor that is unknown, forgotten, or somebody else's starts a new session: a person who scrolls gets
        pictures, not an error, and in `for_you` nothing that they have seen.
        """
        pool, viewer = await asyncio.gather(self._pool.sync(), self._viewers.sync(query.viewer_id))
        cursor = read_cursor(query.cursor)
        if query.mode == "following":
            start = cursor if isinstance(cursor, PlaceCursor) else None
            found, after = await following_page(pool, self._posts, viewer, start, query.limit)
            picks = [Pick(post.id, post.author_id, "followed") for post in found]
            known = {post.id: post for post in found}
            items = await self._items(picks, known, viewer.id, new_id())
            return FeedItems(items=items, next_cursor=None if after is None else str(after))
        served, number = await self._sessions.find(cursor, viewer.id, query.mode)
        public = not served and viewer.id is None and query.mode == "explore"
        page = self._sessions.front_page(query.limit, pool.revision) if public else None
        if number < len(served):
            page = served[number]
        if page is None:
            session_id = served[0].session_id if served else new_id()
            composed, draws = await self._compose(pool, viewer, query, session_id, served)
            page = await self._sessions.keep(served, composed)
            if page is composed and draws:
                await self._pages.log_draws(draws)
            if public:
                self._sessions.keep_front_page(query.limit, pool.revision, page)
        posts = {post.id: post for pick in page.picks if (post := pool.get(pick.post_id)) is not None}
        picks = [
            pick for pick in page.picks if pick.post_id in posts and self._still_wanted(viewer, posts[pick.post_id])
        ]
        items = await self._items(picks, posts, viewer.id, page.request_id)
        following = None if page.last else str(SessionCursor(page.session_id, page.number + 1))
        return FeedItems(items=items, next_cursor=following)

    async def _compose(
        self, pool: Pool, viewer: Viewer, query: FeedPage, session_id: str, served: list[Page]
    ) -> tuple[Page, list[SlotDraw]]:
        """The next page of a session, and how its explored places were drawn, for those whose impressions are known."""
        draws: list[SlotDraw] = []
        shown = {pick.post_id for page in served for pick in page.picks}
        before = [pick.author_id for page in served[-TAIL:] for pick in page.picks][-TAIL:]
        with tracer.start_as_current_span("feed.rank") as span:
            if query.mode == "explore":
                candidates = len(pool.newest)
                picks, last = interleave(
                    _visible(pool, pool.hottest, viewer, shown),
                    _visible(pool, pool.newest, viewer, shown),
                    before,
                    query.limit,
                    short_pages=pool.authors() < FEW_AUTHORS,
                )
            else:
                now = utcnow()
                name = request_id_of(session_id, len(served))
                chance = Random(name)
                gathered = await gather(pool, viewer, shown, self._meaning, self.co_engagement, now)
                candidates = len(gathered.posts)
                chosen = viewer.steering.exploration
                exploration = self._exploration if chosen is None else chosen
                ranked = rank(gathered, before, query.limit, exploration, chance, now)
                picks, last = ranked.picks, ranked.last
                if viewer.id is not None:
                    draws = [
                        SlotDraw(name, position, viewer.id, picks[position].post_id, chances, now)
                        for position, chances in ranked.chances
                    ]
            span.set_attributes(
                {
                    "feed.mode": query.mode,
                    "feed.candidates": candidates,
                    "feed.items": len(picks),
                    "feed.page": len(served),
                }
            )
        return Page(session_id, len(served), viewer.id, query.mode, tuple(picks), last), draws

    def _still_wanted(self, viewer: Viewer, post: Post) -> bool:
        return viewer.may_see(post) and not viewer.turned_away(post.id)

    async def _items(
        self, picks: list[Pick], posts: dict[str, Post], viewer_id: str | None, request_id: str
    ) -> tuple[FeedItem, ...]:
        secret = await self._key()
        return tuple(
            FeedItem(
                post_id=pick.post_id,
                reasons=(reason(pick.source, posts[pick.post_id]),),
                feed_context=FeedContext(request_id, position, pick.source, pick.propensity).sign(
                    secret, viewer_id, pick.post_id
                ),
            )
            for position, pick in enumerate(picks)
        )

    async def _key(self) -> bytes:
        if self._secret is None:
            self._secret = await self._pages.secret()
        return self._secret

    async def taste(self, user_id: str) -> TasteFound:
        """What was learned of a person, and how they want to be shown pictures."""
        pool, viewer = await asyncio.gather(self._pool.sync(), self._viewers.sync(user_id))
        learned = await learned_of(viewer, pool, self._meaning, utcnow())
        return taste_found(viewer, pool, learned, self._exploration)

    async def steer(self, query: SteerTaste) -> TasteFound:
        """Change how a person's pages are made, from the very next one on."""
        await self._people.steer(query.viewer_id, personalised=query.personalised, exploration=query.exploration)
        return await self.taste(query.viewer_id)

    async def forget(self, user_id: str, taste_id: str | None) -> bool:
        """Have one thing that was learned, or all of it, count no longer; False when there is no such thing.

        Likes stay likes, and what was seen is not shown again.
        """
        now = utcnow()
        if taste_id is None:
            await self._people.steer(user_id, reset_at=now)
            return True
        pool, viewer = await asyncio.gather(self._pool.sync(), self._viewers.sync(user_id))
        learned = await learned_of(viewer, pool, self._meaning, now)
        post_ids = await to_forget(viewer, pool, self._meaning, learned, taste_id, now)
        await self._encounters.forget(user_id, post_ids, now)
        return bool(post_ids)

    # ── learning ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def publish(self, state: PostState) -> None:
        """A post was published or changed."""
        await self._posts.put(state)

    async def delete(self, post_id: str) -> None:
        await self._posts.delete(post_id)

    async def rule(self, ruling: Ruling) -> None:
        """Moderation withheld something or gave it free."""
        await self._posts.rule(ruling)

    async def react(self, reaction: Reaction) -> None:
        """Somebody liked, bookmarked, remixed, shared or commented, or took it back."""
        await self._encounters.react(reaction)

    async def relate(self, relation: Relation) -> None:
        """Somebody followed, blocked or muted somebody, or no longer does."""
        await self._people.relate(relation)

    async def interact(self, event: FeedInteracted) -> None:
        """Learn from what a person saw and did on their pages."""
        viewer = await self._viewers.sync(event.user_id)
        secret = await self._key()
        gestures: dict[str, set[Gesture]] = {}
        impressions: list[Impression] = []
        for item in event.items:
            gestures.setdefault(item.post_id, set()).add(item.event)
            context = read_context(item.feed_context, secret, event.user_id, item.post_id)
            if context is not None:
                impressions.append(
                    Impression(
                        context.request_id, item.post_id, event.user_id, context.position, context.source,
                        context.propensity, event.occurred_at,
                    )
                )  # fmt: skip
        seen_before = {post_id for post_id in gestures if viewer.has_seen(post_id)}
        rejected_before = {post_id for post_id in gestures if viewer.turned_away(post_id)}
        await self._encounters.gesture(event.user_id, gestures, event.occurred_at)
        await self._pages.log(impressions)
        turned_away = {post_id for post_id, names in gestures.items() if names & {"less", "hidden"}}
        # After the rest, so that a delivery cut short and repeated counts an impression less and never one more.
        await self._posts.count_exposure(gestures.keys() - seen_before, turned_away - rejected_before)

    async def erase(self, user_id: str) -> None:
        """Forget a person: posts, taste, relations, pages."""
        await self._people.erase(user_id)
        await self._posts.erase_author(user_id)
        await self._encounters.erase(user_id)
        await self._sessions.erase(user_id)
        self._viewers.forget(user_id)

    async def warm(self) -> None:
        """Load the pool before the first question."""
        await self._pool.sync()

    async def refresh_co_engagement(self, since: datetime, limit: int) -> None:
        """Fit anew what people like together, from the likes given at or after `since`."""
        likes = await self._encounters.likes_since(since, limit)
        posts = most_liked(likes)
        senses = await self._meaning.senses(posts)
        images, _ = senses.images.take(posts)
        self.co_engagement = await asyncio.to_thread(lambda: CoEngagement.fit(Evidence.of(likes, posts, images)))


def _visible(pool: Pool, post_ids: Iterable[str], viewer: Viewer, shown: set[str]) -> Iterator[Post]:
    """The posts that this person may meet in public and has not turned away, without those already on earlier pages."""
    for post_id in post_ids:
        post = pool.get(post_id)
        if post is not None and post_id not in shown and viewer.may_see(post) and not viewer.turned_away(post_id):
            yield post
