"""Ids carry their time, so that a stretch of time is a range of ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.ids import first_id_at, moment_of, new_id


def test_a_stretch_of_time_is_a_range_of_ids() -> None:
    begun = datetime.now(UTC)
    made = new_id()
    assert first_id_at(begun - timedelta(milliseconds=1)) < made < first_id_at(begun + timedelta(seconds=5))
    assert abs(moment_of(made) - begun) < timedelta(seconds=5)
    assert moment_of(first_id_at(begun)) <= begun < moment_of(first_id_at(begun)) + timedelta(milliseconds=1)


def test_what_is_no_id_is_of_now() -> None:
    for text in ("", "nothing", "ffffffff-ffff-7000-8000-000000000000"):
        assert abs(moment_of(text) - datetime.now(UTC)) < timedelta(seconds=5)
