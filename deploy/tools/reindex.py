"""`python -m deploy.tools.reindex`: have search and the feed take in every post again, while they answer as before."""

from __future__ import annotations

import asyncio
import os
import sys

import nats
from pymongo.errors import PyMongoError

from deploy.tools.stack import mongodb_url, nats_url
from services.gateway.posting import republish


def main() -> None:
    """Tell every post to the services again; exits with 1 and one plain sentence when the stack is out of reach."""
    os.environ |= {"NATS_URL": nats_url(), "MONGODB_URL": mongodb_url()}
    try:
        asyncio.run(republish.main())
    except (OSError, nats.errors.Error, PyMongoError) as error:
        sys.exit(f"Can't reach the stack: {str(error) or type(error).__name__}. Does it run?")


if __name__ == "__main__":
    main()
