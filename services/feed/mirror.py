"""Copies in memory of what MongoDB holds: the pool of posts, and the people who are reading now.

Other processes of this service write too, so every question first asks the record what has changed since the last one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

from services.feed.pool import Pool
from services.feed.ports import EncounterStore, PeopleStore, PostStore
from services.feed.viewer import Viewer
from shared.events import utcnow

OVERLAP = timedelta(seconds=2)
"""Clocks of processes differ, and a write is visible a moment after its time: that much is read again."""
MOST_VIEWERS = 2_000


class PoolMirror:
    """Keeps a `Pool` like the record."""

    def __init__(self, store: PostStore, size: int) -> None:
        self.pool = Pool(size)
        self._store = store
        self._size = size
        self._synced: datetime | None = None
        self._lock = asyncio.Lock()

    async def sync(self) -> Pool:
        """Bring the pool up to the present, loading it at first."""
        async with self._lock:
            moment = utcnow()
            if self._synced is None:
                posts = await self._store.newest(self._size + 1)
                await asyncio.to_thread(self.pool.apply, posts)
            else:
                self.pool.apply(await self._store.changed_since(self._synced - OVERLAP))
            self._synced = moment
            return self.pool


class ViewerMirror:
    """Keeps what is known of the people who asked last."""

    def __init__(self, encounters: EncounterStore, people: PeopleStore) -> None:
        self._encounters = encounters
        self._people = people
        self._known: OrderedDict[str, tuple[Viewer, datetime]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def sync(self, viewer_id: str | None) -> Viewer:
        """The person as the record knows them now."""
        if viewer_id is None:
            return Viewer(None)
        async with self._locks.setdefault(viewer_id, asyncio.Lock()):
            moment = utcnow()
            viewer, synced = self._known.get(viewer_id, (Viewer(viewer_id), None))
            since = None if synced is None else synced - OVERLAP
            encounters, relations, viewer.steering = await asyncio.gather(
                self._encounters.of(viewer_id, since),
                self._people.of(viewer_id, since),
                self._people.steering(viewer_id),
            )
            viewer.learn(encounters, relations)
            self._known[viewer_id] = (viewer, moment)
            self._known.move_to_end(viewer_id)
            while len(self._known) > MOST_VIEWERS:
                self.forget(next(iter(self._known)))
            return viewer

    def forget(self, viewer_id: str) -> None:
        """Drop one person from memory."""
        self._known.pop(viewer_id, None)
        self._locks.pop(viewer_id, None)
