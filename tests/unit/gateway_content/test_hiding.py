"""Why a post is hidden: each reason for itself, and posts from before they were kept apart."""

from __future__ import annotations

import pytest

from services.gateway.posting import hiding
from shared.events import Decision
from shared.mongo import Document

RUDE = Decision(id="1", stage="comment", verdict="hold", span=(0, 4))
STOPPED = Decision(id="2", stage="post", verdict="block")


def test_the_weightiest_reason_is_told_and_each_is_lifted_for_itself() -> None:
    post: Document = {"stops": {}, "moderation": "allow", "decision": None}
    post |= hiding.hide(post, hiding.WORDS, None)
    assert (post["moderation"], post["decision"], hiding.waits(post)) == ("pending", None, True)
    post |= hiding.hide(post, hiding.WORDS, RUDE)
    assert (post["moderation"], post["decision"]["id"], hiding.waits(post)) == ("hold", "1", False)
    post |= hiding.hide(post, hiding.of_image("i"), STOPPED)
    assert (post["moderation"], post["decision"]["id"]) == ("block", "2")
    post |= hiding.show(post, hiding.WORDS)
    assert post["moderation"] == "block"
    post |= hiding.show(post, hiding.of_image("other"))
    assert post["moderation"] == "block"
    post |= hiding.show(post, hiding.of_image("i"))
    assert post == {"stops": {}, "moderation": "allow", "decision": None}


@pytest.mark.parametrize(
    ("stage", "reason"),
    [("user", "author"), ("comment", "words"), ("post", "post"), ("image", "post"), (None, "words")],
)
def test_posts_from_before_keep_their_reason(stage: str | None, reason: str) -> None:
    decision = {"id": "1", "stage": stage, "verdict": "block"} if stage else None
    assert hiding.stops({"moderation": "block" if stage else "pending", "decision": decision}) == {reason: decision}
    assert hiding.stops({"moderation": "allow", "decision": None}) == {}
