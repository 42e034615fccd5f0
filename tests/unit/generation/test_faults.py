"""What fails around a prompt: its own words, the model, the store, the time, the end of the process."""

import asyncio
import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from services.generation.ports import Canvas, Progress
from services.generation.service import Generation
from shared.events import GenerationFailed, ImageGenerated
from shared.live import GenerationStarted
from tests.unit.generation.doubles import FakeGallery, FakePainter, Speech, approved, generation


async def test_a_prompt_that_breaks_the_model_takes_no_other_with_it() -> None:
    painter = FakePainter(poison="bad")
    good, bad = approved("good", user="ada"), approved("bad", user="ben")
    async with generation(painter, batch_window_s=0.05) as (service, speech):
        await asyncio.gather(service.paint(good), service.paint(bad))
    assert [said.generation_id for said in speech.events if isinstance(said, ImageGenerated)] == [good.generation_id]
    failed = [said for said in speech.events if isinstance(said, GenerationFailed)]
    assert [(said.generation_id, said.code) for said in failed] == [(bad.generation_id, "model_error")]
    assert "memory" not in failed[0].detail


async def test_a_prompt_that_waited_too_long_fails_instead_of_costing_time() -> None:
    painter = FakePainter()
    async with generation(painter, deadline_s=0) as (service, speech):
        await service.paint(approved())
    assert painter.batches == []
    assert [said.code for said in speech.events if isinstance(said, GenerationFailed)] == ["timed_out"]


async def test_a_store_that_fails_gives_the_prompt_back_for_another_delivery() -> None:
    class BrokenGallery(FakeGallery):
        async def keep(self, picture: Any, image_id: str) -> Any:
            raise OSError("disk full")

    async with generation(FakePainter(), BrokenGallery()) as (service, speech):
        with pytest.raises(OSError, match="disk full"):
            await service.paint(approved())
    assert speech.events == []


async def test_a_model_out_of_reach_costs_time_and_no_prompt_its_turn() -> None:
    painter = FakePainter(unavailable=3)
    painter.gate.clear()
    first, second = approved("first", user="ada"), approved("second", user="ada")
    async with generation(painter, max_batch=1) as (service, speech):
        both = asyncio.gather(service.paint(first), service.paint(second))
        await asyncio.sleep(0.01)
        painter.gate.set()
        await both
    assert painter.batches == [["first"], ["second"]]
    assert [type(said) for said in speech.events] == [ImageGenerated, ImageGenerated]


async def test_what_is_canceled_while_the_model_is_out_of_reach_is_not_painted() -> None:
    painter = FakePainter(unavailable=1)
    painter.gate.clear()
    event = approved("unwanted")
    async with generation(painter) as (service, speech):
        painting = asyncio.create_task(service.paint(event))
        await asyncio.sleep(0.01)
        await service.cancel(event.generation_id)
        painter.gate.set()
        await asyncio.wait_for(painting, 1)
    assert (painter.batches, speech.events) == ([], [])


@pytest.mark.parametrize("seed", range(3))
async def test_with_most_containers_failing_to_come_back_no_prompt_is_lost_or_told_twice(seed: int) -> None:
    class Restored(FakePainter):
        """Six in ten calls meet a container whose snapshot could not be restored."""

        def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
            with lock:
                self._unavailable = int(chance.random() < 0.6)
                return super().paint(canvases, on_progress)

    chance, lock = random.Random(seed), threading.Lock()
    events = [approved(f"p{n}", user=f"u{n % 7}", n=1 + n % 3) for n in range(40)]
    async with generation(Restored(lanes=3), batch_window_s=0.001) as (service, speech):
        await asyncio.gather(*(service.paint(event) for event in events))
    told = [(said.generation_id, said.rendition.image_id) for said in speech.events if isinstance(said, ImageGenerated)]
    wanted = [(event.generation_id, image_id) for event in events for image_id in event.request.image_ids]
    assert sorted(told) == sorted(wanted)
    assert len(speech.events) == len(told)


async def test_leaving_while_a_lane_can_not_be_stopped_at_once_still_ends() -> None:
    class Stubborn(Speech):
        """Overhears the first cancellation, as clients do that are about to reconnect."""

        async def tell(self, message: Any) -> None:
            if isinstance(message, GenerationStarted):
                telling.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    overheard.set()
                await asyncio.Event().wait()

    telling, overheard = asyncio.Event(), asyncio.Event()
    service = Generation(
        FakePainter(), FakeGallery(), Stubborn(), worker="test", batch_window_s=0, max_batch=1, deadline_s=60
    )
    async with asyncio.timeout(15):
        async with service.running():
            painting = asyncio.create_task(service.paint(approved()))
            await telling.wait()
        assert overheard.is_set()
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
