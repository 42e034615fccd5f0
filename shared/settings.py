"""What every service can be told from outside, by environment variable."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """The settings that all services share; each service's own settings extend it."""

    # Compose has no way to leave a variable out: an empty one means that it is not set.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    nats_url: str = Field(
        "nats://127.0.0.1:4222", description="Where the broker listens; commas separate a cluster's servers."
    )
    nats_user: str | None = Field(None, description="User name of this service at the broker; empty on one machine.")
    nats_password: SecretStr | None = None
    data_dir: Path = Field(Path("var"), description="Folder of everything that a stack on one machine keeps.")
    media_url: str | None = Field(
        None, description="Object store of image bytes (file:///…, s3://…); default a folder in DATA_DIR."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "json"
    otel_traces_file: Path | None = Field(
        None,
        description="Folder for spans as OTLP JSON lines, read by `make trace`.",
    )

    @property
    def media_store_url(self) -> str:
        """URL of the object store, absolute also when it is the default folder."""
        return self.media_url or (self.data_dir.resolve() / "media").as_uri()


class MongoSettings(ServiceSettings):
    """Settings of the services that own a MongoDB database."""

    mongodb_url: SecretStr = Field(SecretStr("mongodb://127.0.0.1:27017"), description="MongoDB connection string.")
    mongodb_database: str = Field("promptgram", description="Each service owns `<this>_<service>`.")
