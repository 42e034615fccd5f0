"""The generation service, put together."""

from __future__ import annotations

import os
import socket

import structlog
from starlette.applications import Starlette

from services.generation.handlers import register
from services.generation.pictures import StoredGallery
from services.generation.ports import Gallery, Painter
from services.generation.registry import find_model
from services.generation.scaling.asleep import Asleep
from services.generation.scaling.control import Autoscaler, Unscaled
from services.generation.scaling.forecast import Forecast
from services.generation.service import Generation
from services.generation.settings import Settings
from services.generation.warmth import Warmth
from shared.bus import Bus
from shared.media import MediaStore
from shared.worker import worker_app

log = structlog.get_logger(__name__)


def create_app(
    settings: Settings | None = None, *, painter: Painter | None = None, gallery: Gallery | None = None
) -> Starlette:
    """The ASGI app. Ports that are not given are the real ones."""
    settings = settings or Settings()
    warmth = Warmth(scaledown_s=settings.modal_scaledown_s)
    painter = painter or _real_painter(settings, warmth)
    gallery = gallery or StoredGallery(MediaStore(settings.media_store_url))
    bus = Bus(settings, "generation")
    generation = Generation(
        painter,
        gallery,
        bus,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        batch_window_s=settings.batch_window_ms / 1000,
        max_batch=settings.max_batch,
        deadline_s=settings.job_deadline_s,
    )
    scaler = _autoscaler(settings, warmth, generation) if settings.painter == "modal" else None
    register(bus, generation, scaler or Unscaled())
    resources = (generation.running, scaler.running) if scaler else (generation.running,)
    return worker_app("generation", settings, bus, checks={"model": generation.ready}, resources=resources)


def _autoscaler(settings: Settings, warmth: Warmth, generation: Generation) -> Autoscaler:
    from services.generation.modal_fleet import ModalFleet

    return Autoscaler(
        Forecast(cold_start_s=warmth.cold_start_s, most=settings.modal_lanes),
        ModalFleet(settings.modal_app, warmth),
        picture_s=lambda: generation.picture_s,
        batch_gain=lambda: generation.batch_gain,
        cold_start_s=lambda: warmth.cold_start_s,
        asleep=Asleep.parse(settings.modal_asleep),
    )


def _real_painter(settings: Settings, warmth: Warmth) -> Painter:
    record = find_model(settings.model)
    if record.licence_note:
        log.warning("licence of the model", model=record.id, licence=record.licence, note=record.licence_note)
    if settings.painter == "modal":
        from services.generation.modal_painter import ModalPainter

        return ModalPainter(
            record,
            app=settings.modal_app,
            lanes=settings.modal_lanes,
            timeout_s=settings.modal_timeout_s,
            warmth=warmth,
        )
    # Importing torch and diffusers takes seconds, which a painter that was given has no use for.
    from services.generation.diffusers_painter import DiffusersPainter
    from services.generation.pipelines import FastPath

    fast = FastPath(compile=settings.model_compile, tiny_vae=settings.model_tiny_vae)
    return DiffusersPainter(record, threads=settings.torch_threads, fast=fast)
