"""The feed's ports in memory, for the simulation and for tests; contract tests hold them to what the adapters do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.feed.records import (
    Encounter,
    Gesture,
    Impression,
    Page,
    Post,
    Reaction,
    Relation,
    Ruling,
    SlotDraw,
    Steering,
)
from services.feed.words import words_of
from shared.events import PostState, utcnow

NOWHERE = Post("", 0, "", "", "private", datetime.min.replace(tzinfo=UTC), gone=True)


def _targets(post: Post) -> list[tuple[str, str]]:
    return [("post", post.id), ("user", post.author_id), *(("image", image_id) for image_id in post.image_ids)]


class MemoryRecord:
    """What the fakes share, as the adapters share a database."""

    def __init__(self) -> None:
        self.posts: dict[str, Post] = {}
        self.deleted: set[str] = set()
        self.touched: dict[str, datetime] = {}
        self.rulings: dict[tuple[str, str], Ruling] = {}
        self.erased: set[str] = set()


class MemoryPosts:
    def __init__(self, record: MemoryRecord) -> None:
        self._record = record

    async def put(self, state: PostState) -> None:
        record = self._record
        known = record.posts.get(state.post_id, NOWHERE)
        if state.author_id in record.erased:
            await self.delete(state.post_id)
        elif state.post_id not in record.deleted and state.version > known.version:
            record.posts[state.post_id] = Post(
                state.post_id,
                state.version,
                state.author_id,
                state.author_username,
                state.visibility,
                state.published_at,
                tuple(image.image_id for image in state.images),
                frozenset(words_of(state)),
                state.parent_id,
                known.counts,
                known.impressions,
                known.rejections,
            )
            self._settle(state.post_id)

    async def delete(self, post_id: str) -> None:
        self._record.deleted.add(post_id)
        self._record.posts[post_id] = replace(NOWHERE, id=post_id)
        self._record.touched[post_id] = utcnow()

    async def rule(self, ruling: Ruling) -> list[str]:
        key = (ruling.kind, ruling.target_id)
        known = self._record.rulings.get(key)
        if known is not None and known.at >= ruling.at:
            return []
        self._record.rulings[key] = ruling
        ids = [post.id for post in self._record.posts.values() if key in _targets(post)]
        for post_id in ids:
            self._settle(post_id)
        return ids

    async def count_exposure(self, seen: Iterable[str], rejected: Iterable[str]) -> None:
        for post_id in seen:
            if (post := self._record.posts.get(post_id)) is not None:
                self._put(replace(post, impressions=post.impressions + 1))
        for post_id in rejected:
            if (post := self._record.posts.get(post_id)) is not None:
                self._put(replace(post, rejections=post.rejections + 1))

    async def get(self, post_ids: Iterable[str]) -> list[Post]:
        return [self._record.posts[post_id] for post_id in set(post_ids) if post_id in self._record.posts]

    async def changed_since(self, moment: datetime) -> list[Post]:
        return [self._record.posts[post_id] for post_id, at in self._record.touched.items() if at >= moment]

    async def newest(self, limit: int) -> list[Post]:
        live = [post for post in self._record.posts.values() if not post.gone]
        return sorted(live, key=lambda post: (post.published_at, post.id), reverse=True)[:limit]

    async def by_authors(
        self, author_ids: Sequence[str], before: tuple[datetime, str] | None, limit: int
    ) -> list[Post]:
        return [
            post
            for post in await self.newest(len(self._record.posts))
            if post.author_id in author_ids
            and post.visibility in ("public", "followers")
            and (before is None or (post.published_at, post.id) < before)
        ][:limit]

    async def erase_author(self, user_id: str) -> list[str]:
        self._record.erased.add(user_id)
        ids = [post.id for post in self._record.posts.values() if post.author_id == user_id]
        for post_id in ids:
            await self.delete(post_id)
        return ids

    def _settle(self, post_id: str) -> None:
        post = self._record.posts[post_id]
        rulings = [self._record.rulings[key] for key in _targets(post) if key in self._record.rulings]
        self._put(replace(post, gone=any(ruling.withheld for ruling in rulings)))

    def _put(self, post: Post) -> None:
        self._record.posts[post.id] = post
        self._record.touched[post.id] = utcnow()


class MemoryEncounters:
    def __init__(self, record: MemoryRecord) -> None:
        self._record = record
        self._reactions: dict[tuple[str, str], dict[str, Reaction]] = defaultdict(dict)
        self._gestures: dict[tuple[str, str], dict[Gesture, datetime]] = defaultdict(dict)
        self._touched: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._forgotten: dict[tuple[str, str], datetime] = {}

    async def react(self, reaction: Reaction) -> bool:
        if reaction.user_id in self._record.erased:
            return False
        row = self._reactions[reaction.user_id, reaction.post_id]
        known = row.get(reaction.kind)
        if known is not None and known.at >= reaction.at:
            return False
        row[reaction.kind] = reaction
        self._touched[reaction.user_id][reaction.post_id] = utcnow()
        self._count(reaction, int(reaction.on) - int(known is not None and known.on))
        return True

    async def gesture(self, user_id: str, gestures: Mapping[str, Iterable[Gesture]], at: datetime) -> None:
        if user_id in self._record.erased:
            return
        for post_id, names in gestures.items():
            row = self._gestures[user_id, post_id]
            for name in names:
                row[name] = max(at, row.get(name, at))
            self._touched[user_id][post_id] = utcnow()

    async def of(self, user_id: str, since: datetime | None = None) -> list[Encounter]:
        return [
            Encounter(
                post_id,
                dict(self._gestures.get((user_id, post_id), {})),
                {kind: row.at for kind, row in self._reactions.get((user_id, post_id), {}).items() if row.on},  # type: ignore[misc]
                self._forgotten.get((user_id, post_id)),
            )
            for post_id, at in self._touched[user_id].items()
            if since is None or at >= since
        ]

    async def forget(self, user_id: str, post_ids: Iterable[str], at: datetime) -> None:
        touched = self._touched[user_id]
        for post_id in [post_id for post_id in post_ids if post_id in touched]:
            key = (user_id, post_id)
            self._forgotten[key] = max(at, self._forgotten.get(key, at))
            touched[post_id] = utcnow()

    async def likes_since(self, moment: datetime, limit: int) -> list[tuple[str, str, float]]:
        likes = [
            row["like"]
            for row in self._reactions.values()
            if "like" in row and row["like"].on and row["like"].at >= moment
        ]
        likes.sort(key=lambda like: like.at, reverse=True)
        return [(like.user_id, like.post_id, like.at.timestamp()) for like in likes[:limit]]

    async def erase(self, user_id: str) -> list[str]:
        self._record.erased.add(user_id)
        changed = []
        for key in [(user_id, post_id) for post_id in self._touched.pop(user_id, {})]:
            standing = [reaction for reaction in self._reactions.pop(key, {}).values() if reaction.on]
            for reaction in standing:
                self._count(reaction, -1)
            if any(reaction.user_id != reaction.author_id for reaction in standing):
                changed.append(key[1])
            self._gestures.pop(key, None)
            self._forgotten.pop(key, None)
        return changed

    def _count(self, reaction: Reaction, step: int) -> None:
        if step and reaction.user_id != reaction.author_id:
            post = self._record.posts.get(reaction.post_id, replace(NOWHERE, id=reaction.post_id))
            counts = {**post.counts, reaction.kind: post.counts.get(reaction.kind, 0) + step}
            self._record.posts[post.id] = replace(post, counts=counts)
            self._record.touched[post.id] = utcnow()


class MemoryPeople:
    def __init__(self, record: MemoryRecord) -> None:
        self._record = record
        self._rows: dict[tuple[str, str, str], tuple[Relation, datetime]] = {}
        self._steering: dict[str, Steering] = {}

    async def relate(self, relation: Relation) -> None:
        if {relation.user_id, relation.target_id} & self._record.erased:
            return
        key = (relation.kind, relation.user_id, relation.target_id)
        known = self._rows.get(key)
        if known is None or known[0].at < relation.at:
            self._rows[key] = (relation, utcnow())

    async def of(self, user_id: str, since: datetime | None = None) -> list[Relation]:
        return [
            row
            for row, touched in self._rows.values()
            if (row.user_id == user_id or (row.target_id == user_id and row.kind == "block"))
            and (since is None or touched >= since)
        ]

    async def steering(self, user_id: str) -> Steering:
        return self._steering.get(user_id, Steering())

    async def steer(
        self,
        user_id: str,
        *,
        personalised: bool | None = None,
        exploration: float | None = None,
        reset_at: datetime | None = None,
    ) -> None:
        if user_id in self._record.erased:
            return
        known = await self.steering(user_id)
        resets = [moment for moment in (known.reset_at, reset_at) if moment is not None]
        self._steering[user_id] = Steering(
            known.personalised if personalised is None else personalised,
            known.exploration if exploration is None else exploration,
            max(resets, default=None),
        )

    async def erase(self, user_id: str) -> None:
        self._record.erased.add(user_id)
        self._steering.pop(user_id, None)
        self._rows = {key: row for key, row in self._rows.items() if user_id not in key[1:]}

    async def erased(self, user_id: str) -> bool:
        return user_id in self._record.erased


class MemoryPages:
    def __init__(self) -> None:
        self._pages: dict[tuple[str, int], Page] = {}
        self.impressions: dict[tuple[str, str], Impression] = {}
        self.draws: dict[tuple[str, int], SlotDraw] = {}

    async def add(self, page: Page) -> Page:
        return self._pages.setdefault((page.session_id, page.number), page)

    async def session(self, session_id: str) -> list[Page]:
        return sorted(
            (page for page in self._pages.values() if page.session_id == session_id), key=lambda page: page.number
        )

    async def log(self, impressions: Sequence[Impression]) -> None:
        for impression in impressions:
            self.impressions.setdefault((impression.request_id, impression.post_id), impression)

    async def logged(self, viewer_id: str) -> list[Impression]:
        return [impression for impression in self.impressions.values() if impression.viewer_id == viewer_id]

    async def log_draws(self, draws: Sequence[SlotDraw]) -> None:
        for draw in draws:
            self.draws.setdefault((draw.request_id, draw.position), draw)

    async def shown_draws(self, since: datetime, limit: int) -> list[SlotDraw]:
        found = sorted((draw for draw in self.draws.values() if draw.at >= since), key=lambda draw: draw.at)[::-1]
        return [draw for draw in found[:limit] if (draw.request_id, draw.post_id) in self.impressions]

    async def erase(self, user_id: str) -> None:
        self.draws = {key: row for key, row in self.draws.items() if row.viewer_id != user_id}
        self._pages = {key: page for key, page in self._pages.items() if page.viewer_id != user_id}
        self.impressions = {key: row for key, row in self.impressions.items() if row.viewer_id != user_id}

    async def secret(self) -> bytes:
        return b"0" * 32
