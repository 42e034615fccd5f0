"""What the generation service can be told."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables of the generation service."""

    model: str = Field("pocket", description="A model of the registry, a hub id, or a folder with a pipeline.")
    torch_threads: int = Field(1, ge=1, description="Threads for the model on a CPU; more only where cores are idle.")
    batch_window_ms: int = Field(8, ge=0, le=1000, description="How long a prompt waits for company in its batch.")
    max_batch: int | None = Field(
        None, ge=1, le=64, description="Most pictures painted at once; default what the model's record says."
    )
    job_deadline_s: float = Field(600, gt=0, description="A prompt that has waited longer fails unpainted.")
