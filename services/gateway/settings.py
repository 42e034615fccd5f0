"""What the gateway can be told from outside, by environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

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
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@\s]+/?$",
        description="Where people reach the page, e.g. https://pictures.example.org: absolute addresses begin with it. "
        "Left out, they begin with the `Host` of the request.",
    )
    cors_origins: tuple[str, ...] = Field(
        (), description='Other origins whose pages may call the API, as a JSON list, e.g. ["https://app.example.org"].'
    )
    rate_limit_factor: float = Field(1.0, gt=0, description="Every rate limit is multiplied by this.")
    pictures_per_day: int = Field(
        1000, ge=1, description="How many pictures one person may have painted a day (UTC); the factor applies."
    )
    longest_queue_s: float = Field(
        600, gt=0, description="Prompts are refused while a new one would wait longer than this to be painted."
    )
    gpu_seconds_soft: float | None = Field(
        None,
        gt=0,
        description="Painting time a day (UTC) beyond which no GPU is woken early and quotas are halved.",
    )
    gpu_seconds_hard: float | None = Field(
        None, gt=0, description="Painting time a day (UTC) beyond which prompts are refused until the next day."
    )
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
    oidc_client_id: str | None = Field(
        None,
        min_length=1,
        description="This page's client at the issuer: people can log in there. Its redirect URI is `/login/return`.",
    )
    oidc_client_secret: SecretStr | None = Field(None, description="The client's secret; a public client has none.")
    oidc_name: str | None = Field(None, description="What the page calls the issuer; its host name by default.")

    @model_validator(mode="after")
    def _client_has_an_issuer(self) -> Self:
        if self.oidc_client_id and not self.oidc_issuer:
            raise ValueError("OIDC_CLIENT_ID is of no use without OIDC_ISSUER")
        return self

    @property
    def issuer_name(self) -> str | None:
        """What to call the outside issuer, if there is one."""
        return self.oidc_name or (urlsplit(self.oidc_issuer).hostname if self.oidc_issuer else None)

    @property
    def gpu_budgeted(self) -> bool:
        """Whether anything is limited by the painting time that was spent."""
        return self.gpu_seconds_soft is not None or self.gpu_seconds_hard is not None
