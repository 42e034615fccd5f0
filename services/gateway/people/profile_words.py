"""A person's name and bio: others read the new ones when moderation has allowed them, and the old ones until then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.gateway.context import Parts
from services.gateway.posting import words
from shared.events import Target, WordsWritten, utcnow
from shared.mongo import Document


def own(account: Document) -> Document:
    """The account as its owner sees it: with the words that are kept from others."""
    hidden = account.get("hidden_profile") or {}
    return account | {name: hidden[name] for name in ("display_name", "bio") if name in hidden}


async def judged(
    parts: Parts, user_id: str, display_name: str, bio: str
) -> tuple[dict[str, Any], Sequence[WordsWritten]]:
    """What of an account to set for these words, and what to store with it."""
    now = utcnow()
    said = {"display_name": display_name, "bio": bio}
    judgement = await words.judge(parts, Target(kind="profile", id=user_id), user_id, now, f"{display_name}\n{bio}")
    if judgement.rating == "allow":
        return {**said, "hidden_profile": None}, ()
    return {"hidden_profile": {**said, "written_at": now}}, judgement.told
