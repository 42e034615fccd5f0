"""The simulator: small cases by hand, and agreement with a stand-in that is built another way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from deploy.simulator import __main__ as simulate
from deploy.simulator import traces
from deploy.simulator.foresight import Foresight, clairvoyant_s
from deploy.simulator.platform import Platform, Replay
from deploy.simulator.policies import KEPT_ALIVE, MODAL_DEFAULT, KnativePodAutoscaler, ours
from deploy.simulator.traces import Trace
from services.generation.scaling.ports import Target
from tests.unit.simulator import stand_in, virtual_time

EXACT = Platform(cold_start_s=3.0, jitter=0.0, overhead_s=0.0, max_batch=2, batch_share=0.5)


def requests(*arrivals: float, service_s: float = 1.0) -> Trace:
    return Trace("by hand", list(arrivals), [service_s] * len(arrivals), [])


def test_the_first_request_waits_for_a_cold_start_and_the_next_does_not() -> None:
    outcome = Replay(requests(0.0, 10.0), MODAL_DEFAULT, EXACT).run()
    assert outcome.latencies == [4.0, 1.0]
    assert outcome.starts == 1
    assert outcome.alive_s == 11.0


def test_an_idle_container_leaves_after_its_window_unless_it_is_kept() -> None:
    assert Replay(requests(0.0, 100.0), MODAL_DEFAULT, EXACT).run().latencies == [4.0, 4.0]
    assert Replay(requests(0.0, 100.0), Target(min_containers=1), EXACT).run().latencies == [4.0, 1.0]


def test_requests_that_come_together_share_a_batch() -> None:
    kept = Target(min_containers=1, max_containers=1)
    outcome = Replay(requests(10.0, 10.1, 10.2), kept, EXACT).run()
    assert outcome.latencies == pytest.approx([1.0, 2.4, 2.3])
    assert outcome.busy_s == pytest.approx(2.5)


def test_where_no_more_containers_are_allowed_requests_wait() -> None:
    few = Replay(requests(*[0.0] * 6), Target(max_containers=1), EXACT).run()
    many = Replay(requests(*[0.0] * 6), Target(max_containers=3), EXACT).run()
    assert (few.starts, many.starts) == (1, 3)
    assert max(few.latencies) == pytest.approx(3 + 3 * 1.5)
    assert max(many.latencies) == pytest.approx(3 + 1.5)


@pytest.mark.parametrize("make", traces.MAKERS)
def test_the_same_seed_gives_the_same_outcome_and_no_policy_beats_the_bound(make: object) -> None:
    trace = make(5, 1000)  # type: ignore[operator]
    assert trace == make(5, 1000)  # type: ignore[operator]
    platform = Platform()
    bound_s = clairvoyant_s(trace.arrivals, trace.services, platform, promised_s=2.0)
    policies = (MODAL_DEFAULT, KEPT_ALIVE, KnativePodAutoscaler(platform), ours(platform), Foresight(trace, platform))
    for policy in policies:
        outcome = Replay(trace, policy, platform, seed=3).run()
        assert all(latency > 0 for latency in outcome.latencies)
        assert outcome.alive_s > bound_s


@pytest.mark.parametrize(
    ("arrivals", "bound_s"),
    [
        ((0.0,), 3 + 1),
        ((0.0, 1.5), 3 + 1.5),  # the first begins as late as it may
        ((0.0, 10.0), 3 + 1 + 3 + 1),
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 3 + 6 * 0.75),  # so much work in full batches
    ],
)
def test_the_bound_is_what_the_best_in_hindsight_would_pay(arrivals: tuple[float, ...], bound_s: float) -> None:
    services = [1.0] * len(arrivals)
    assert clairvoyant_s(list(arrivals), services, EXACT, promised_s=2.0) == pytest.approx(bound_s)


def test_who_sees_a_minute_ahead_is_never_late_for_a_cold_start() -> None:
    trace, platform = traces.bursty(5, 2000), Platform(cold_start_s=30.0)
    told, guessing = (
        Replay(trace, policy, platform, seed=3).run() for policy in (Foresight(trace, platform), ours(platform))
    )
    after_the_first = told.latencies[200:]
    assert max(after_the_first) < 10
    assert told.alive_s < guessing.alive_s


def test_with_most_restores_failing_every_request_is_answered() -> None:
    trace, platform = traces.bursty(5, 3000), Platform(failing_restores=0.6)
    outcome = Replay(trace, ours(platform), platform, seed=3).run()
    assert len(outcome.latencies) == 3000
    assert min(outcome.latencies) > 0


def test_ours_costs_less_than_modals_defaults_and_is_seldom_late() -> None:
    trace, platform = traces.poisson(5, 8000), Platform()
    default = Replay(trace, MODAL_DEFAULT, platform, seed=3).run()
    outcome = Replay(trace, ours(platform), platform, seed=3).run()
    assert outcome.alive_s < 0.5 * default.alive_s
    assert sum(latency > 2 for latency in outcome.latencies) < 0.005 * len(outcome.latencies)


@pytest.mark.parametrize("failing", [0.0, 0.6])
@pytest.mark.parametrize("target", [MODAL_DEFAULT, Target(1, 0, 20.0, 3)], ids=["default", "capped"])
def test_simulator_and_stand_in_agree(target: Target, failing: float) -> None:
    trace, platform = traces.bursty(7, 2000), Platform(failing_restores=failing)
    simulated = Replay(trace, target, platform, seed=3).run()
    fleet = stand_in.StandIn(platform, target, seed=4)
    stood_in = virtual_time.run(stand_in.replay(trace, fleet))
    assert fleet.alive_s == pytest.approx(simulated.alive_s, rel=0.1)
    p99 = [sorted(each)[int(0.99 * len(each))] for each in (simulated.latencies, stood_in)]
    assert p99[1] == pytest.approx(p99[0], rel=0.1)


def test_a_container_that_is_taken_away_loses_no_request() -> None:
    trace = traces.poisson(7, 500)
    fleet = stand_in.StandIn(Platform(), Target(1, 0, 20.0, 4), seed=4, preempted=0.2)
    taken = virtual_time.run(stand_in.replay(trace, fleet))
    assert fleet.lost > 20
    assert len(taken) == 500


def test_a_file_is_replayed_and_the_table_kept(tmp_path: Path) -> None:
    source, kept, drawn = tmp_path / "mine.csv", tmp_path / "table.json", tmp_path / "plot.svg"
    lines = [f"{at * 3},{0.4},1" for at in range(200)]
    source.write_text("arrival_s,service_s,images\n" + "\n".join(lines) + "\n")
    assert simulate.main(["--trace", str(source), "--out", str(kept), "--plot", str(drawn)]) == 0
    rows = json.loads(kept.read_text())
    assert {row["policy"] for row in rows} >= {"Modal default", "Knative KPA", "ours", "clairvoyant bound"}
    assert all(row["requests"] == 200 for row in rows if "requests" in row)
    assert drawn.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no column"),
        ("arrival_s,service_s\n", "no requests"),
        ("arrival_s,service_s\n1,x\n", "line 2"),
        ("arrival_s,service_s\n1,-1\n", "line 2"),
        ("arrival_s,service_s\nnan,1\n", "line 2"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    source = tmp_path / "bad.csv"
    source.write_text(content)
    with pytest.raises(ValueError, match=said):
        traces.read(source)
    assert simulate.main(["--trace", str(source)]) == 1
    assert simulate.main(["--trace", str(tmp_path / "missing.csv")]) == 1


def test_the_virtual_clock_runs_real_tasks_in_order() -> None:
    async def work() -> list[float]:
        loop = asyncio.get_running_loop()
        return list(await asyncio.gather(*(asyncio.sleep(s, loop.time() + s) for s in (3600.0, 1.0))))

    assert virtual_time.run(work()) == [3600.0, 1.0]
