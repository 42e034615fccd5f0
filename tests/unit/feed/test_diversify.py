"""A page as a whole: varied, the best first, near-duplicates apart, and explored places where they were drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from services.feed.stages.diversify import SPACING, diversify


def page_of(
    scores: Sequence[float],
    vectors: Sequence[Sequence[float]],
    *,
    limit: int,
    authors: Sequence[str] | None = None,
    fixed: Mapping[int, int] | None = None,
    welcome: Sequence[float] | None = None,
) -> list[int]:
    images = np.array(vectors, np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    names = authors or [f"author{row}" for row in range(len(scores))]
    left = np.array(welcome or [1.0] * len(scores), np.float32)
    return diversify(
        np.array(scores, np.float32), left, names, images.__getitem__, 0.0, limit=limit, fixed=fixed or {}
    )  # fmt: skip


CASTLE, COUSIN, FOREST, HARBOUR = (1.0, 0.0, 0.0), (0.9, 0.43, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def test_what_differs_takes_the_place_of_what_is_alike_and_a_little_better() -> None:
    assert page_of([1.0, 0.9, 0.85], [CASTLE, COUSIN, FOREST], limit=2) == [0, 2]


def test_what_is_hardly_welcome_gains_nothing_by_being_unlike_the_rest() -> None:
    scores, vectors = [1.0, 0.9, 0.5], [CASTLE, COUSIN, FOREST]
    assert page_of(scores, vectors, limit=2) == [0, 2]
    assert page_of(scores, vectors, limit=2, welcome=[1.0, 1.0, 0.1]) == [0, 1]


def test_the_chosen_stand_in_the_order_of_their_worth() -> None:
    assert page_of([1.0, 0.9, 0.8, 0.7], [CASTLE, COUSIN, FOREST, HARBOUR], limit=4) == [0, 1, 2, 3]


def test_near_duplicates_all_come_but_once_each_when_nothing_else_is_left() -> None:
    assert sorted(page_of([1.0, 0.9, 0.8], [CASTLE] * 3, limit=5)) == [0, 1, 2]


def test_near_duplicates_stand_as_far_apart_as_the_page_allows() -> None:
    others = np.eye(SPACING + 1)[1:].tolist()
    twin = [1.0, *[0.0] * SPACING]
    page = page_of([1.0, 1.0, *[0.5] * SPACING], [twin, twin, *others], limit=SPACING + 2)
    assert len(page) == SPACING + 2
    assert {page.index(0), page.index(1)} == {0, SPACING + 1}


def test_a_fixed_place_keeps_its_row_and_its_near_duplicate_stays_away() -> None:
    page = page_of([1.0, 0.9, 0.8, 0.7], [CASTLE, FOREST, HARBOUR, CASTLE], limit=3, fixed={1: 3})
    assert page == [1, 3, 2]


def test_an_authors_next_post_is_worth_less() -> None:
    page = page_of([1.0, 0.9, 0.8], [CASTLE, FOREST, HARBOUR], limit=3, authors=["ada", "ada", "bob"])
    assert page == [0, 2, 1]


def test_what_must_not_be_shown_is_not() -> None:
    assert page_of([-np.inf, 0.5], [CASTLE, FOREST], limit=2) == [1]
