"""What the gateway can be told from outside, by environment variable."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import MongoSettings


class GatewaySettings(MongoSettings):
    """The gateway's settings; every process of one installation gets the same."""

    auth_secret: SecretStr = Field(
        min_length=32,
        description="Key that signs access tokens and media URLs and seals stored answers; at least 32 characters.",
    )
    access_token_minutes: int = Field(15, ge=1, le=120)
    refresh_token_days: int = Field(30, ge=1, le=365)
    password_hash_concurrency: int = Field(
        2, ge=1, description="How many passwords one process hashes at a time; each takes 19 MiB and one core."
    )
    cors_origins: tuple[str, ...] = Field(
        (), description='Other origins whose pages may call the API, as a JSON list, e.g. ["https://app.example.org"].'
    )
    rate_limit_factor: float = Field(1.0, gt=0, description="Every rate limit is multiplied by this.")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Largest request body.")
    web_dist: Path = Field(
        Path(__file__).parent / "web" / "dist", description="Folder of the built web app that the gateway serves."
    )
    oidc_issuer: str | None = Field(
        None, description="An OpenID Connect issuer whose access tokens are taken, e.g. https://clerk.example.org."
    )
    oidc_audience: str | None = Field(None, description="Expected `aud` of its tokens; empty when they carry none.")
    oidc_authorized_parties: tuple[str, ...] = Field(
        (), description="Accepted `azp` of its tokens, as a JSON list; empty accepts any."
    )
