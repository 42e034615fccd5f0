"""The autoscaler: what the policy wants, and the loop that has it carried out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import datetime

import pytest

from services.generation.scaling import control
from services.generation.scaling.asleep import Asleep
from services.generation.scaling.control import Autoscaler
from services.generation.scaling.forecast import Forecast
from services.generation.scaling.keeping import FIRST_KEPT_S, HEEDED_S
from services.generation.scaling.ports import Target
from services.generation.settings import Settings


@pytest.fixture
def policy() -> Forecast:
    return Forecast(cold_start_s=3.0, most=10)


def wanted(policy: Forecast, now: float) -> Target:
    return policy.target(now)[0]


def test_nobody_asking_keeps_nothing_but_one_may_be_started(policy: Forecast) -> None:
    assert (wanted(policy, 0.0).min_containers, wanted(policy, 0.0).max_containers) == (0, 1)


def test_an_intent_wakes_a_container_and_is_forgotten_when_nothing_follows(policy: Forecast) -> None:
    policy.intended(0.0)
    assert wanted(policy, 1.0).min_containers == 1
    assert wanted(policy, 1.0 + HEEDED_S[-1]).min_containers == 0


def test_after_a_request_one_container_stays_for_a_while(policy: Forecast) -> None:
    policy.arrived(0.0, 0.5)
    policy.finished(0.5, 0.5)
    assert wanted(policy, 0.5 + FIRST_KEPT_S - 1).min_containers == 1
    assert wanted(policy, 0.5 + FIRST_KEPT_S + 1).min_containers == 0


def test_regular_short_pauses_are_learnt_and_nothing_is_kept_longer_than_they_last(policy: Forecast) -> None:
    now = 0.0
    for _ in range(1000):
        now += 20.0
        policy.arrived(now, 0.5)
        policy.finished(now + 0.5, 0.5)
    assert wanted(policy, now + 19).min_containers == 1
    assert wanted(policy, now + 30).min_containers == 0


def test_load_and_a_backlog_call_for_more_up_to_the_most(policy: Forecast) -> None:
    for number in range(40):
        policy.arrived(number * 0.1, 0.5)
    assert 3 <= wanted(policy, 4.0).min_containers <= 10
    for _ in range(1000):
        policy.arrived(4.0, 0.5)
    assert wanted(policy, 4.0).max_containers == 10


def test_hostile_numbers_of_intents_are_bounded(policy: Forecast) -> None:
    for _ in range(100_000):
        policy.intended(1.0)
    assert wanted(policy, 1.0).min_containers == 1


def sessions(policy: Forecast, *, pause_s: float, count: int, signs: bool = False) -> float:
    """Requests of half a second, one after the other with a pause between; the time when the last has ended."""
    now = 0.0
    for _ in range(count):
        if signs:
            policy.intended(now + pause_s - 9.0)
        now += pause_s
        policy.arrived(now, 0.5)
        now += 0.5
        policy.finished(now, 0.5)
    return now


def test_where_signs_go_before_requests_containers_are_kept_for_a_shorter_time(policy: Forecast) -> None:
    without = Forecast(cold_start_s=3.0, most=10)
    ended, told = sessions(without, pause_s=60.0, count=500), sessions(policy, pause_s=60.0, count=500, signs=True)
    assert wanted(without, ended + 55).min_containers == 1
    assert wanted(policy, told + 8).min_containers == 0
    policy.intended(told + 50)
    assert wanted(policy, told + 51).min_containers == 1


def test_what_was_learnt_long_ago_gives_way(policy: Forecast) -> None:
    sessions(policy, pause_s=20.0, count=2000)
    now = 100_000.0
    for _ in range(30_000):
        now += 100.0
        policy.arrived(now, 0.5)
        policy.finished(now + 0.5, 0.5)
    assert wanted(policy, now + 99).min_containers == 1


def test_signs_of_many_call_for_containers_before_their_requests_come(policy: Forecast) -> None:
    now = sessions(policy, pause_s=10.0, count=100, signs=True)
    for number in range(100):
        policy.intended(now + number * 0.05)
    assert wanted(policy, now + 5).min_containers > 2


def test_a_sign_counts_for_no_more_than_one_request_however_many_come_without(policy: Forecast) -> None:
    now = sessions(policy, pause_s=3.0, count=5000)
    for _ in range(30):
        policy.intended(now + 300)
    assert wanted(policy, now + 301).min_containers <= 3


def ask_at(policy: Forecast, per_second: Callable[[float], float], until_s: float) -> Callable[[float], int]:
    """Requests of half a second at this rate until then; tells how many containers were wanted at a time."""
    now, wants = 0.0, dict[int, int]()
    while now < until_s:
        now += 1 / per_second(now)
        policy.arrived(now, 0.5)
        policy.finished(now, 0.5)
        wants[int(now)] = wanted(policy, now).min_containers
    return lambda at: wants[int(at)]


def rising(*begins: float) -> Callable[[float], float]:
    """Half a request a second, and five for three minutes from each of these times."""
    return lambda at: 5.0 if any(begin <= at < begin + 180 for begin in begins) else 0.5


def test_more_stand_ready_where_load_at_no_regular_time_grows_faster_than_a_container_starts() -> None:
    sudden, slow = Forecast(cold_start_s=30.0, most=10), Forecast(cold_start_s=30.0, most=10)
    irregular = rising(1000, 4700, 5900, 7111, 10_333, 11_800, 15_200, 17_777, 18_500)
    wants = ask_at(sudden, irregular, 19_500)
    assert wants(19_400) > 1
    wants = ask_at(slow, lambda at: 0.5 + 4.5 * math.sin(math.pi * at / 6000) ** 2, 18_000)
    assert wants(17_900) == 1


def test_more_stand_ready_ahead_of_the_times_at_which_load_grew_before_and_only_then() -> None:
    wants = ask_at(Forecast(cold_start_s=30.0, most=10), rising(1500, 5100, 8700, 12_300, 15_900), 17_000)
    assert [wants(at) for at in (10_500, 12_000)] == [1, 1]
    assert [wants(at) > 1 for at in (12_260, 15_860)] == [True, True]


def test_a_time_at_which_load_grows_no_longer_is_forgotten() -> None:
    policy = Forecast(cold_start_s=30.0, most=10)
    wants = ask_at(policy, rising(1500, 5100, 8700, 12_300), 50_000)
    assert wants(15_860) > 1
    assert wants(15_860 + 9 * 3600) == 1


def test_where_a_start_is_slow_two_stand_until_an_hour_of_demand_was_seen() -> None:
    quick, slow = Forecast(cold_start_s=3.0, most=10), Forecast(cold_start_s=30.0, most=10)
    assert [ask_at(policy, lambda _: 1.0, 3500)(3400) for policy in (quick, slow)] == [1, 2]
    assert ask_at(Forecast(cold_start_s=30.0, most=10), lambda _: 1.0, 4000)(3900) == 1


class Fleet:
    def __init__(self) -> None:
        self.applied: list[Target] = []
        self.away = True
        self.warm = asyncio.Event()

    async def apply(self, target: Target) -> None:
        if self.away:
            raise ConnectionError("out of reach")
        self.applied.append(target)
        if target.min_containers:
            self.warm.set()


async def test_the_loop_goes_on_when_the_fleet_is_out_of_reach(
    policy: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "EVERY_S", 0.01)
    fleet = Fleet()
    scaler = Autoscaler(policy, fleet, picture_s=lambda: 0.5, batch_gain=lambda: 0.6, cold_start_s=lambda: 7.0)
    async with scaler.running():
        await asyncio.sleep(0.03)
        fleet.away = False
        with scaler.request(4):
            await fleet.warm.wait()
    assert (policy.cold_start_s, policy.batch_gain) == (7.0, 0.6)
    assert wanted(policy, scaler._now() + 2 * FIRST_KEPT_S).min_containers == 0


async def test_a_request_has_ended_however_it_ended(policy: Forecast) -> None:
    scaler = Autoscaler(
        policy, Fleet(), picture_s=lambda: 0.5, batch_gain=lambda: 0.6, cold_start_s=lambda: 3.0, now=lambda: 10.0
    )
    with pytest.raises(RuntimeError), scaler.request(4):
        raise RuntimeError("the painting failed")
    assert wanted(policy, 10.0 + FIRST_KEPT_S - 1).min_containers == 1
    assert wanted(policy, 10.0 + FIRST_KEPT_S + 1).min_containers == 0


@pytest.mark.parametrize(
    ("clock", "asleep"),
    [("22:59", False), ("23:00", True), ("03:00", True), ("06:59", True), ("07:00", False), ("12:30", True)],
)
def test_hours_of_sleep_may_go_past_midnight(clock: str, asleep: bool) -> None:
    hours = Asleep.parse("23:00-07:00, 12:00-13:00")
    now = datetime.fromisoformat(f"2026-11-25T{clock}")
    assert hours.at(now) == asleep
    assert hours.limit(Target(2, 1, 60.0, 3), now) == (Target(0, 0, 2.0, 3) if asleep else Target(2, 1, 60.0, 3))
    assert not Asleep.parse("").at(now)


@pytest.mark.parametrize("text", ["night", "23:00", "23:00-25:00", "23-7", "07:00-07:00", "23:00-07:00;"])
def test_hours_that_make_no_sense_stop_the_service_at_its_start(text: str) -> None:
    with pytest.raises(ValueError, match="modal_asleep"):
        Settings(modal_asleep=text)


async def test_nothing_is_kept_in_hours_of_sleep(policy: Forecast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "EVERY_S", 0.01)
    fleet = Fleet()
    fleet.away = False
    clock = ["03:00"]
    scaler = Autoscaler(
        policy,
        fleet,
        picture_s=lambda: 0.5,
        batch_gain=lambda: 1.0,
        cold_start_s=lambda: 3.0,
        asleep=Asleep.parse("23:00-07:00"),
        today=lambda: datetime.fromisoformat(f"2026-11-25T{clock[0]}"),
    )
    with scaler.request(1):
        async with scaler.running(), asyncio.timeout(15):
            while len(fleet.applied) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert not fleet.warm.is_set()
            clock[0] = "07:00"
            await fleet.warm.wait()
