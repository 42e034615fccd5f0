"""What becomes of the index when something happens to a post: events may come late, twice or in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from opentelemetry import trace

from services.search.points import Entry, Mark, Vector
from services.search.ports import Encoder, Index, Media, Words
from shared.events import PostState, Target
from shared.media import nearest_kept, rendition_key

tracer = trace.get_tracer(__name__)

REMEMBERED = timedelta(days=8)
"""How long a deletion is remembered: a day longer than the broker keeps the events that it must outlive."""


class PicturesMissing(Exception):
    """Some of a post's pictures are not in the object store yet; the post is indexed without them."""


class Indexer:
    """Keeps the index true to what has been said about posts."""

    def __init__(self, encoder: Encoder, index: Index, words: Words, media: Media) -> None:
        self._encoder, self._index, self._words, self._media = encoder, index, words, media

    async def index(self, post: PostState) -> None:
        """Take a post in, or its newer version; `PicturesMissing` when it must be tried again for its pictures."""
        marks = await self._marks(post)
        if any(mark.gone for mark in marks):
            return
        stored = (await self._index.posts([post.post_id])).get(post.post_id)
        hoped = Entry(post, self._encoder.name)
        if stored and not hoped.replaces(stored):
            return
        with tracer.start_as_current_span("search.encode", attributes={"post.id": post.post_id}) as span:
            images, complete = await self._images(post, stored)
            prompt = await self._prompt(post)
            span.set_attribute("search.images", len(images))
        words = self._words.document(searchable_text(post))
        withheld = any(mark.withheld for mark in marks)
        await self._index.put(Entry(post, self._encoder.name, images, prompt, words, complete, withheld))
        await self._settle(post)
        if not complete:
            raise PicturesMissing(f"post {post.post_id} has pictures that are not in the object store")

    async def delete(self, post_id: str, at: datetime) -> None:
        """Forget a post for good, also if it is published again by a late event."""
        await self._index.mark(Mark(f"post:{post_id}", at, gone=True))
        await self._index.remove(post_id)

    async def erase(self, user_id: str, at: datetime) -> None:
        """Forget all posts of a person for good."""
        await self._index.mark(Mark(f"user:{user_id}", at, gone=True))
        await self._index.remove_author(user_id)

    async def decide(self, target: Target, withheld: bool, at: datetime) -> None:
        """Take posts out of sight, or put them back, as moderation's latest word on them has it."""
        if target.kind not in ("post", "image", "user"):
            return
        key = f"{target.kind}:{target.id}"
        earlier = (await self._index.marks([key])).get(key)
        if earlier and (earlier.gone or earlier.at > at):
            return
        await self._index.mark(Mark(key, at, withheld=withheld))
        async for entry in self._index.every_post(target):
            await self._settle(entry.post)

    async def complete(self) -> int:
        """Read the pictures of posts that are indexed without; returns how many posts still are."""
        missing = 0
        async for entry in self._index.every_post():
            if entry.complete:
                continue
            try:
                await self.index(entry.post)
            except PicturesMissing:
                missing += 1
        return missing

    async def forget(self, now: datetime) -> None:
        """Drop deletions that no event can contradict any more."""
        await self._index.forget_gone(now - REMEMBERED)

    async def _settle(self, post: PostState) -> None:
        """Apply the marks as they are now: a deletion or decision may have come while the post was being written."""
        marks = await self._marks(post)
        if any(mark.gone for mark in marks):
            await self._index.remove(post.post_id)
        else:
            await self._index.withhold(post.post_id, any(mark.withheld for mark in marks))

    async def _marks(self, post: PostState) -> Sequence[Mark]:
        keys = [f"post:{post.post_id}", f"user:{post.author_id}", *(f"image:{one.image_id}" for one in post.images)]
        return list((await self._index.marks(keys)).values())

    async def _images(self, post: PostState, stored: Entry | None) -> tuple[Sequence[Vector], bool]:
        """The pictures' vectors, and whether all pictures' bytes were there."""
        names = [image.hash for image in post.images]
        if (
            stored
            and stored.complete
            and stored.encoder == self._encoder.name
            and [image.hash for image in stored.post.images] == names
        ):
            return stored.image, True
        keys = [rendition_key(image.hash, nearest_kept("320", image.width), "jpg") for image in post.images]
        found = await asyncio.gather(*(self._media.get(key) for key in keys))
        present = [data for data in found if data is not None]
        vectors = await self._encoder.encode_images(present) if present else []
        return [vector for vector in vectors if vector is not None], len(present) == len(names)

    async def _prompt(self, post: PostState) -> Vector | None:
        prompts = list(dict.fromkeys(image.prompt for image in post.images if image.prompt))
        return await self._encoder.encode_prompt(". ".join(prompts)) if prompts else None


def searchable_text(post: PostState) -> str:
    """The words by which a post is found: who, tags, caption, and for shown prompts the prompts and descriptions.

    The description of a picture whose prompt is hidden stays out: by default it quotes the prompt.
    """
    shown = [image for image in post.images if image.prompt]
    texts = (image.prompt for image in shown), (image.alt for image in shown)
    described = dict.fromkeys(text for group in texts for text in group if text)
    return "\n".join((post.author_username, " ".join(post.tags), post.caption, *described))
