"""What people write is judged before others read it: at once where moderation answers, and else when it does.

Until then its author alone sees it. Comments, the words of posts, and names and bios go this way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from services.gateway.answers import Rating
from services.gateway.context import Parts
from shared.bus import Unanswered
from shared.events import Decision, Target, Words, WordsWritten
from shared.mongo import Document
from shared.queries import JudgeWords

log = structlog.get_logger(__name__)
PATIENCE_S = 2.0
"""How long somebody who posts waits for moderation."""


@dataclass(frozen=True)
class Judgement:
    """How words stand. `told` is to be stored with them: it has moderation judge what is pending."""

    rating: Rating
    decision: Decision | None = None
    told: tuple[WordsWritten, ...] = ()


def kept(decision: Decision | None) -> Document | None:
    """What a record keeps of a decision on it."""
    return decision.model_dump(mode="json") if decision else None


async def judge(parts: Parts, target: Target, owner_id: str, written_at: datetime, text: str) -> Judgement:
    """Ask moderation. The same words of the same moment are judged once, however often it is asked."""
    if not text.strip():
        return Judgement("allow")
    words = Words(target=target, owner_id=owner_id, written_at=written_at, text=text)
    try:
        answer = await parts.bus.ask(JudgeWords(words=words), timeout_s=PATIENCE_S)
    except Unanswered as error:
        log.warning("words wait for moderation", target=target.kind, id=target.id, error=str(error))
        return Judgement("pending", None, (WordsWritten(words=words),))
    return Judgement(answer.verdict, answer.decision)
