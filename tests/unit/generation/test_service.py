import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from services.generation.ports import Canvas, Progress, Readiness
from shared.events import SEEDS, GenerationFailed, ImageGenerated
from shared.live import GenerationRendered, GenerationStarted, QueueMeasured
from tests.unit.generation.doubles import FakeGallery, FakePainter, approved, generation, until


async def test_each_picture_is_kept_and_told_with_its_own_seed() -> None:
    gallery = FakeGallery()
    event = approved(n=3)
    async with generation(FakePainter(), gallery) as (service, speech):
        await service.paint(event)
    told = [said for said in speech.events if isinstance(said, ImageGenerated)]
    assert [said.rendition.seed for said in told] == [7, 8, 9]
    assert [said.rendition.image_id for said in told] == list(event.request.image_ids)
    assert list(gallery.kept.values()) == ["a fox#7", "a fox#8", "a fox#9"]
    assert {"queued", "started", "rendered"} <= told[0].moments.keys()
    kinds = [type(said) for said in speech.live]
    assert kinds.index(GenerationStarted) < kinds.index(GenerationRendered)


async def test_after_the_greatest_seed_comes_the_first() -> None:
    gallery = FakeGallery()
    async with generation(FakePainter(), gallery) as (service, speech):
        await service.paint(approved(n=3, seed=SEEDS - 2))
    told = [said.rendition.seed for said in speech.events if isinstance(said, ImageGenerated)]
    assert told == [SEEDS - 2, SEEDS - 1, 0]
    assert list(gallery.kept.values()) == [f"a fox#{seed}" for seed in told]


async def test_painting_twice_says_the_same_facts() -> None:
    event = approved(n=2)
    async with generation(FakePainter()) as (service, speech):
        await service.paint(event)
        await service.paint(event)
    ids = [said.message_id for said in speech.events]
    assert len(ids) == 4
    assert len(set(ids)) == 2


@pytest.mark.parametrize(("lanes", "max_batch"), [(1, 1), (1, 2), (1, 4), (2, 1)])
async def test_one_persons_hundred_prompts_do_not_hold_up_anothers_first(lanes: int, max_batch: int) -> None:
    painter = FakePainter(lanes=lanes)
    painter.gate.clear()
    async with generation(painter, max_batch=max_batch) as (service, speech):
        many = [asyncio.create_task(service.paint(approved(f"a{n}", user="ada"))) for n in range(100)]
        await until(lambda: any(isinstance(said, GenerationStarted) for said in speech.live))
        event = approved("b0", user="ben")
        one = asyncio.create_task(service.paint(event))
        await asyncio.sleep(0)
        painter.gate.set()
        await asyncio.gather(one, *many)
    told = [said.generation_id for said in speech.events]
    assert told.index(event.generation_id) < 3
    assert len(told) == 101


async def test_one_persons_prompts_leave_half_of_a_batch_or_a_lane_to_others() -> None:
    batch = FakePainter()
    async with generation(batch, max_batch=4, batch_window_s=0.05) as (service, _):
        await asyncio.gather(*(service.paint(approved(f"p{n}")) for n in range(6)))
    assert list(map(len, batch.batches)) == [2, 2, 2]

    lanes = FakePainter(lanes=3)
    lanes.gate.clear()
    async with generation(lanes, max_batch=1) as (service, speech):
        many = [asyncio.create_task(service.paint(approved(f"a{n}", user="ada"))) for n in range(5)]
        event = approved("b0", user="ben")
        one = asyncio.create_task(service.paint(event))
        await until(lambda: sum(isinstance(said, GenerationStarted) for said in speech.live) == 3)
        started = [said.generation_id for said in speech.live if isinstance(said, GenerationStarted)]
        lanes.gate.set()
        await asyncio.gather(one, *many)
    assert event.generation_id in started


async def test_several_pictures_of_one_prompt_share_a_batch_whatever_ones_share_is() -> None:
    painter = FakePainter()
    async with generation(painter, max_batch=4) as (service, _):
        await service.paint(approved("four", n=4))
    assert painter.batches == [["four"] * 4]


async def test_a_batchs_pictures_are_told_in_its_order_however_long_each_takes_to_store() -> None:
    class SlowForTheFirst(FakeGallery):
        async def keep(self, picture: Any, image_id: str) -> Any:
            if picture.startswith("p0"):
                await stored.wait()
            else:
                stored.set()
            return await super().keep(picture, image_id)

    stored = asyncio.Event()
    async with generation(FakePainter(), SlowForTheFirst(), batch_window_s=0.05) as (service, speech):
        events = [approved(f"p{n}", user=f"u{n}") for n in range(3)]
        await asyncio.gather(*(service.paint(event) for event in events))
    assert [said.generation_id for said in speech.events] == [event.generation_id for event in events]


async def test_prompts_of_different_people_are_painted_in_one_batch() -> None:
    painter = FakePainter()
    async with generation(painter, batch_window_s=0.05) as (service, _):
        await asyncio.gather(*(service.paint(approved(f"p{n}", user=f"u{n}")) for n in range(4)))
    assert sorted(map(len, painter.batches)) == [4]


async def test_a_lone_prompt_does_not_wait_for_company() -> None:
    async with generation(FakePainter(), batch_window_s=30) as (service, _):
        await asyncio.wait_for(service.paint(approved("alone")), 5)


async def test_while_prompts_come_one_after_the_other_the_next_waits_for_its_neighbour() -> None:
    painter = FakePainter()
    async with generation(painter, batch_window_s=0.2) as (service, _):
        await service.paint(approved("before"))
        second = asyncio.create_task(service.paint(approved("second", user="ada")))
        await asyncio.sleep(0.02)
        await asyncio.gather(second, service.paint(approved("third", user="ben")))
    assert painter.batches == [["before"], ["second", "third"]]


async def test_a_canceled_prompt_leaves_the_queue_and_a_late_one_is_not_painted() -> None:
    painter = FakePainter()
    painter.gate.clear()
    async with generation(painter, max_batch=1) as (service, speech):
        running = asyncio.create_task(service.paint(approved("running")))
        await asyncio.sleep(0.01)
        event = approved("unwanted")
        waiting = asyncio.create_task(service.paint(event))
        await asyncio.sleep(0.01)
        await service.cancel(event.generation_id)
        await asyncio.wait_for(waiting, 1)
        painter.gate.set()
        await running
        await service.paint(event)
    assert painter.batches == [["running"]]
    assert [said.generation_id for said in speech.events] != [event.generation_id]


async def test_canceling_what_is_being_painted_stops_it_and_frees_the_painter() -> None:
    painter = FakePainter()
    painter.gate.clear()
    event = approved("unwanted")
    async with generation(painter) as (service, speech):
        painting = asyncio.create_task(service.paint(event))
        await asyncio.sleep(0.01)
        await service.cancel(event.generation_id)
        painter.gate.set()
        await asyncio.wait_for(painting, 1)
        await service.paint(approved("next"))
    assert [type(said) for said in speech.events] == [ImageGenerated]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"model": "huge"}, "model_unavailable"),
        ({"aspect": "9:1"}, "aspect_unavailable"),
        ({"style": "unheard-of"}, "style_unavailable"),
        ({"n": 9}, "too_many_pictures"),
        ({"source_image": "gone"}, "source_missing"),
    ],
)
async def test_what_the_model_can_not_do_fails_with_its_reason(request_: dict[str, Any], code: str) -> None:
    async with generation(FakePainter()) as (service, speech):
        await service.paint(approved(**request_))
    assert [said.code for said in speech.events if isinstance(said, GenerationFailed)] == [code]


async def test_every_lane_paints_at_the_same_time() -> None:
    painter = FakePainter(lanes=3)
    painter.gate.clear()
    async with generation(painter, max_batch=1) as (service, speech):
        painting = [asyncio.create_task(service.paint(approved(f"p{n}", user=f"u{n}"))) for n in range(4)]
        await asyncio.sleep(0.05)
        assert len([said for said in speech.live if isinstance(said, GenerationStarted)]) == 3
        painter.gate.set()
        await asyncio.gather(*painting)
    assert len(painter.batches) == 4


async def test_more_pictures_than_the_model_takes_at_once_are_painted_in_turn() -> None:
    painter = FakePainter()
    async with generation(painter, max_batch=2) as (service, speech):
        await service.paint(approved("many", n=3))
    assert painter.batches == [["many", "many"], ["many"]]
    assert [said.rendition.seed for said in speech.events if isinstance(said, ImageGenerated)] == [7, 8, 9]


async def test_pictures_too_many_for_one_call_take_every_lane_and_no_more() -> None:
    class Together(FakePainter):
        """Each call waits for another that is made at the same time."""

        def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
            nonlocal inside, most
            with counted:
                inside += 1
                most = max(most, inside)
            company.wait()
            try:
                return super().paint(canvases, on_progress)
            finally:
                with counted:
                    inside -= 1

    inside = most = 0
    counted, company = threading.Lock(), threading.Barrier(2, timeout=15)
    event = approved("four", n=4)
    async with generation(Together(lanes=2), max_batch=1) as (service, speech):
        await service.paint(event)
    told = [said.rendition for said in speech.events if isinstance(said, ImageGenerated)]
    assert [(one.image_id, one.seed) for one in told] == list(zip(event.request.image_ids, range(7, 11), strict=True))
    assert most == 2


async def test_the_wait_that_is_told_holds_the_time_that_waking_takes() -> None:
    painter = FakePainter(lanes=2)
    painter.now = Readiness("asleep", 12.0)
    painter.gate.clear()
    async with generation(painter, max_batch=1) as (service, speech):
        painting = [asyncio.create_task(service.paint(approved(f"p{n}", user=f"u{n}"))) for n in range(4)]
        await asyncio.sleep(1.2)
        told = [said for said in speech.live if isinstance(said, QueueMeasured)][-1]
        painter.gate.set()
        await asyncio.gather(*painting)
    assert (told.state, told.wake_ms, told.pictures, len(told.waiting)) == ("asleep", 12_000, 4, 2)
    assert told.eta_ms == 12_000 + 4 * told.picture_ms
    assert told.picture_ms == 500  # what is believed of two lanes before anything was measured


async def test_a_style_is_put_around_the_prompt_and_braces_in_it_stay() -> None:
    painter = FakePainter()
    async with generation(painter) as (service, _):
        await service.paint(approved("a {fox}", style="comic"))
    assert painter.batches == [["a comic of a {fox}"]]
