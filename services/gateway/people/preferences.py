"""What a person can set about how the service behaves towards them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from services.gateway.edge.text import Line, StrictBody

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _written(moment: object) -> object:
    # Else pydantic takes numbers, too, for seconds since 1970.
    if isinstance(moment, datetime) or (isinstance(moment, str) and _DATE.match(moment)):
        return moment
    raise ValueError("an RFC 3339 time is expected, e.g. 2026-11-25T08:30:00Z")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is out of range") from error


Moment = Annotated[datetime, Strict(False), BeforeValidator(_written), AfterValidator(_in_utc)]
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
