"""What a person can set about how the service behaves towards them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from services.gateway.text import Line, StrictBody


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


Moment = Annotated[datetime, Strict(False), AfterValidator(_in_utc)]
"""An RFC 3339 time; without an offset it is UTC."""


class NotificationPreferences(StrictBody):
    """Which acts of others are told."""

    like: bool = True
    comment: bool = True
    reply: bool = True
    follow: bool = True
    remix: bool = True
    decision: bool = True


class MutedWord(StrictBody):
    """A word or phrase whose posts are kept out of what the person is shown, until a time or for good."""

    word: Annotated[Line, Field(min_length=1, max_length=100)]
    until: Moment | None = None


class Preferences(StrictBody):
    """All preferences, each with its default."""

    notifications: NotificationPreferences = NotificationPreferences()
    muted_words: Annotated[list[MutedWord], Field(max_length=200)] = Field(default_factory=list)
    default_visibility: Literal["public", "followers", "unlisted", "private"] = "public"
    show_prompt: bool = Field(True, description="Whether a new post shows its prompt unless told otherwise.")
    reduce_motion: bool = False
    theme: Literal["system", "light", "dark"] = "system"


class PreferenceChanges(StrictBody):
    """Preferences to change; what is left out stays. A list replaces the one before."""

    notifications: dict[Literal["like", "comment", "reply", "follow", "remix", "decision"], bool] | None = None
    muted_words: Annotated[list[MutedWord], Field(max_length=200)] | None = None
    default_visibility: Literal["public", "followers", "unlisted", "private"] | None = None
    show_prompt: bool | None = None
    reduce_motion: bool | None = None
    theme: Literal["system", "light", "dark"] | None = None
