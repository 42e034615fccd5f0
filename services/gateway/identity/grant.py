"""Give a person a role: `python -m services.gateway.identity.grant USERNAME moderator`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from services.gateway.store.accounts import ROLES, Accounts
from shared.mongo import Mongo
from shared.settings import MongoSettings


async def grant(settings: MongoSettings, username: str, role: str) -> bool:
    """Set the role; it holds from the person's next request on. False when there is no such person."""
    mongo = Mongo(settings, "gateway")
    try:
        accounts = Accounts(mongo)
        while account := await accounts.by_username(username, {"revision": 1}):
            if await accounts.change(account, {"role": role}):
                return True
        return False
    finally:
        await mongo.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.gateway.identity.grant", description=__doc__)
    parser.add_argument("username")
    parser.add_argument("role", choices=ROLES)
    given = parser.parse_args()
    if not asyncio.run(grant(MongoSettings(), given.username, given.role)):
        sys.exit(f"There is no person called {given.username}.")
    sys.stdout.write(f"{given.username} is now {given.role}.\n")


if __name__ == "__main__":
    main()
