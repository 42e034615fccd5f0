"""Other people: their pages, whom they follow, and how one stands to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import tagged
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.errors import conflict
from services.gateway.identity.auth import MaybeSignedIn, SignedIn, Viewer
from services.gateway.people import answers as people
from services.gateway.people import relating
from services.gateway.people.preferences import Moment
from services.gateway.store.relations import Kind
from services.gateway.visibility import visible_people
from shared.mongo import Document

ROUNDS = 5
router = APIRouter(tags=["people"])
UsernamePath = Annotated[str, Path(max_length=30)]
Until = Annotated[Moment | None, Query(description="When it ends by itself; left out, it lasts.")]
_writes = [Depends(limited_writes)]
Fetch = Callable[[str | None, int], Awaitable[list[Document]]]


async def find_person(parts: Parts, viewer: Viewer | None, username: str) -> Document:
    """The account of this name, as far as the viewer may know of it; 404 otherwise."""
    account = await parts.accounts.by_username(username)
    visible = await visible_people(parts, viewer, [account], "profile") if account else []
    if not visible:
        raise relating.nobody()
    return visible[0]


@router.get("/v1/users/{username}", response_model=people.Profile)
async def read_profile(username: UsernamePath, request: Request, parts: PartsDep, viewer: MaybeSignedIn) -> Response:
    """A person's page; with the relation to them when signed in."""
    account = await find_person(parts, viewer, username)
    return tagged(request, await people.profile(parts, viewer, account))


@router.get("/v1/users/{username}/followers")
async def list_followers(
    username: UsernamePath,
    request: Request,
    response: Response,
    parts: PartsDep,
    viewer: MaybeSignedIn,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[people.Card]:
    """Who follows a person, latest first."""
    user_id = (await find_person(parts, viewer, username))["_id"]

    async def fetch(before: str | None, number: int) -> list[Document]:
        return await parts.relations.sources(user_id, "follow", before=before, limit=number)

    items, following = await _related(parts, viewer, fetch, "user_id", cursor, limit)
    return paged(request, response, items, following)


@router.get("/v1/users/{username}/following")
async def list_following(
    username: UsernamePath,
    request: Request,
    response: Response,
    parts: PartsDep,
    viewer: MaybeSignedIn,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[people.Card]:
    """Whom a person follows, latest first."""
    user_id = (await find_person(parts, viewer, username))["_id"]

    async def fetch(before: str | None, number: int) -> list[Document]:
        return await parts.relations.targets(user_id, "follow", before=before, limit=number)

    items, following = await _related(parts, viewer, fetch, "target_id", cursor, limit)
    return paged(request, response, items, following)


@router.get("/v1/me/blocks")
async def list_blocked(
    request: Request, response: Response, parts: PartsDep, viewer: SignedIn, limit: Limit = 20, cursor: Cursor = None
) -> Page[people.Card]:
    """Whom one blocks, latest first."""
    items, following = await _own(parts, viewer, "block", cursor, limit)
    return paged(request, response, items, following)


@router.get("/v1/me/mutes")
async def list_muted(
    request: Request, response: Response, parts: PartsDep, viewer: SignedIn, limit: Limit = 20, cursor: Cursor = None
) -> Page[people.Card]:
    """Whom one mutes, latest first."""
    items, following = await _own(parts, viewer, "mute", cursor, limit)
    return paged(request, response, items, following)


@router.put("/v1/users/{username}/follow", status_code=204, dependencies=_writes)
async def follow(username: UsernamePath, parts: PartsDep, viewer: SignedIn) -> None:
    """Follow a person. 409 `blocked` while one blocks them."""
    other = await _other(parts, viewer, username)
    if other["_id"] in other["standing"].blocks:
        raise relating.still_blocked()
    await relating.begin(parts, viewer.user_id, "follow", other["_id"])


@router.delete("/v1/users/{username}/follow", status_code=204, dependencies=_writes)
async def unfollow(username: UsernamePath, parts: PartsDep, viewer: SignedIn) -> None:
    await relating.end(parts, viewer.user_id, "follow", await _named(parts, viewer, username))


@router.put("/v1/users/{username}/block", status_code=204, dependencies=_writes)
async def block(username: UsernamePath, parts: PartsDep, viewer: SignedIn) -> None:
    """Block a person, also one who blocks: neither sees the other any more, and neither follows the other."""
    await relating.begin(parts, viewer.user_id, "block", await _named(parts, viewer, username))


@router.delete("/v1/users/{username}/block", status_code=204, dependencies=_writes)
async def unblock(username: UsernamePath, parts: PartsDep, viewer: SignedIn) -> None:
    """Lift a block, also when they have blocked back meanwhile."""
    await relating.end(parts, viewer.user_id, "block", await _named(parts, viewer, username))


@router.put("/v1/users/{username}/mute", status_code=204, dependencies=_writes)
async def mute(username: UsernamePath, parts: PartsDep, viewer: SignedIn, until: Until = None) -> None:
    """Keep a person out of feeds, search and notifications, without their knowing."""
    await relating.begin(parts, viewer.user_id, "mute", (await _other(parts, viewer, username))["_id"], until=until)


@router.delete("/v1/users/{username}/mute", status_code=204, dependencies=_writes)
async def unmute(username: UsernamePath, parts: PartsDep, viewer: SignedIn) -> None:
    await relating.end(parts, viewer.user_id, "mute", await _named(parts, viewer, username))


async def _other(parts: Parts, viewer: Viewer, username: str) -> Document:
    return _not_oneself(viewer, await find_person(parts, viewer, username))


async def _named(parts: Parts, viewer: Viewer, username: str) -> str:
    """Whom the viewer keeps away from, or lets go, seen or not. It answers alike whether or not that person blocks."""
    account = await parts.accounts.by_username(username, {"_id": 1})
    if account is None:
        raise relating.nobody()
    return str(_not_oneself(viewer, account)["_id"])


def _not_oneself(viewer: Viewer, account: Document) -> Document:
    if account["_id"] == viewer.user_id:
        raise conflict("oneself", "This can't be done to oneself.")
    return account


async def _own(
    parts: Parts, viewer: Viewer, kind: Kind, cursor: str | None, limit: int
) -> tuple[list[people.Card], str | None]:
    before = str(decode_cursor(cursor, before=str)["before"]) if cursor else None
    rows = await parts.relations.targets(viewer.user_id, kind, before=before, limit=limit + 1)
    following = encode_cursor({"before": rows[limit - 1]["order"]}) if len(rows) > limit else None
    accounts = await parts.accounts.many(row["target_id"] for row in rows[:limit])
    standing = await parts.relations.standing(viewer.user_id, accounts)
    known = [accounts[row["target_id"]] for row in rows[:limit] if row["target_id"] in accounts]
    return await people.cards(parts, viewer, [person | {"standing": standing} for person in known]), following


async def _related(
    parts: Parts, viewer: Viewer | None, fetch: Fetch, end: str, cursor: str | None, limit: int
) -> tuple[list[people.Card], str | None]:
    """Visible people at the `end` of relations, filled up to `limit` when some were not to be shown."""
    before = str(decode_cursor(cursor, before=str)["before"]) if cursor else None
    shown: list[Document] = []
    for _ in range(ROUNDS):
        wanted = limit - len(shown)
        rows = await fetch(before, wanted + 1)
        more = len(rows) > wanted
        rows = rows[:wanted]
        accounts = await parts.accounts.many(row[end] for row in rows)
        known = [accounts[row[end]] for row in rows if row[end] in accounts]
        shown += await visible_people(parts, viewer, known, "list")
        before = rows[-1]["order"] if rows else before
        if not more or len(shown) == limit:
            break
    following = encode_cursor({"before": before}) if more else None
    return await people.cards(parts, viewer, shown), following
