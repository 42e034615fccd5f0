"""The app on Modal: how it is deployed, how it is called, and what happens when containers fail."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modal_proto import api_pb2 as pb

from services.generation.modal_fleet import ModalFleet
from services.generation.modal_painter import ModalPainter
from services.generation.ports import Canvas, Interrupted, Unavailable
from services.generation.registry import POCKET, SDXL_LIGHTNING
from services.generation.scaling.ports import Target
from services.generation.studio import Order, PaintingFailed, order
from services.generation.warmth import Warmth
from tests.contracts.generation.modal_server import ModalServer, deployed, serving

ROOT = Path(__file__).parents[3]
APP = "promptgram-generation"


def app_module(monkeypatch: pytest.MonkeyPatch, model: str) -> Any:
    monkeypatch.setenv("MODEL", model)
    return importlib.reload(importlib.import_module("services.generation.modal_app"))


@pytest.fixture(autouse=True)
def _default_app_again() -> Iterator[None]:
    yield
    importlib.reload(importlib.import_module("services.generation.modal_app"))


@pytest.fixture
def studio_class(monkeypatch: pytest.MonkeyPatch) -> Any:
    return app_module(monkeypatch, "pocket").Studio


def canvases(count: int = 1, prompt: str = "a red fox") -> list[Canvas]:
    return [Canvas(prompt, None, seed, 256, 256) for seed in range(count)]


def painting(orders: list[Order]) -> list[dict[str, Any]]:
    files = [("original", "webp", one["prompt"].encode()) for one in orders]
    return [{"files": [file], "width": 8, "height": 8, "thumbhash": "AA", "paint_ms": 3.0} for file in files]


def painter_for(timeout_s: float = 20) -> ModalPainter:
    return ModalPainter(POCKET, app=APP, lanes=2, timeout_s=timeout_s, warmth=Warmth(scaledown_s=60))


def watching(_done: float, _previews: object) -> bool:
    return True


def test_the_app_is_defined_without_a_token_and_without_torch() -> None:
    code = (
        "import sys; sys.modules.update({name: None for name in ('torch', 'diffusers', 'transformers')});"
        "from services.generation.modal_app import app; print(app.name, sorted(app.registered_classes))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MODAL_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split(maxsplit=1) == [APP, "['Studio']\n"], done.stderr


def test_modals_own_client_deploys_it_as_it_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    app_module(monkeypatch, SDXL_LIGHTNING.id)
    with deployed(ModalServer()) as server:
        created = server.seen.requests["FunctionCreate"]
        mounted = {file.filename for mount in server.seen.requests["MountGetOrCreate"] for file in mount.files}
        built = [line for image in server.seen.requests["ImageGetOrCreate"] for line in image.image.dockerfile_commands]
        assert server.seen.one("AppPublish").app_state == pb.APP_STATE_DEPLOYED
    made = {one.function_data.function_name or one.function.function_name: one.function_data for one in created}
    assert made.keys() == {"download", "Studio.*"}
    ranked = [one.function for one in made["Studio.*"].ranked_functions]
    assert [one.resources.gpu_config.gpu_type for one in ranked] == ["L40S", "A100-40GB", "H100"]
    (first, *_) = ranked
    assert (first.checkpointing_enabled, first.experimental_options["enable_gpu_snapshot"]) == (True, "True")
    assert (first.batch_max_size, first.batch_linger_ms) == (8, 15)
    assert first.retry_policy.retries == 2
    assert [mount.mount_path for mount in first.volume_mounts] == ["/weights"]
    scaling = first.autoscaler_settings
    limits = scaling.min_containers, scaling.max_containers, scaling.buffer_containers, scaling.scaledown_window
    assert limits == (0, 10, 0, 60)
    assert {"/root/services/generation/studio.py", "/root/shared/media.py"} <= mounted
    assert not [name for name in mounted if "gateway" in name]
    assert any("torch==" in line and "diffusers==" in line for line in built)


def test_the_pocket_model_goes_along_under_its_own_name_and_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    app_module(monkeypatch, "pocket")
    with deployed(ModalServer()) as server:
        mounted = {file.filename for mount in server.seen.requests["MountGetOrCreate"] for file in mount.files}
        built = [line for image in server.seen.requests["ImageGetOrCreate"] for line in image.image.dockerfile_commands]
        created = server.seen.requests["FunctionCreate"][-1]
    assert "ENV MODEL=pocket" in built
    assert "/root/models/pocket/model_index.json" in mounted
    definitions = [one.function for one in created.function_data.ranked_functions] or [created.function]
    assert [one.resources.gpu_config.gpu_type for one in definitions] == [""]


def test_its_command_line_deploys_and_paints(tmp_path: Path) -> None:
    with serving(ModalServer(painting)) as url:
        account = {"MODAL_SERVER_URL": url, "MODAL_TOKEN_ID": "ak-none", "MODAL_TOKEN_SECRET": "as-none"}
        for command in (
            ["deploy", "-m", "services.generation.modal_app"],
            ["run", "-m", "services.generation.modal_app::main", "--prompt", "a fox", "--out", str(tmp_path / "fox")],
        ):
            program = [sys.executable, "-m", "modal", *command]
            subprocess.run(program, cwd=ROOT, env=os.environ | account, capture_output=True, check=True, timeout=60)
    assert (tmp_path / "fox").read_bytes() == b"a fox"


def test_what_the_autoscaler_wants_is_applied_to_the_class_and_again_after_a_minute() -> None:
    clock, warmth = [0.0], Warmth(scaledown_s=60)
    fleet = ModalFleet(APP, warmth, now=lambda: clock[0])
    with deployed(ModalServer()) as server:
        one, later = Target(1, max_containers=5), Target(0, 1, 7.2, 5)
        for at, wanted in ((0, one), (1, one), (2, later), (30, later), (90, later)):
            clock[0] = at
            asyncio.run(fleet.apply(wanted))
        told = [
            (told.min_containers, told.buffer_containers, told.max_containers, told.scaledown_window)
            for told in (request.settings for request in server.seen.requests["FunctionUpdateSchedulingParams"])
        ]
    assert told == [(1, 0, 5, 60), (0, 1, 5, 8), (0, 1, 5, 8)]


def test_containers_that_are_kept_are_told_as_waking_and_then_warm() -> None:
    warmth = Warmth(scaledown_s=60)
    with deployed(ModalServer()):
        asyncio.run(ModalFleet(APP, warmth).apply(Target(1)))
    assert warmth.readiness().state == "waking"


def test_without_snapshots_it_loads_at_every_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODAL_SNAPSHOT", "0")
    app_module(monkeypatch, SDXL_LIGHTNING.id)
    with deployed(ModalServer()) as server:
        made = server.seen.requests["FunctionCreate"][-1].function_data.ranked_functions[0].function
    assert (made.checkpointing_enabled, dict(made.experimental_options)) == (False, {})


def test_the_deployed_class_paints_and_a_bad_order_spoils_no_other(studio_class: Any) -> None:
    bad = order(canvases(1)[0]) | {"width": 100}
    answers = studio_class().paint.local([order(canvases(1)[0]), bad])
    assert answers[0]["width"] == 256
    assert {(width, extension) for width, extension, _ in answers[0]["files"]} == {
        ("original", "webp"),
        ("original", "jpg"),
    }
    assert answers[1].keys() == {"error"}


def test_orders_of_several_calls_are_painted_together() -> None:
    sizes: list[int] = []

    def worker(orders: list[Order]) -> list[dict[str, Any]]:
        sizes.append(len(orders))
        return painting(orders)

    with deployed(ModalServer(worker)):
        pictures = painter_for().paint(canvases(4), watching)
    # On a busy machine one of the four calls may miss the batch's short wait.
    assert sum(sizes) == 4
    assert max(sizes) > 1
    assert [one.paint_ms for one in pictures] == [3.0] * 4


def test_an_order_lost_with_its_container_is_sent_again() -> None:
    server = ModalServer(painting)
    server.failures.extend(["lost"])
    with deployed(server):
        (picture,) = painter_for().paint(canvases(), watching)
    assert picture.files["original", "webp"] == b"a red fox"
    assert len(server.seen.requests["FunctionMap"]) == 2


def test_a_modal_that_keeps_losing_orders_or_never_answers_is_out_of_reach() -> None:
    server = ModalServer(painting)
    server.failures.extend(["lost", "lost", "never", "never"])
    with deployed(server):
        painter = painter_for(timeout_s=0.4)
        for _ in range(2):
            with pytest.raises(Unavailable):
                painter.paint(canvases(), watching)
        assert painter.readiness().state == "asleep"
        assert len(server.canceled) == 4


def test_nothing_deployed_is_out_of_reach_too() -> None:
    with deployed(ModalServer(painting)) as server:
        server.seen.requests["ClassCreate"].clear()  # as if it had been stopped since
        with pytest.raises(Unavailable):
            painter_for().paint(canvases(), watching)


def test_what_nobody_waits_for_any_more_is_cancelled_at_modal() -> None:
    server = ModalServer(painting)
    server.failures.extend(["never", "never"])
    with deployed(server):
        begun = time.monotonic()
        with pytest.raises(Interrupted):
            painter_for().paint(canvases(2), lambda _done, _previews: False)
        assert time.monotonic() - begun < 10
    assert sorted(server.canceled) == ["fc-1", "fc-2"]


def test_an_order_that_the_model_fails_on_is_no_outage() -> None:
    server = ModalServer(lambda orders: [{"error": "CUDA out of memory"} for _ in orders])
    with deployed(server), pytest.raises(PaintingFailed, match="out of memory"):
        painter_for().paint(canvases(), watching)
