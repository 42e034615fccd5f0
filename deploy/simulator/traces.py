"""Demand to replay: made from a seed, or read from a file with arrivals and service times."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Pause = Callable[[random.Random, float], float]
"""Seconds until the next request, after one at this time."""

INTENT_SHARE = 0.85
"""Of those who ask, how many are seen with the prompt box in focus before; the others call the API or remix."""
TYPING_MEDIAN_S, TYPING_SPREAD = 9.0, 0.6
ABANDONED = 0.25
"""Intents that nothing follows, for each one that something does."""


@dataclass(frozen=True)
class Trace:
    """Requests in order: when they come, and how long each takes alone on a warm container. Seconds."""

    name: str
    arrivals: list[float]
    services: list[float]
    intents: list[float]

    def without_intents(self) -> Trace:
        return Trace(self.name, self.arrivals, self.services, [])


def poisson(seed: int, count: int) -> Trace:
    """Two requests a second, at random."""
    return _made("poisson", seed, count, lambda rng, at: rng.expovariate(2.0))


def diurnal(seed: int, count: int) -> Trace:
    """Two days from night to noon and back: 0.02 requests a second at night, 3 at noon (thinned Poisson)."""

    def share(at: float) -> float:
        day = 0.5 - 0.5 * math.cos(2 * math.pi * at / DAY_S)
        return 0.007 + 0.993 * day**3

    return _made("diurnal", seed, count, _thinned(3.0, share))


def bursty(seed: int, count: int) -> Trace:
    """Sessions with Pareto pauses between them and within them: a GPU is busy 7 % of the time."""
    pause = _sessions(
        length=lambda rng: min(400, int(6 * rng.paretovariate(1.3))),
        between=lambda rng: min(3600.0, 22.0 * rng.paretovariate(1.25)),
        within=lambda rng: min(30.0, 0.35 * rng.paretovariate(1.15)),
    )
    return _made("bursty", seed, count, pause)


def spike(seed: int, count: int) -> Trace:
    """One request a second, and ten for five minutes of every hour."""
    return _made("tenfold spike", seed, count, lambda rng, at: rng.expovariate(10.0 if at % 3600 > 3300 else 1.0))


def quiet(seed: int, count: int) -> Trace:
    """One request in ten seconds, at random."""
    return _made("quiet", seed, count, lambda rng, at: rng.expovariate(0.1))


def waves(seed: int, count: int) -> Trace:
    """From half a request a second to six and back, three times in two and a quarter hours (thinned Poisson)."""

    def share(at: float) -> float:
        level = 0.5 + 5.5 * max(0.0, math.sin(2 * math.pi * at / 5400)) ** 2
        return level / 6

    return _made("waves", seed, count, _thinned(6.0, share))


def visits(seed: int, count: int) -> Trace:
    """Short sessions with log-normal pauses, a minute between them as the median."""
    pause = _sessions(
        length=lambda rng: min(200, int(3 * rng.paretovariate(1.6))),
        between=lambda rng: min(5400.0, 60 * math.exp(rng.gauss(0, 1.3))),
        within=lambda rng: 2.0 * math.exp(rng.gauss(0, 1.1)),
    )
    return _made("visits", seed, count, pause)


def rush(seed: int, count: int) -> Trace:
    """One and a half requests a second, and nine for 150 seconds of every 40 minutes."""
    return _made("sixfold rush", seed, count, lambda rng, at: rng.expovariate(9.0 if 1200 < at % 2400 < 1350 else 1.5))


DAY_S = 86_400 / 4
"""A short day, so that 25,000 requests see several nights."""
MAKERS: tuple[Callable[[int, int], Trace], ...] = (poisson, diurnal, bursty, spike)
CHOOSING = (*MAKERS, quiet, waves, visits, rush)
"""What the policy's constants are chosen on, with other seeds than those that are reported."""


def read(path: Path) -> Trace:
    """A CSV with the columns `arrival_s`, `service_s` and `images`; `service_s` is the whole request's time.

    Raises:
        ValueError: a column is missing, or a line is not of numbers; it says which.
    """
    rows: list[tuple[float, float]] = []
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if missing := {"arrival_s", "service_s"} - set(reader.fieldnames or ()):
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}; it has {reader.fieldnames}")
        for number, row in enumerate(reader, 2):
            try:
                arrival, service = float(row["arrival_s"]), float(row["service_s"])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            if not (math.isfinite(arrival) and math.isfinite(service) and service >= 0):
                raise ValueError(f"{path}, line {number}: times have to be finite, and service not negative")
            rows.append((arrival, service))
    if not rows:
        raise ValueError(f"{path} holds no requests")
    rows.sort()
    first = rows[0][0]
    return Trace(path.stem, [at - first for at, _ in rows], [service for _, service in rows], [])


def _thinned(per_second: float, share: Callable[[float], float]) -> Pause:
    """Random requests of a rate, of which each is kept with the probability that `share` has at its time."""

    def pause(rng: random.Random, at: float) -> float:
        start = at
        while True:
            at += rng.expovariate(per_second)
            if rng.random() < share(at):
                return at - start

    return pause


def _sessions(
    *,
    length: Callable[[random.Random], int],
    between: Callable[[random.Random], float],
    within: Callable[[random.Random], float],
) -> Pause:
    """Sessions of `length` further requests, with one kind of pauses before each and another in it."""
    left = 0

    def pause(rng: random.Random, _: float) -> float:
        nonlocal left
        if left == 0:
            left = length(rng)
            return between(rng)
        left -= 1
        return within(rng)

    return pause


def _made(name: str, seed: int, count: int, pause: Pause) -> Trace:
    rng = random.Random(seed)
    at, arrivals, services, intents = 0.0, [], [], []
    for _ in range(count):
        at += pause(rng, at)
        arrivals.append(at)
        services.append(0.35 * math.exp(rng.gauss(0.0, 0.25)))
        if rng.random() < INTENT_SHARE:
            intents.append(max(0.0, at - TYPING_MEDIAN_S * math.exp(rng.gauss(0.0, TYPING_SPREAD))))
            if rng.random() < ABANDONED:
                intents.append(at + rng.uniform(0, 60))
    return Trace(name, arrivals, services, sorted(intents))
