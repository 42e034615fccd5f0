"""People of an outside issuer: their first request or sign-in makes their account here."""

from __future__ import annotations

import secrets
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.context import Parts
from services.gateway.edge.text import one_line
from services.gateway.identity.accounts import new_account
from services.gateway.identity.usernames import RESERVED, username_from
from services.gateway.people import profile_words
from services.gateway.store.accounts import Taken
from shared.ids import new_id
from shared.mongo import Document

ATTEMPTS = 8


def subject_of(claims: dict[str, Any]) -> str:
    """What an account of an outside issuer is known by: `<issuer>|<sub>`."""
    return f"{claims['iss']}|{claims['sub']}"


async def account_of(parts: Parts, claims: dict[str, Any]) -> Document | None:
    """The account of the person whom verified claims describe; None when they are being erased.

    An email of the issuer's is taken only if it is verified and nobody here has it: accounts are never joined by email.
    """
    subject = subject_of(claims)
    known = await parts.accounts.by_subject(subject)
    if known:
        return known
    email = _text(claims.get("email")).lower() if claims.get("email_verified") is True else None
    named = _first(claims, "preferred_username", "username", "nickname", "name")
    wanted = username_from(named or (email or "").partition("@")[0])
    for attempt in range(ATTEMPTS):
        username = wanted if attempt == 0 and wanted not in RESERVED else f"{wanted[:23]}_{secrets.token_hex(3)}"
        account = new_account(
            new_id(),
            username,
            display_name=_first(claims, "name", "preferred_username", "username")[:60],
            email=email,
            password_hash=None,
            subject=subject,
        )
        try:
            return await _add(parts, account)
        except Taken as taken:
            if taken.field == "subject":
                return await parts.accounts.by_subject(subject)
            if taken.field == "email":
                email = None
    raise RuntimeError("no free username was found")


async def _add(parts: Parts, account: Document) -> Document:
    words, told = await profile_words.judged(parts, account["_id"], account["display_name"], "")
    account |= {"display_name": account["username"]} | words

    async def work(session: AsyncClientSession) -> list[Document]:
        await parts.accounts.add(account, session)
        return await parts.outbox.add(session, *told)

    parts.outbox.flush(await parts.mongo.transaction(work))
    return account


def _first(claims: dict[str, Any], *names: str) -> str:
    return next((text for name in names if (text := _text(claims.get(name)))), "")


def _text(value: object) -> str:
    """A claim as one clean line; empty for anything else."""
    try:
        return one_line(value) if isinstance(value, str) else ""
    except ValueError:
        return ""
