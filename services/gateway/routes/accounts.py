"""Making an account."""

from __future__ import annotations

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, Field
from pymongo.asynchronous.client_session import AsyncClientSession
from starlette.responses import Response

from services.gateway.context import PartsDep
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited
from services.gateway.edge.text import Line, StrictBody
from services.gateway.errors import conflict, invalid
from services.gateway.identity import signing_in
from services.gateway.identity.accounts import new_account
from services.gateway.identity.passwords import NewPassword
from services.gateway.identity.usernames import RESERVED, Username
from services.gateway.people import profile_words
from services.gateway.store.accounts import Taken
from services.gateway.store.sessions import Refreshed
from shared.mongo import Document

ACCOUNTS_PER_MINUTE = 600
router = APIRouter(tags=["accounts"])


def _email(text: str) -> str:
    try:
        # Only the shape is checked: an installation of one's own may well live in a domain of one's own.
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return found.normalized.lower()


Email = Annotated[
    str, Field(min_length=3, max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_email)
]
DisplayName = Annotated[Line, Field(min_length=1, max_length=60)]


class NewAccount(StrictBody):
    username: Username
    email: Email
    password: NewPassword
    display_name: DisplayName | None = Field(None, description="Shown beside the username; defaults to it.")


@router.post(
    "/v1/accounts",
    status_code=201,
    response_model=signing_in.SignedInAnswer,
    dependencies=[Depends(limited("accounts", per_minute=ACCOUNTS_PER_MINUTE, by="address"))],
)
async def create_account(body: NewAccount, request: Request, parts: PartsDep, idempotent: Idempotent) -> Response:
    """Create an account and sign in. 409 `username_taken` or `email_taken`."""
    if body.username in RESERVED:
        raise invalid(["body", "username"], "This username is reserved.", code="username_reserved")

    agent = request.headers.get("User-Agent", "")

    async def make() -> Response:
        made = await parts.accounts.get(idempotent.resource_id) if idempotent.repeated else None
        if made:
            return await signing_in.answer(parts, request, made, await parts.sessions.start(made["_id"], agent), 201)
        account = new_account(
            idempotent.resource_id,
            body.username,
            display_name=body.display_name,
            email=body.email,
            password_hash=await parts.passwords.hash(body.password),
        )
        words, told = await profile_words.judged(parts, account["_id"], account["display_name"], "")
        account |= {"display_name": body.username} | words

        async def work(session: AsyncClientSession) -> tuple[Refreshed, list[Document]]:
            await parts.accounts.add(account, session)
            rows = await parts.outbox.add(session, *told)
            return await parts.sessions.start(account["_id"], agent, session), rows

        try:
            family, rows = await parts.mongo.transaction(work)
        except Taken as error:
            # When both are taken it is always the username that is told, whichever index spoke up.
            field = "username" if await parts.accounts.has_username(body.username) else error.field
            raise conflict(f"{field}_taken", f"Another account has this {field}.") from error
        parts.outbox.flush(rows)
        return await signing_in.answer(parts, request, account, family, 201)

    return await idempotent.run(make)
