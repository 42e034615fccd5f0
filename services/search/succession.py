"""How an index for another encoder takes over from the one before, without a post ever being out of reach.

Vectors of two encoders can't be compared, so each encoder has an index of its own. When search starts with an encoder
that has none yet, everything that does not depend on it is carried over before the first query: posts with their
prompts' vectors and words, deletions and decisions. The pictures are read again afterwards, in the background; until
its turn a post is found by its prompt and words.
"""

from __future__ import annotations

import re
from dataclasses import replace

import structlog

from services.search.indexing import searchable_text
from services.search.ports import Encoder, Index, Words

log = structlog.get_logger(__name__)
PREFIX = "posts-"
TOLD_EVERY = 5000


def generation(encoder_name: str) -> str:
    """The name of an encoder's index: a folder's or a collection's."""
    return PREFIX + re.sub(r"[^a-z0-9.]+", "-", encoder_name.lower()).strip("-")


async def carry_over(earlier: Index, later: Index, encoder: Encoder, words: Words) -> None:
    """Copy what does not depend on the encoder. Doing it again changes nothing."""
    async for mark in earlier.every_mark():
        await later.mark(mark)
    carried = 0
    async for entry in earlier.every_post():
        post = entry.post
        again = replace(entry, encoder=encoder.name, image=(), complete=False)
        await later.put(replace(again, words=words.document(searchable_text(post))))
        marks = await later.marks([f"post:{post.post_id}", f"user:{post.author_id}"])
        if any(mark.gone for mark in marks.values()):
            # Another process is already at work on the later index, and has heard of a deletion.
            await later.remove(post.post_id)
        carried += 1
        if carried % TOLD_EVERY == 0:
            log.info("carrying posts over to another encoder's index", posts=carried)
    log.info("the posts of an earlier encoder's index were carried over", posts=carried, encoder=encoder.name)
