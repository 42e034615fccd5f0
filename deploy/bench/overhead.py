"""What generation adds around the model, picture by picture: `python -m deploy.bench.overhead`.

The real service with the real pocket model, object store and broker, one prompt after the other. Around the model and
the encoder lie: taking a prompt in its turn, the way through threads, the hash, the files, and the events' receipts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from deploy.bench.quality import structural_similarity
from deploy.local.programs import BIN, NATS_CONFIG, with_parent
from services.generation import pictures
from services.generation.diffusers_painter import DiffusersPainter
from services.generation.encoding import encode
from services.generation.handlers import register
from services.generation.pictures import StoredGallery
from services.generation.ports import Canvas, Encoded, Progress
from services.generation.registry import POCKET
from services.generation.scaling.control import Unscaled
from services.generation.service import Generation
from shared.bus import Bus
from shared.events import PictureRequest, PromptApproved
from shared.ids import new_id
from shared.media import MediaStore
from shared.settings import ServiceSettings
from shared.topology import provision_at


class TimedPainter(DiffusersPainter):
    """The pocket model, with the time of each call and its last pictures kept."""

    def __init__(self) -> None:
        super().__init__(POCKET, threads=1)
        self.took_ms: list[float] = []
        self.last: list[Image.Image] = []

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Image.Image]:
        begun = time.perf_counter()
        self.last = super().paint(canvases, on_progress)
        self.took_ms.append((time.perf_counter() - begun) * 1000)
        return self.last


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=100)
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="promptgram-overhead-") as folder:
        figures = asyncio.run(_measure(Path(folder), chosen.pictures))
    table = Table("", "", title=f"{chosen.pictures} pictures of {POCKET.id}, one after the other")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console(highlight=False).print(table)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


async def _measure(folder: Path, count: int) -> dict[str, Any]:
    painter = TimedPainter()
    encoded_ms: list[float] = []
    # The one thing that is not ours to pass in: which function the gallery encodes with.
    setattr(pictures, "encode", _timed(encoded_ms))  # noqa: B010
    async with _broker(folder) as url:
        bus = Bus(ServiceSettings(nats_url=url), "generation")
        gallery = StoredGallery(MediaStore((folder / "media").as_uri()))
        generation = Generation(
            painter, gallery, bus, worker="bench", batch_window_s=0.008, max_batch=None, deadline_s=60
        )
        register(bus, generation, Unscaled())
        async with generation.running():
            await bus.start()
            try:
                await generation.paint(_prompt(0))
                painter.took_ms.clear()
                encoded_ms.clear()
                around_ms = [await _around(generation, painter, encoded_ms, number) for number in range(1, count + 1)]
            finally:
                await bus.stop()
    return {
        "model_ms": _quantiles(painter.took_ms),
        "encode_ms": _quantiles(encoded_ms),
        "around_both_ms": _quantiles(around_ms),
        **_formats(painter.last[0]),
    }


async def _around(generation: Generation, painter: TimedPainter, encoded_ms: list[float], number: int) -> float:
    begun = time.perf_counter()
    await generation.paint(_prompt(number))
    return (time.perf_counter() - begun) * 1000 - painter.took_ms[-1] - encoded_ms[-1]


def _prompt(number: int) -> PromptApproved:
    request = PictureRequest(prompt=f"a red fox number {number}", model=POCKET.id, seed=number, image_ids=(new_id(),))
    return PromptApproved(generation_id=new_id(), user_id=new_id(), request=request)


def _timed(taken_ms: list[float]) -> Callable[[Image.Image], Encoded]:
    def call(picture: Image.Image) -> Encoded:
        begun = time.perf_counter()
        encoded = encode(picture)
        taken_ms.append((time.perf_counter() - begun) * 1000)
        return encoded

    return call


def _formats(picture: Image.Image) -> dict[str, Any]:
    """How long each format takes, the median of 21, and how alike it is, at the picture's size and at 512 pixels."""
    figures: dict[str, Any] = {}
    for side in (picture.width, 512):
        scaled = picture.resize((side, side), Image.Resampling.LANCZOS)
        files = encode(scaled).files
        png_ms = _saving_ms(scaled, "PNG")
        jpeg_ms = _saving_ms(scaled, "JPEG", quality=86)
        webp_ms = _saving_ms(scaled, "WEBP", quality=92, method=1)
        figures[f"{side}: PNG with defaults, WebP, JPEG, ms"] = [png_ms, webp_ms, jpeg_ms]
        figures[f"{side}: JPEG over PNG"] = round(png_ms / jpeg_ms, 1)
        for extension in ("jpg", "webp"):
            kept = Image.open(io.BytesIO(files["original", extension]))
            figures[f"{side}: SSIM of {extension}"] = round(structural_similarity(scaled, kept), 4)
    return figures


def _saving_ms(picture: Image.Image, kind: str, **options: object) -> float:
    taken = []
    for _ in range(21):
        begun = time.perf_counter()
        picture.save(io.BytesIO(), kind, **options)
        taken.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(taken), 2)


def _quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p90": round(cuts[89], 2), "p99": round(cuts[98], 2)}


@contextlib.asynccontextmanager
async def _broker(folder: Path) -> AsyncIterator[str]:
    """A nats-server with the stack's own configuration, provisioned."""
    configuration = folder / "nats.conf"
    configuration.write_text(NATS_CONFIG.format(port=-1, store=folder / "nats"))
    ports = folder / "ports"
    ports.mkdir()
    command = with_parent([BIN / "nats-server", "-c", configuration, "--ports_file_dir", ports])
    server = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        url = await asyncio.to_thread(_address, ports)
        await provision_at(url)
        yield url
    finally:
        server.terminate()
        await server.wait()


def _address(ports: Path) -> str:
    """The broker's URL, as soon as it has written it down."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for written in ports.glob("*.ports"):
            with contextlib.suppress(json.JSONDecodeError):
                return str(json.loads(written.read_text())["nats"][0])
        time.sleep(0.05)
    raise TimeoutError("the broker did not start")


if __name__ == "__main__":
    sys.exit(main())
