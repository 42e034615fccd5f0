"""How people look in the API's answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.gateway import present
from services.gateway.answers import Sources
from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.people import profile_words
from services.gateway.people.preferences import Preferences
from services.gateway.store.relations import Standing
from shared.events import Decision
from shared.mongo import Document


class PersonCounts(BaseModel):
    posts: int = Field(description="Those on the profile that the viewer may see.")
    followers: int
    following: int


class RelationState(BaseModel):
    """How the viewer stands to this person."""

    following: bool
    followed_by: bool
    blocking: bool
    muting: bool


class Card(BaseModel):
    """A person in a list."""

    id: str
    username: str
    display_name: str
    bio: str
    avatar: Sources | None
    relation: RelationState | None = Field(description="Null when nobody is signed in, and for oneself.")


class Profile(Card):
    """A person's page."""

    counts: PersonCounts
    created_at: datetime


class Me(Profile):
    """One's own account."""

    email: str | None = Field(description="Null for an account of an outside issuer that tells none.")
    role: str
    has_password: bool = Field(description="False for an account of an outside issuer: there is none to ask for.")
    preferences: Preferences
    profile_held: bool = Field(description="Whether moderation hides the name and bio from others for now.")
    suspension: Decision | None = Field(description="Why one may only read for now; null for nearly everybody.")


async def cards(parts: Parts, viewer: Viewer | None, accounts: list[Document]) -> list[Card]:
    """People who have passed `visible_people`, in their order."""
    authors = await present.authors_of(parts, {account["_id"]: account for account in accounts})
    return [Card(**_card(account, viewer), avatar=authors[account["_id"]].avatar) for account in accounts]


async def profile(parts: Parts, viewer: Viewer | None, account: Document) -> Profile:
    """The page of a person who has passed `visible_people`."""
    authors = await present.authors_of(parts, {account["_id"]: account})
    user_id = account["_id"]
    trusted = viewer is not None and (user_id == viewer.user_id or user_id in account["standing"].follows)
    return Profile(
        **_card(account, viewer),
        avatar=authors[user_id].avatar,
        counts=_counts(account, for_followers=trusted),
        created_at=account["created_at"],
    )


async def me(parts: Parts, account: Document) -> Me:
    """One's own account, with what only its owner sees."""
    authors = await present.authors_of(parts, {account["_id"]: account})
    return Me(
        **_card(profile_words.own(account), None),
        avatar=authors[account["_id"]].avatar,
        counts=_counts(account, for_followers=True),
        created_at=account["created_at"],
        email=account.get("email"),
        role=account["role"],
        has_password=account["password_hash"] is not None,
        preferences=Preferences.model_validate(account["preferences"]),
        profile_held=bool(account.get("hidden_profile")),
        suspension=account.get("suspension"),
    )


def _card(account: Document, viewer: Viewer | None) -> Document:
    user_id = account["_id"]
    relation = None
    if viewer and viewer.user_id != user_id:
        standing: Standing = account["standing"]
        relation = RelationState(
            following=user_id in standing.follows,
            followed_by=user_id in standing.followed_by,
            blocking=user_id in standing.blocks,
            muting=user_id in standing.mutes,
        )
    return {
        "id": user_id,
        "username": account["username"],
        "display_name": account["display_name"],
        "bio": account["bio"],
        "relation": relation,
    }


def _counts(account: Document, *, for_followers: bool) -> PersonCounts:
    kept = {name: max(0, number) for name, number in account["counts"].items()}
    posts = kept["posts"] + (kept.get("posts_for_followers", 0) if for_followers else 0)
    return PersonCounts(posts=posts, followers=kept["followers"], following=kept["following"])
