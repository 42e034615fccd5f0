"""The words of a post: which of them moderation has to judge, and what follows for the post."""

from __future__ import annotations

from services.gateway.context import Parts
from services.gateway.errors import unavailable
from services.gateway.posting import hiding, words
from services.gateway.posting.tags import not_of_prompts
from shared.events import Target, utcnow
from shared.mongo import Document

WORDED = frozenset({"caption", "tags", "images"})
"""The fields of a post that hold words."""

TRY_AGAIN_S = 10


async def judge_new(parts: Parts, post: Document) -> words.Judgement:
    """Of a post that is about to be published."""
    target = Target(kind="post", id=post["_id"])
    return await words.judge(parts, target, post["author_id"], post["created_at"], _text(post))


async def judge_changed(parts: Parts, post: Document, values: Document) -> Document:
    """What follows for a post whose values are about to change so.

    What is stopped hides the post until its author finds better words, which show it again, or a moderator does.

    Raises:
        Problem: 503 `moderation_away`, rather than hide a post for a while that others may be reading.
    """
    if not WORDED & values.keys():
        return {}
    target = Target(kind="post", id=post["_id"])
    judgement = await words.judge(parts, target, post["author_id"], utcnow(), _text(post | values))
    if judgement.rating == "pending":
        detail = "Words can't be checked at the moment; nothing was changed."
        raise unavailable("moderation_away", detail, retry_after_s=TRY_AGAIN_S)
    if judgement.rating != "allow":
        return hiding.hide(post, hiding.WORDS, judgement.decision)
    return hiding.show(post, hiding.WORDS) if hiding.WORDS in hiding.stops(post) else {}


def _text(post: Document) -> str:
    """Without what is a word of the prompt: that was judged with it."""
    tags = not_of_prompts(post["tags"], [image["prompt"] for image in post["images"]])
    return "\n".join([post["caption"], *(image["alt"] or "" for image in post["images"]), " ".join(tags)])
