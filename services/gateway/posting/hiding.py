"""Why others do not see a post. Each reason stands until it is lifted itself, whatever becomes of the others.

`stops` of a post has them: the decision by which it is hidden, or None while its words wait to be judged. `moderation`
and `decision` follow from them and say the weightiest.
"""

from __future__ import annotations

from services.gateway.posting.words import kept
from shared.events import Decision
from shared.mongo import Document

Stops = dict[str, Document | None]
AUTHOR, POST, IMAGE, WORDS = "author", "post", "image", "words"
"""Reasons, the weightiest first: who posted it is suspended, people stopped it, a picture, its words."""
_BEFORE = {"user": AUTHOR, "comment": WORDS, None: WORDS}
"""For posts from before reasons were kept apart, by the stage of their decision."""


def of_image(image_id: str) -> str:
    """The reason that one picture of a post is."""
    return f"{IMAGE}:{image_id}"


def stops(post: Document) -> Stops:
    """Why the post is hidden; empty when it is not."""
    known: Stops | None = post.get("stops")
    if known is not None:
        return known
    decision: Document | None = post.get("decision")
    reason = _BEFORE.get(decision["stage"] if decision else None, POST)
    return {} if post["moderation"] == "allow" else {reason: decision}


def waits(post: Document) -> bool:
    """Whether moderation has yet to judge its words."""
    known = stops(post)
    return WORDS in known and known[WORDS] is None


def hide(post: Document, reason: str, decision: Decision | None) -> Document:
    """What of the post to set so that it is hidden for this reason too."""
    return _values(stops(post) | {reason: kept(decision)})


def show(post: Document, *reasons: str) -> Document:
    """What of the post to set so that it is not hidden for these reasons any more."""
    return _values({reason: decision for reason, decision in stops(post).items() if reason not in reasons})


def _values(left: Stops) -> Document:
    if not left:
        return {"stops": left, "moderation": "allow", "decision": None}
    weight = (AUTHOR, POST, IMAGE, WORDS)
    decision = left[min(left, key=lambda reason: weight.index(reason.partition(":")[0]))]
    return {"stops": left, "moderation": decision["verdict"] if decision else "pending", "decision": decision}
