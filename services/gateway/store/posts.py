"""Posts: published pictures with their words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import timedelta

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.ids import first_id_at, moment_of
from shared.mongo import Document, Mongo, Write
from shared.recent import Recent

FIRST_REACH = timedelta(minutes=10)
LONGEST_REACH = timedelta(days=3650)
AIMED_AT = 80
"""How many posts the next stretch of time should hold, judged by how many the last ones held."""

REMEMBERED = 1000
"""Queries of which a process knows how far the last page reached back."""

COUNTED_AS = {"public": "posts", "followers": "posts_for_followers"}
"""The author's counter of posts of a visibility; those of others don't count on a profile."""

OPEN = ("public", "unlisted")
"""Visibilities under which anybody who has the link may see the pictures."""


class Posts:
    """One document for each post; a deleted post is gone.

    `{_id, author_id, author_username, images: [{image_id, hash, width, height, seed, thumbhash, prompt, alt}],
    caption, tags, model, aspect, seed, prompt, show_prompt, visibility, parent_id, root_id, counts: {likes, comments,
    remixes, bookmarks}, version, stops, moderation, decision, created_at, edited_at}`. An image's `alt` is None while
    its author keeps the default. `moderation` is "allow", or the verdict that hides the post from others, with its
    `decision`, or "pending" without one; both follow from `stops`, as `posting/hiding.py` says. `counts` are
    projections of the ledgers; `recounting.py` keeps them right.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["posts"]
        self._gathered = mongo.gathered(self._look_up)
        self._reaches: Recent[int, timedelta] = Recent(REMEMBERED)

    async def create_indexes(self) -> None:
        await self._rows.create_index([("author_id", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("visibility", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("parent_id", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("images.hash", ASCENDING)])
        await self._rows.create_index([("images.image_id", ASCENDING)])

    async def insert(self, post: Document, session: AsyncClientSession) -> None:
        await self._rows.insert_one(post, session=session)

    async def get(self, post_id: str) -> Document | None:
        return await self._gathered.ask(post_id)

    async def _look_up(self, post_ids: Sequence[str]) -> list[Document | None]:
        rows = self._rows.find({"_id": {"$in": list(set(post_ids))}})
        found = {post["_id"]: post async for post in rows}
        return [dict(found[post_id]) if post_id in found else None for post_id in post_ids]

    async def many(self, post_ids: Sequence[str]) -> list[Document]:
        """Posts in the order of their ids; those that are gone are left out."""
        rows = self._rows.find({"_id": {"$in": list(post_ids)}})
        found = {post["_id"]: post async for post in rows}
        return [found[post_id] for post_id in post_ids if post_id in found]

    async def change(
        self, post_id: str, version: int, values: Document, session: AsyncClientSession | None = None
    ) -> Document | None:
        """Set values if the post is still at this version, and make it the next; None when it is not."""
        done = await self._rows.update_one(
            {"_id": post_id, "version": version}, {"$set": values, "$inc": {"version": 1}}, session=session
        )
        return await self._rows.find_one({"_id": post_id}, session=session) if done.modified_count else None

    def counting(self, post_id: str, name: str, step: int) -> Write:
        """Move one counter; a post that is gone is left alone."""
        return UpdateOne({"_id": post_id}, {"$inc": {f"counts.{name}": step}}, namespace=self._rows.full_name)

    async def correct(self, post_id: str, wrong: dict[str, int], right: dict[str, int]) -> bool:
        """Set counters to their true values, unless they have moved since `wrong` was read."""
        query = {"_id": post_id} | {f"counts.{name}": value for name, value in wrong.items()}
        done = await self._rows.update_one(query, {"$set": {f"counts.{name}": value for name, value in right.items()}})
        return done.modified_count == 1

    async def delete(self, post_id: str, session: AsyncClientSession) -> Document | None:
        """Remove a post and give what it was; None when it was gone already."""
        post = await self._rows.find_one({"_id": post_id}, session=session)
        gone = await self._rows.delete_one({"_id": post_id}, session=session)
        return post if gone.deleted_count else None

    async def by_authors(
        self, author_ids: Iterable[str], *, visibilities: Iterable[str], before: str | None, limit: int
    ) -> list[Document]:
        """Posts of these people, newest first."""
        authors, shared = list(author_ids), set(visibilities)
        by: Document = {"author_id": authors[0] if len(authors) == 1 else {"$in": authors}}
        return await self._newest(by, before, limit, lambda post: post["visibility"] in shared)

    async def latest_public(self, *, before: str | None, limit: int) -> list[Document]:
        return await self._newest({"visibility": "public"}, before, limit)

    async def remixes_of(self, post_id: str, *, before: str | None, limit: int) -> list[Document]:
        """Posts made from a picture of this post."""
        return await self._newest({"parent_id": post_id}, before, limit)

    async def showing(self, image_id: str) -> list[Document]:
        """Posts that show this picture."""
        return await self._rows.find({"images.image_id": image_id}).to_list()

    async def disclosing(self, name: str) -> Document | None:
        """A post that everybody may see, shows this picture and tells its prompt."""
        query: Document = {"images.hash": name, "visibility": "public", "moderation": "allow", "show_prompt": True}
        return await self._rows.find_one(query)

    async def open_shows(self, name: str, *, without: str | None = None) -> bool:
        """Whether a post that anybody may see shows this picture, leaving one post out of account."""
        query: Document = {
            "images.hash": name,
            "visibility": {"$in": OPEN},
            "moderation": "allow",
            "_id": {"$ne": without},
        }
        return await self._rows.find_one(query, {"_id": 1}) is not None

    async def count_remixes(self, post_id: str) -> int:
        return await self._rows.count_documents({"parent_id": post_id, "visibility": "public", "moderation": "allow"})

    async def remixes_by(self, user_id: str, post_id: str) -> list[Document]:
        """Somebody's own remixes of a post."""
        return await self._rows.find({"parent_id": post_id, "author_id": user_id}).to_list()

    async def count_listed(self, user_id: str) -> dict[str, int]:
        """How many posts count on a person's profile, by the name of the counter."""
        return {
            counter: await self._rows.count_documents(
                {"author_id": user_id, "visibility": visibility, "moderation": "allow"}
            )
            for visibility, counter in COUNTED_AS.items()
        }

    def all(self, *, after: str | None = None, author_id: str | None = None) -> AsyncIterator[Document]:
        """Every post, oldest first, for rebuilding what other services keep."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        if author_id:
            query["author_id"] = author_id
        return aiter(self._rows.find(query).sort("_id", 1))

    async def _newest(
        self, query: Document, before: str | None, limit: int, kept: Callable[[Document], bool] = lambda _: True
    ) -> list[Document]:
        """The latest of those that match and are kept.

        Looks back in stretches of time, since the database on one machine sorts all that it matches. The first is as
        long as what the last page of this query took, the others as long as it takes to hold some hundred posts if
        they came as densely as in those before, so that mostly one is asked for and few posts are looked through.
        """
        found: list[Document] = []
        start = moment_of(before) if before else utcnow()
        known = hash(repr(query))
        upper, reach = before, self._reaches.get(known, FIRST_REACH)
        while True:
            lower = first_id_at(start - reach) if reach < LONGEST_REACH else None
            bounds = {name: bound for name, bound in (("$lt", upper), ("$gte", lower)) if bound}
            rows = (
                await self._rows.find(query | ({"_id": bounds} if bounds else {}))
                .sort("_id", -1)
                .limit(2 * limit)
                .to_list()
            )
            found += filter(kept, rows)
            if len(found) >= limit:
                taken = 2 * (start - moment_of(found[limit - 1]["_id"]))
                self._reaches[known] = min(LONGEST_REACH, max(FIRST_REACH, taken))
                return found[:limit]
            if len(rows) == 2 * limit:
                upper = rows[-1]["_id"]
            elif lower is None:
                self._reaches[known] = LONGEST_REACH
                return found
            else:
                upper = lower
                reach *= max(AIMED_AT, 4 * limit) / max(1, len(found))
