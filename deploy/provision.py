"""Makes the broker's streams and consumers what `shared/topology.py` says: `python -m deploy.provision`."""

from __future__ import annotations

import asyncio

from shared.logs import configure_logs
from shared.settings import ServiceSettings
from shared.topology import provision_at


def main() -> None:
    settings = ServiceSettings()
    configure_logs("provision", settings)
    password = settings.nats_password.get_secret_value() if settings.nats_password else None
    asyncio.run(provision_at(settings.nats_url, user=settings.nats_user, password=password))


if __name__ == "__main__":
    main()
