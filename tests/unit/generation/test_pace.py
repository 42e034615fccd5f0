import pytest

from services.generation.pace import Pace


def painted(*batches: tuple[int, float]) -> Pace:
    pace = Pace()
    for pictures, seconds in batches:
        pace.painted(pictures, seconds)
    return pace


def test_before_anything_was_painted_nothing_is_counted_on() -> None:
    assert (Pace().picture_s, Pace().alone_s, Pace().batch_gain(8)) == (1.0, 1.0, 1.0)


def test_what_was_waited_for_is_smoothed_and_other_than_what_was_painted() -> None:
    pace = Pace()
    pace.waited(2, 2.0)
    pace.waited(1, 2.0)
    assert pace.picture_s == pytest.approx(1.2)
    assert pace.alone_s == 1.0


def test_a_batch_saves_what_its_further_pictures_take_less_than_the_first() -> None:
    pace = painted(*[(size, 0.3 + 0.2 * size) for size in (1, 2, 4, 1, 3)])
    assert pace.alone_s == pytest.approx(0.5)
    assert pace.batch_gain(8) == pytest.approx((0.3 + 0.2 * 8) / (8 * 0.5))


def test_what_batches_save_is_not_guessed_from_one_size() -> None:
    assert painted((1, 0.5), (1, 0.6)).batch_gain(8) == 1.0
    full = painted((8, 2.0), (8, 2.0))
    assert (full.alone_s, full.batch_gain(8)) == (0.25, 1.0)


@pytest.mark.parametrize("batches", [[(1, 0.5), (8, 0.1)], [(1, 0.1), (8, 9.0)], [(2, 0.0), (3, 0.0)]])
def test_times_that_make_no_sense_still_give_a_share(batches: list[tuple[int, float]]) -> None:
    pace = painted(*batches)
    assert pace.alone_s >= 0
    assert 1 / 8 <= pace.batch_gain(8) <= 1


def test_a_change_of_pace_is_learnt() -> None:
    before, after = [(1, 0.5), (4, 2.0)] * 50, [(1, 0.5), (4, 0.8)] * 150
    assert painted(*before, *after).batch_gain(4) == pytest.approx(0.4, abs=0.02)
