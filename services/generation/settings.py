"""What the generation service can be told."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field, field_validator

from services.generation.scaling.asleep import Asleep
from shared.settings import ServiceSettings


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(ServiceSettings):
    """Environment variables of the generation service."""

    model: str = Field("pocket", description="A model of the registry, a hub id, or a folder with a pipeline.")
    painter: Literal["here", "modal"] = Field(
        "here", description="Where the model runs: in this process, or on Modal, where `make modal-deploy` brought it."
    )
    torch_threads: int = Field(
        default_factory=_cores, ge=1, description="Cores for a model on a CPU; default all that this process may use."
    )
    model_compile: Literal["no", "kernels", "graphs"] = Field(
        "no", description="On CUDA: generate fused kernels, or record CUDA graphs too. Minutes at the first start."
    )
    model_tiny_vae: bool = Field(False, description="Decode with a tiny VAE where the model has one: quicker, softer.")
    batch_window_ms: int = Field(8, ge=0, le=1000, description="How long a prompt waits for company in its batch.")
    max_batch: int | None = Field(
        None, ge=1, le=64, description="Most pictures painted at once; default what the model's record says."
    )
    job_deadline_s: float = Field(600, gt=0, description="A prompt that has waited longer fails unpainted.")
    modal_app: str = Field("promptgram-generation", description="Name of the app on Modal.")
    modal_lanes: int = Field(10, ge=1, le=100, description="Most batches on Modal at once; its most containers.")
    modal_timeout_s: float = Field(150, gt=0, description="How long an order may take, a cold start included.")
    modal_asleep: str = Field(
        "", description="Hours in which no container is kept, such as 23:00-07:00, by this machine's clock (TZ)."
    )
    modal_scaledown_s: float = Field(60, gt=0, description="How long an idle container stays, before it is told else.")

    @field_validator("modal_asleep")
    @classmethod
    def _spans(cls, text: str) -> str:
        Asleep.parse(text)
        return text
