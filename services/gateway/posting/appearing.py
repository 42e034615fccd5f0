"""What follows when moderation, which had not answered at first, has judged somebody's words."""

from __future__ import annotations

from services.gateway.context import Parts
from services.gateway.posting import commenting, hiding, publishing
from shared.events import WordsJudged


async def words_judged(parts: Parts, event: WordsJudged) -> None:
    """Show what was pending, or keep it hidden for good. What changed again meanwhile has a judgement of its own."""
    target = event.target
    match target.kind:
        case "comment":
            await commenting.rate(parts, target.id, event.verdict, event.decision, only="pending")
        case "post":
            await _post(parts, event)
        case "profile":
            if event.verdict == "allow":
                await parts.accounts.rate_profile(target.id, "allow", written_at=event.written_at)


async def _post(parts: Parts, event: WordsJudged) -> None:
    while (post := await parts.posts.get(event.target.id)) and hiding.waits(post):
        allowed = event.verdict == "allow"
        values = hiding.show(post, hiding.WORDS) if allowed else hiding.hide(post, hiding.WORDS, event.decision)
        if await publishing.change(parts, post, values):
            return
