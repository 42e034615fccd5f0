"""One's own account: reading and changing it, taking everything along, and being forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from pymongo.asynchronous.client_session import AsyncClientSession
from starlette.responses import Response, StreamingResponse

from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import require_match, tagged
from services.gateway.edge.limits import count, limited, limited_writes
from services.gateway.edge.text import Prose, StrictBody
from services.gateway.errors import conflict, invalid, unauthenticated
from services.gateway.identity.auth import SignedIn
from services.gateway.identity.passwords import GivenPassword, NewPassword
from services.gateway.people import answers as people
from services.gateway.people import erasure, export, profile_words
from services.gateway.people.preferences import PreferenceChanges, Preferences
from services.gateway.routes.accounts import DisplayName
from shared.events import WordsWritten
from shared.mongo import Document

EXPORTS_PER_MINUTE = 6
PASSWORDS_PER_MINUTE = 10
router = APIRouter(tags=["me"])


class AccountChanges(StrictBody):
    """What is left out stays as it is; null takes a value away."""

    display_name: DisplayName | None = Field(None, description="Null: the username.")
    bio: Annotated[Prose, Field(max_length=500)] | None = None
    avatar_image_id: Annotated[str, Field(max_length=64, description="A ready picture of one's own.")] | None = None
    preferences: PreferenceChanges | None = None


class Confirmation(StrictBody):
    password: GivenPassword | None = Field(None, description="Not needed for an account of an outside issuer.")


class PasswordChange(StrictBody):
    password: GivenPassword
    new_password: NewPassword


@router.get("/v1/me", response_model=people.Me)
async def read_me(request: Request, parts: PartsDep, viewer: SignedIn) -> Response:
    return tagged(request, await people.me(parts, await _account(parts, viewer.user_id)))


@router.patch("/v1/me", response_model=people.Me, dependencies=[Depends(limited_writes)])
async def change_me(body: AccountChanges, request: Request, parts: PartsDep, viewer: SignedIn) -> Response:
    """Change name, bio, avatar or preferences. 412 when `If-Match` names an older state."""
    changed = None
    while changed is None:  # until nothing else was changed between reading and writing
        account = await _account(parts, viewer.user_id)
        require_match(request, await people.me(parts, account))
        fields, told = await _wanted(parts, account, body)
        changed = await _change(parts, account, fields, told) if fields else account
    return tagged(request, await people.me(parts, changed))


@router.put("/v1/me/password", status_code=204)
async def change_password(body: PasswordChange, request: Request, parts: PartsDep, viewer: SignedIn) -> None:
    """Change the password and end every other sign-in. 409 `no_password` for an account of an outside issuer."""
    account = await _confirmed(request, parts, viewer.user_id, body.password)
    if account["password_hash"] is None:
        # There is nothing to confirm with: whoever finds a token must not get to stay.
        raise conflict("no_password", "This account has no password: it is signed in to at its issuer.")
    await parts.accounts.replace_password(
        viewer.user_id, account["password_hash"], await parts.passwords.hash(body.new_password)
    )
    await parts.sessions.end_others(viewer.user_id, request.state.session_family)


@router.get(
    "/v1/me/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "Everything the person made, as one archive."}},
    dependencies=[Depends(limited("export", per_minute=EXPORTS_PER_MINUTE))],
)
async def export_me(parts: PartsDep, viewer: SignedIn) -> Response:
    """One zip: JSON files of everything the person made or set, and their pictures."""
    archive = await export.archive(parts, viewer.user_id)
    headers = {"Content-Disposition": f'attachment; filename="promptgram-{viewer.username}.zip"'}
    return StreamingResponse(export.chunks(archive), media_type="application/zip", headers=headers)


@router.delete("/v1/me", status_code=202)
async def erase_me(body: Confirmation, request: Request, parts: PartsDep, viewer: SignedIn) -> None:
    """Erase the account and all that is its: gone for everyone at once, deleted everywhere soon after."""
    await _confirmed(request, parts, viewer.user_id, body.password)
    await erasure.request(parts, viewer.user_id)


async def _account(parts: Parts, user_id: str) -> Document:
    account = await parts.accounts.get(user_id)
    if account is None:
        raise unauthenticated("This account is gone.", code="invalid_token")
    return account


async def _confirmed(request: Request, parts: Parts, user_id: str, password: str | None) -> Document:
    """The account, if the password is its; 401 `bad_credentials` otherwise."""
    account = await _account(parts, user_id)
    await count(request, parts, "confirm", user_id, PASSWORDS_PER_MINUTE)
    known = account["password_hash"]
    if known is not None and not await parts.passwords.matches(known, password or ""):
        raise unauthenticated("This is not the account's password.", code="bad_credentials")
    return account


async def _wanted(
    parts: Parts, account: Document, body: AccountChanges
) -> tuple[dict[str, Any], Sequence[WordsWritten]]:
    """What of the account to set, and what to store with it."""
    given = body.model_fields_set
    fields: dict[str, Any] = {}
    told: Sequence[WordsWritten] = ()
    if given & {"display_name", "bio"}:
        said = profile_words.own(account)
        name = (body.display_name or account["username"]) if "display_name" in given else said["display_name"]
        bio = (body.bio or "") if "bio" in given else said["bio"]
        fields, told = await profile_words.judged(parts, account["_id"], name, bio)
    if body.preferences:
        fields["preferences"] = _merged(account["preferences"], body.preferences)
    if "avatar_image_id" in given:
        fields["avatar_image_id"] = body.avatar_image_id
    return fields, told


def _merged(known: dict[str, Any], changes: PreferenceChanges) -> dict[str, Any]:
    given = changes.model_dump(exclude_none=True)
    notifications = known.get("notifications", {}) | given.pop("notifications", {})
    return Preferences.model_validate(known | given | {"notifications": notifications}).model_dump()


async def _change(
    parts: Parts, account: Document, fields: dict[str, Any], told: Sequence[WordsWritten]
) -> Document | None:
    """Store changes together with what is to be told of them, and hold on to the avatar's picture.

    None when the account was changed meanwhile; then nothing has happened.
    """
    user_id, old, new = account["_id"], account["avatar_image_id"], fields.get("avatar_image_id")

    async def work(session: AsyncClientSession) -> tuple[Document, list[Document]] | None:
        changed = await parts.accounts.change(account, fields, session)
        if changed is None:
            return None
        if "avatar_image_id" in fields and new != old:
            if new and await parts.images.shown([new], user_id, 1, session) != 1:
                raise invalid(["body", "avatar_image_id"], "This is not a ready picture of yours.")
            if old:
                await parts.images.shown([old], user_id, -1, session)
        return changed, await parts.outbox.add(session, *told)

    done = await parts.mongo.transaction(work)
    if done is None:
        return None
    changed, rows = done
    parts.outbox.flush(rows)
    return changed
