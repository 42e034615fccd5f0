"""Why an item is there, for people."""

from __future__ import annotations

from services.feed.records import Post, Source
from shared.queries import Reason

TEXTS: dict[Source, str] = {
    "followed": "You follow {author}",
    "taste": "Like pictures you enjoyed",
    "trending": "Popular right now",
    "fresh": "New",
    "explore": "A discovery: few people have seen it yet",
    "remix": "A remix of a picture you like",
    "recent": "Recent",
    "co_liked": "Liked by people who like what you like",
}


def reason(source: Source, post: Post) -> Reason:
    """The reason for `post` having come from `source`."""
    return Reason(code=source, text=TEXTS[source].format(author=f"@{post.author_username}"))
