"""A page of `following`: the people one follows and nobody else, newest first, with an end."""

from __future__ import annotations

from services.feed.cursors import PlaceCursor
from services.feed.pool import Place, Pool, place
from services.feed.ports import PostStore
from services.feed.records import Post
from services.feed.stages.candidates.followed import followed
from services.feed.viewer import Viewer


async def following_page(
    pool: Pool, store: PostStore, viewer: Viewer, start: PlaceCursor | None, limit: int
) -> tuple[list[Post], PlaceCursor | None]:
    """Posts after `start`, and the cursor of what comes after them; None at the end.

    The cursor is a place in time, so new posts neither shift nor repeat anything. What is older than the pool is read
    from the record.
    """
    before: Place | None = None if start is None else (start.published_at, start.post_id)

    def wanted(post: Post) -> bool:
        return viewer.may_see(post) and not viewer.turned_away(post.id)

    posts = followed(pool, viewer.follows, wanted, limit + 1, before)
    if len(posts) <= limit and pool.truncated and viewer.follows:
        edge = place(posts[-1]) if posts else before
        while len(posts) <= limit:
            older = await store.by_authors(sorted(viewer.follows), edge, limit + 1)
            posts += [post for post in older if wanted(post)]
            if len(older) <= limit:
                break
            edge = place(older[-1])
    page = posts[:limit]
    if len(posts) <= limit:
        return page, None
    return page, PlaceCursor(page[-1].published_at, page[-1].id)
