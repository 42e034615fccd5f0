"""A small community: authors who paint themes, people who react, and a feed over memory. Tests use it too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from services.feed.records import Gesture, Reaction, Relation, RelationKind
from services.feed.service import Feed
from shared.events import FeedInteracted, Interaction, PostImage, PostPublished, Visibility, utcnow
from shared.ids import new_id
from shared.queries import FeedItems, FeedMode, FeedPage
from training.feed_eval.meaning import GivenMeaning
from training.feed_eval.memory import MemoryEncounters, MemoryPages, MemoryPeople, MemoryPosts, MemoryRecord

THEMES = ("cats", "castles", "robots", "flowers", "oceans", "forests", "planets", "bread")
DIMENSIONS = 32


class Community:
    """Everything is drawn from one seed. `theme` and `author` say what a post is and whose."""

    def __init__(self, seed: int = 7, *, exploration: float = 0.15) -> None:
        self.chance = np.random.default_rng(seed)
        self.record = MemoryRecord()
        self.posts, self.encounters = MemoryPosts(self.record), MemoryEncounters(self.record)
        self.people, self.pages = MemoryPeople(self.record), MemoryPages()
        self.meaning = GivenMeaning()
        self.theme: dict[str, str] = {}
        self.author: dict[str, str] = {}
        self._centres = {name: self._unit(self.chance.normal(size=DIMENSIONS)) for name in THEMES}
        # Pictures of one kind have much in common whatever they show; a real encoder's vectors do too.
        self._common = 0.8 * self._unit(self.chance.normal(size=DIMENSIONS))
        self.exploration = exploration
        self.feed = self.restarted()

    def restarted(self) -> Feed:
        """Another process of the feed over the same record."""
        return Feed(
            self.posts, self.encounters, self.people, self.pages, self.meaning,
            pool_size=50_000, exploration=self.exploration,
        )  # fmt: skip

    async def publish(
        self,
        author: str,
        theme: str = "cats",
        *,
        age: timedelta = timedelta(hours=1),
        visibility: Visibility = "public",
        parent_id: str | None = None,
        like: str | None = None,
    ) -> str:
        """A new post; with `like` its picture is nearly that of another post."""
        post_id = new_id()
        noise = 0.35 * self._unit(self.chance.normal(size=DIMENSIONS))
        base = self._centres[theme] + self._common
        image = self._unit(base + noise) if like is None else self._unit(self.meaning.known[like] + 0.01 * noise)
        self.meaning.known[post_id] = image.astype(np.float32)
        self.theme[post_id], self.author[post_id] = theme, author
        await self.feed.publish(
            PostPublished(
                post_id=post_id, version=1, author_id=author, author_username=author,
                images=(PostImage(image_id=f"image-of-{post_id}", hash="h", width=8, height=8, seed=1, alt="",
                                  prompt=f"painting {theme}"),),
                model="pocket", aspect="1:1", visibility=visibility, parent_id=parent_id, published_at=utcnow() - age,
            )
        )  # fmt: skip
        return post_id

    async def fill(
        self, count: int, *, authors: int = 40, themes: Iterable[str] = THEMES, oldest: timedelta = timedelta(days=3.5)
    ) -> list[str]:
        """`count` posts of all themes by many authors, of any age up to `oldest`."""
        names = list(themes)
        return [
            await self.publish(
                f"author{int(self.chance.integers(authors))}",
                names[int(self.chance.integers(len(names)))],
                age=float(self.chance.uniform()) * oldest,
            )
            for _ in range(count)
        ]

    async def like(self, person: str, post_id: str, *, at: datetime | None = None, on: bool = True) -> None:
        await self.feed.react(Reaction("like", on, person, post_id, self.author[post_id], at or utcnow()))

    async def relate(self, person: str, kind: RelationKind, target: str, *, on: bool = True) -> None:
        self._moment = max(utcnow(), getattr(self, "_moment", utcnow())) + timedelta(milliseconds=1)
        await self.feed.relate(Relation(kind, on, person, target, self._moment))

    async def gesture(
        self, person: str, name: Gesture, items: Iterable[tuple[str, str | None]], *, ago: timedelta = timedelta()
    ) -> None:
        """One batch of interactions of (post, feed_context)."""
        event = FeedInteracted(
            batch_id=new_id(),
            user_id=person,
            items=tuple(Interaction(post_id=post_id, event=name, feed_context=context) for post_id, context in items),
            occurred_at=utcnow() - ago,
        )
        await self.feed.interact(event)

    async def page(
        self, person: str | None, mode: FeedMode = "for_you", *, limit: int = 20, cursor: str | None = None
    ) -> FeedItems:
        return await self.feed.page(FeedPage(viewer_id=person, mode=mode, limit=limit, cursor=cursor))

    def share(self, page: FeedItems, theme: str) -> float:
        """Which part of a page shows a theme."""
        return Counter(self.theme[item.post_id] for item in page.items)[theme] / max(1, len(page.items))

    @staticmethod
    def _unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.linalg.norm(vector)


def ids(page: FeedItems) -> list[str]:
    return [item.post_id for item in page.items]
