"""Usernames: what one may look like, and which nobody may take."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

RESERVED = frozenset(
    """
    about abuse admin administrator anonymous api app auth bookmarks contact docs erased everyone explore
    export feed followers following help home legal likes login logout me media mod moderation moderator
    notifications null operator post posts privacy promptgram register root search security settings share
    signup staff status support system terms undefined user users v1 webmaster www
    """.split()  # noqa: SIM905
)

Username = Annotated[
    str,
    Field(min_length=3, max_length=30, pattern=r"^[A-Za-z0-9_]+$", description="Compared without regard to case."),
    AfterValidator(str.lower),
]


def username_from(text: str) -> str:
    """A username near to any text, for accounts that come from outside; may be taken or reserved."""
    found = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")[:24]
    return found if len(found) >= 3 else f"person_{found}".rstrip("_")
