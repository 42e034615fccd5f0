"""What an account is made of."""

from __future__ import annotations

from typing import Any

from services.gateway.people.preferences import Preferences
from shared.events import utcnow
from shared.mongo import Document


def new_account(
    account_id: str,
    username: str,
    *,
    display_name: str | None,
    email: str | None,
    password_hash: str | None,
    subject: str | None = None,
) -> Document:
    """The document of a new person. `subject` is `<issuer>|<sub>` for those of an outside issuer."""
    now = utcnow()
    fields: dict[str, Any] = {
        "_id": account_id,
        "username": username,
        "display_name": display_name or username,
        "bio": "",
        "avatar_image_id": None,
        "role": "person",
        "preferences": Preferences().model_dump(),
        "counts": {"posts": 0, "posts_for_followers": 0, "followers": 0, "following": 0},
        "password_hash": password_hash,
        "created_at": now,
        "updated_at": now,
        "erased_at": None,
    }
    # Absent rather than null: the unique indexes cover only those who have one.
    return fields | ({"email": email} if email else {}) | ({"subject": subject} if subject else {})
