"""What moderation can be told from outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.moderation.policy import DEFAULT_POLICY
from services.moderation.text.rules import DEFAULT_RULES
from shared.settings import MongoSettings


class ModerationSettings(MongoSettings):
    """Settings of the moderation service."""

    moderation_policy: Path = Field(DEFAULT_POLICY, description="Policy file (TOML): thresholds, actions and modes.")
    moderation_rules: Path = Field(DEFAULT_RULES, description="Rules file (TOML): words and phrases.")
    moderation_regressions: Path | None = Field(
        None, description="File that overturned texts are written to, for the tests; default one in DATA_DIR."
    )
    detoxify_checkpoint: Path | None = Field(
        None, description="Checkpoint of Detoxify `unbiased`; it is used where present, after its hash was checked."
    )
    detoxify_sha256: str | None = Field(
        None, description="SHA-256 of that checkpoint, in full or its first 8 digits; default: the published release's."
    )
    detoxify_config: Path | None = Field(
        None, description="Folder with the configuration and tokenizer of the checkpoint's base model (roberta-base)."
    )
    moderation_concepts: str | None = Field(
        None,
        description="Model of the concept head: a folder in open_clip's format, `hf-hub:<org>/<repo>`, or "
        "`<open_clip name>/<pretrained tag>`; without one there is no such head.",
    )

    @property
    def regression_file(self) -> Path:
        """Where overturned texts are written to."""
        return self.moderation_regressions or self.data_dir / "moderation" / "regressions.tsv"
