"""One person's requests one after the other, different people's beside each other."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class OneByOne:
    """A lock for each person, first come first served. For one event loop.

    Without it whoever sends a hundred requests at once has a hundred shares of the gateway and the database, and
    somebody else's request is done when theirs are.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, user_id: str) -> asyncio.Lock:
        """To be held with `async with` while the person's request is carried out."""
        lock = self._locks.get(user_id)
        if lock is None:
            lock = self._locks[user_id] = asyncio.Lock()
        return lock
