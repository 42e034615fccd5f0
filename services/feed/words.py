"""The words of a post, by which it is compared while its pictures' vectors can't be had."""

from __future__ import annotations

import re

from shared.events import PostState

MOST = 24
WORD = re.compile(r"[^\W\d_]{4,24}")


def words_of(post: PostState) -> list[str]:
    """Up to 24 lower-case words: tags first, then prompts that are shown, then the caption. Short words say little."""
    texts = [*(image.prompt or "" for image in post.images), post.caption]
    found = (word.lower() for text in texts for word in WORD.findall(text[:2000]))
    return list(dict.fromkeys([*(tag.lower() for tag in post.tags), *found]))[:MOST]
