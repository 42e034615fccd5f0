"""What the feed needs from the world. Each port has an adapter, and a fake under the same contract tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

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
from services.feed.senses import Senses, Vector
from shared.events import PostState


class PostStore(Protocol):
    """Every announced post with its counts. The highest version wins; a deleted post never returns."""

    async def put(self, state: PostState) -> None:
        """Keep a post's state unless a newer one, its deletion or its author's erasure is known."""
        ...

    async def delete(self, post_id: str) -> None: ...

    async def rule(self, ruling: Ruling) -> list[str]:
        """Apply moderation's word (the latest wins) and return the ids of the posts concerned."""
        ...

    async def count_exposure(self, seen: Iterable[str], rejected: Iterable[str]) -> None:
        """One more person saw each of `seen`, and turned away each of `rejected`."""
        ...

    async def get(self, post_ids: Iterable[str]) -> list[Post]:
        """The posts as they stand, also those that are gone; unknown ids are absent."""
        ...

    async def changed_since(self, moment: datetime) -> list[Post]:
        """Posts touched at or after `moment`, also those that are gone."""
        ...

    async def newest(self, limit: int) -> list[Post]:
        """The newest posts that are not gone, of any visibility."""
        ...

    async def by_authors(
        self, author_ids: Sequence[str], before: tuple[datetime, str] | None, limit: int
    ) -> list[Post]:
        """Public and followers' posts of these authors that stand after `before` in the order newest first."""
        ...

    async def erase_author(self, user_id: str) -> list[str]:
        """Delete an author's posts for good, also those yet to arrive, and return the ids of those that were there."""
        ...


class EncounterStore(Protocol):
    """What each person has done with each post."""

    async def react(self, reaction: Reaction) -> bool:
        """Record a reaction and count it on the post, exactly once; False when an equal or later one is known."""
        ...

    async def gesture(self, user_id: str, gestures: Mapping[str, Iterable[Gesture]], at: datetime) -> None:
        """Record gestures by post id; the latest moment of each stays."""
        ...

    async def of(self, user_id: str, since: datetime | None = None) -> list[Encounter]:
        """A person's encounters, or only those touched at or after `since`."""
        ...

    async def forget(self, user_id: str, post_ids: Iterable[str], at: datetime) -> None:
        """Have what a person did with these posts until `at` teach nothing; reactions, counts and `seen` stay."""
        ...

    async def likes_since(self, moment: datetime, limit: int) -> list[tuple[str, str, float]]:
        """(person, post, when in seconds) of standing likes given at or after `moment`: the latest `limit` of them."""
        ...

    async def erase(self, user_id: str) -> list[str]:
        """Forget a person and take back what they added to counts; returns the ids of posts whose counts changed."""
        ...


class PeopleStore(Protocol):
    """Who follows, blocks and mutes whom. The latest `at` of a pair and kind wins."""

    async def relate(self, relation: Relation) -> None: ...

    async def of(self, user_id: str, since: datetime | None = None) -> list[Relation]:
        """Relations from this person, and blocks upon them, also ended ones; or those touched at or after `since`."""
        ...

    async def steering(self, user_id: str) -> Steering:
        """What the person chose, or the defaults."""
        ...

    async def steer(
        self,
        user_id: str,
        *,
        personalised: bool | None = None,
        exploration: float | None = None,
        reset_at: datetime | None = None,
    ) -> None:
        """Keep what is given and leave the rest; the latest `reset_at` stays. An erased person has no choices."""
        ...

    async def erase(self, user_id: str) -> None:
        """Forget every relation from and to a person and their choices, and refuse new ones."""
        ...

    async def erased(self, user_id: str) -> bool: ...


class PageStore(Protocol):
    """Pages served, for a day, and the impressions they led to."""

    async def add(self, page: Page) -> Page:
        """Keep a page and return it; when this number of the session was served already, return that one."""
        ...

    async def session(self, session_id: str) -> list[Page]:
        """The pages of a session in order; empty when unknown or forgotten."""
        ...

    async def log(self, impressions: Sequence[Impression]) -> None:
        """Keep impressions, each once."""
        ...

    async def logged(self, viewer_id: str) -> list[Impression]:
        """A person's impressions of the last 180 days."""
        ...

    async def log_draws(self, draws: Sequence[SlotDraw]) -> None:
        """Keep how places were drawn, each once, for 30 days."""
        ...

    async def shown_draws(self, since: datetime, limit: int) -> list[SlotDraw]:
        """The latest `limit` draws made at or after `since`, less those that were never truly shown, newest first.

        What policies are compared by.
        """
        ...

    async def erase(self, user_id: str) -> None: ...

    async def secret(self) -> bytes:
        """A key for signing that all processes share and that survives restarts; made at first use."""
        ...


class Meaning(Protocol):
    """What search knows of pictures. While search is down answers hold what was known before, or nothing."""

    async def senses(self, post_ids: Sequence[str]) -> Senses:
        """Tables that hold the vectors of these posts, as far as search knows them, and maybe of others."""
        ...

    async def near(
        self, positive: Sequence[Vector], negative: Sequence[Vector], exclude: Sequence[str], limit: int
    ) -> list[str]:
        """Ids of public posts near any positive and away from the negatives, best first."""
        ...
