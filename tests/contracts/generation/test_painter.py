"""What every painter promises, held by the pocket model, by a common diffusers pipeline, and by Modal's containers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.generation.diffusers_painter import DiffusersPainter
from services.generation.modal_painter import ModalPainter
from services.generation.ports import Canvas, Encoded, Interrupted, Painter
from services.generation.registry import POCKET
from services.generation.studio import Studio
from services.generation.warmth import Warmth
from tests.contracts.generation.modal_server import ModalServer, deployed
from tests.contracts.generation.tiny_pipeline import tiny_stable_diffusion


@pytest.fixture(scope="module", params=["pocket", "stable diffusion", "modal"])
def painter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painter]:
    record = replace(POCKET, steps=2)
    if request.param == "stable diffusion":
        record = tiny_stable_diffusion(tmp_path_factory.mktemp("tiny"))
    here = DiffusersPainter(record, threads=1)
    with ExitStack() as stack:
        painter: Painter = here
        if request.param == "modal":
            studio = Studio(lambda: here)
            studio.load()
            stack.enter_context(deployed(ModalServer(studio.paint)))
            painter = ModalPainter(
                record, app="promptgram-generation", lanes=2, timeout_s=20, warmth=Warmth(scaledown_s=60)
            )
        painter.load()
        yield painter


def opened(picture: Any) -> Image.Image:
    if isinstance(picture, Encoded):
        return Image.open(io.BytesIO(picture.files["original", "webp"]))
    assert isinstance(picture, Image.Image)
    return picture


@pytest.fixture
def canvas(painter: Painter) -> Callable[..., Canvas]:
    width, height = painter.record.sizes["1:1"]

    def make(prompt: str = "a fox", seed: int = 1, **options: object) -> Canvas:
        return Canvas(prompt, None, seed, width, height, **options)  # type: ignore[arg-type]

    return make


def go_on(_done: float, _previews: object) -> bool:
    return True


def test_each_canvas_gets_a_picture_of_its_size_in_order(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    pictures = [opened(one) for one in painter.paint([canvas(seed=1), canvas(seed=2)], go_on)]
    assert [picture.size for picture in pictures] == [painter.record.sizes["1:1"]] * 2
    assert [picture.mode for picture in pictures] == ["RGB", "RGB"]
    assert np.asarray(pictures[0]).tobytes() != np.asarray(pictures[1]).tobytes()


def test_the_same_seed_gives_the_same_picture(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    once, again = (opened(painter.paint([canvas(seed=5)], go_on)[0]) for _ in range(2))
    assert once.tobytes() == again.tobytes()


def test_progress_rises_to_one_and_can_stop_the_painting(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    seen: list[float] = []
    painter.paint([canvas()], lambda done, _previews: not seen.append(done))  # type: ignore[func-returns-value]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Interrupted):
        painter.paint([canvas()], lambda _done, _previews: False)


def test_previews_are_small_pictures_where_the_model_has_them(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    shown: list[str] = []

    def look(_done: float, previews: Callable[[], list[str]] | None) -> bool:
        shown.extend(previews() if previews else [])
        return True

    painter.paint([canvas(), canvas(seed=2)], look)
    assert len(shown) == (4 if isinstance(painter, DiffusersPainter) and painter.record.id == "pocket" else 0)
    assert all(url.startswith("data:image/jpeg;base64,") and len(url) < 8000 for url in shown)


def test_a_picture_can_be_started_from_another(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    source = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(source, "WEBP")
    pictures = painter.paint([canvas(source=source.getvalue(), strength=0.9)], go_on)
    assert opened(pictures[0]).size == painter.record.sizes["1:1"]


def test_a_negative_prompt_is_taken_for_some_of_the_canvases(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    pictures = painter.paint([replace(canvas(), negative_prompt="a cat"), canvas(seed=2)], go_on)
    assert len(pictures) == 2


def test_it_is_warm_once_it_has_painted(painter: Painter, canvas: Callable[..., Canvas]) -> None:
    painter.paint([canvas()], go_on)
    assert painter.readiness().state == "warm"
