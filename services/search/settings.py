"""What the search service can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings

SHIPPED_ENCODER = Path(__file__).parents[2] / "models" / "clip"


class SearchSettings(ServiceSettings):
    """Settings of the search service."""

    search_encoder: str = Field(
        str(SHIPPED_ENCODER),
        description="Picture encoder: a folder, `hf-hub:<org>/<repo>`, or `<open_clip model>/<pretrained tag>`.",
    )
    qdrant_url: str | None = Field(
        None, description="Qdrant server or cluster; empty runs Qdrant's engine in this process, in DATA_DIR/search."
    )
    qdrant_api_key: SecretStr | None = None
