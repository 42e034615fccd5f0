"""The place in a list that moves."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from services.gateway.edge.paging import decode_cursor, encode_cursor
from services.gateway.errors import Problem
from services.gateway.lists.ranked import DEEPEST, REMEMBERED, Reading

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read_on(ranking: list[str], reading: Reading, limit: int) -> tuple[list[str], Reading | None]:
    """A page as a list takes it, with its cursor's way to the client and back."""
    reading = Reading.at(decode_cursor(encode_cursor(reading.place())))
    fresh = reading.fresh(ranking[reading.start :])
    return [one for _, one in fresh[:limit]], reading.past(fresh[:limit]) if len(fresh) > limit else None


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("seed", range(3))
def test_deep_in_a_list_that_moves_nothing_comes_twice_or_never(limit: int, seed: int) -> None:
    random = Random(seed)
    ranking = [f"post-{number}" for number in range(600)]
    reading: Reading | None = Reading(NOW)
    shown: list[str] = []
    while reading:
        items, reading = read_on(ranking, reading, limit)
        shown += items
        # Some vanish anywhere, and neighbours change places.
        for one in random.sample(ranking, min(2, len(ranking) - 1)) if random.random() < min(1, limit / 10) else []:
            ranking.remove(one)
        swapped = random.randrange(len(ranking) - 1)
        ranking[swapped : swapped + 2] = ranking[swapped : swapped + 2][::-1]
    assert len(shown) == len(set(shown))
    assert set(ranking) <= set(shown)


def test_a_list_of_which_everything_is_remembered_may_be_shuffled() -> None:
    ranking = [f"post-{number}" for number in range(REMEMBERED)]
    shown, reading = read_on(ranking, Reading(NOW), REMEMBERED // 2)
    Random(1).shuffle(ranking)
    assert reading is not None
    rest, end = read_on(ranking, reading, REMEMBERED)
    assert sorted(shown + rest) == sorted(ranking)
    assert end is None


def test_a_cursor_stays_short() -> None:
    reading = Reading(NOW)
    for start in range(0, DEEPEST, 100):
        reading = reading.past([(number, f"post-{number}") for number in range(start, start + 100)])
    assert len(encode_cursor(reading.place())) < 1000


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": -1},
        {"rank": 10**9},
        {"rank": "3"},
        {"rank": True},
        {"read": "é"},
        {"read": "YQ=="},
        {"until": "soon"},
        {"until": "2026-01-01T00:00:00"},
        {"until": None},
    ],
)
def test_a_place_that_was_made_up_is_refused(wrong: dict[str, str | int | None]) -> None:
    with pytest.raises(Problem, match="bad_cursor"):
        Reading.at(Reading(NOW).place() | wrong)
