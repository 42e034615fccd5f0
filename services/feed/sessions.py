"""Pages that were served, so that a cursor gives the same items again and no item twice."""

from __future__ import annotations

from collections import OrderedDict

from services.feed.cursors import PlaceCursor, SessionCursor
from services.feed.ports import PageStore
from services.feed.records import Page
from shared.queries import FeedMode

MOST_SESSIONS = 2_000


class Sessions:
    """Sessions of the store, the latest of them also in memory."""

    def __init__(self, store: PageStore) -> None:
        self._store = store
        self._known: OrderedDict[str, list[Page]] = OrderedDict()
        self._front: dict[int, tuple[int, Page]] = {}

    async def find(
        self, cursor: SessionCursor | PlaceCursor | None, viewer_id: str | None, mode: FeedMode
    ) -> tuple[list[Page], int]:
        """The pages served in the cursor's session and the number of the page it asks for.

        None and 0, which begins a new session, for no cursor, one that is forgotten, and one of another viewer or mode.
        """
        if not isinstance(cursor, SessionCursor):
            return [], 0
        served = self._known.get(cursor.session_id, [])
        if len(served) < cursor.number:
            served = await self._store.session(cursor.session_id)
            self._remember(served)
        ours = served and (served[0].viewer_id, served[0].mode) == (viewer_id, mode)
        whole = [page.number for page in served] == list(range(len(served)))
        if not ours or not whole or cursor.number > len(served):
            return [], 0
        return served, cursor.number

    async def keep(self, before: list[Page], page: Page) -> Page:
        """Keep the page that follows `before`; when another request was faster, its page is the one."""
        page = await self._store.add(page)
        self._remember([*before, page])
        return page

    def front_page(self, limit: int, revision: int) -> Page | None:
        """The first public page for everyone who is not signed in, for as long as no post has changed.

        Without this each look at the public page would begin a session and write it down.
        """
        made_at, page = self._front.get(limit, (-1, None))
        return page if made_at == revision else None

    def keep_front_page(self, limit: int, revision: int, page: Page) -> None:
        self._front[limit] = (revision, page)

    async def erase(self, user_id: str) -> None:
        """Forget a person's sessions and impressions."""
        await self._store.erase(user_id)
        for session_id in [known for known, pages in self._known.items() if pages[0].viewer_id == user_id]:
            del self._known[session_id]

    def _remember(self, served: list[Page]) -> None:
        if served:
            self._known[served[0].session_id] = served
            self._known.move_to_end(served[0].session_id)
            while len(self._known) > MOST_SESSIONS:
                self._known.popitem(last=False)
