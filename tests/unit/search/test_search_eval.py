"""What the evaluation of search takes for good, and what its communities are made of."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("cairosvg")

import torch

from services.search.points import Found, Signal
from tests.contracts.search.posts import START
from training.bootstrap import interval
from training.pocket.icons import Concept
from training.search_eval.community import KINDS, Community, community, halves
from training.search_eval.scoring import Asked, balanced, choose, ndcg, recall, table

NAMES = ("fox", "castle", "apple", "rocket", "teapot", "whale")


def ranking(*ids: str) -> list[Found]:
    return [Found(post_id, 1.0 - place / 10, START) for place, post_id in enumerate(ids)]


def asked(right: str, *, image: str, prompt: str, words: str, kind: str = "name") -> Asked:
    """A question whose signals rank these one-letter posts, all of which match."""
    by = {Signal.IMAGE: ranking(*image), Signal.PROMPT: ranking(*prompt), Signal.WORDS: ranking(*words)}
    return Asked(kind, frozenset(right), (by, dict.fromkeys(Signal, -math.inf)))


def test_recall_counts_what_the_places_could_hold() -> None:
    assert recall(["a", "x", "b"], frozenset("abc"), 1) == 1
    assert recall(["a", "x", "b"], frozenset("abc"), 3) == pytest.approx(2 / 3)
    assert recall([], frozenset("a"), 5) == 0


def test_ndcg_is_one_when_all_right_posts_come_first_and_falls_with_their_place() -> None:
    assert ndcg(["a", "b", "x"], frozenset("ab")) == pytest.approx(1)
    assert ndcg(["x", "a"], frozenset("a")) == pytest.approx(1 / np.log2(3))
    assert ndcg(["x"], frozenset("a")) == 0


def test_each_kind_of_question_counts_the_same() -> None:
    easy = [asked("a", image="a", prompt="a", words="a") for _ in range(9)]
    hard = [asked("z", image="a", prompt="a", words="a", kind="keyword")]
    assert balanced([*easy, *hard], [["a"]] * 10) == pytest.approx(0.5)


def test_the_signal_that_is_right_is_given_more() -> None:
    # Prompt and words agree on a wrong post; only the picture knows better.
    questions = [asked("a", image="axyz", prompt="bcde", words="bcde")]
    weights, tried = choose(questions)
    assert weights[Signal.IMAGE] > max(weights[Signal.PROMPT], weights[Signal.WORDS])
    assert len(tried) == len({tuple(row.items()) for row in tried}) == 12
    rows = {row["by"]: row for row in table(questions, weights)}
    assert rows["hybrid"]["recall@1"] == 1
    assert rows["hybrid, all 1"]["recall@1"] == 0
    assert rows["image"]["over best part, low"] == 0


def test_an_interval_holds_the_mean() -> None:
    _, low, high = interval(np.asarray([0.0, 1.0] * 50), seed=1)
    assert low < 0.5 < high


@pytest.fixture(scope="module")
def made() -> Community:
    concepts = [Concept(name, name, (f"{name}ish", f"{name}like")) for name in NAMES]
    icons = torch.full((len(NAMES), 4, 16, 16), 255, dtype=torch.uint8)
    return community(concepts, (icons, icons[..., ::2, ::2]), [0, 2, 4], seed=1)


def test_halves_have_no_object_in_common() -> None:
    development, test = halves([Concept(name, name, ()) for name in NAMES])
    assert sorted([*development, *test]) == list(range(len(NAMES)))


def test_a_community_knows_its_own_objects_alone(made: Community) -> None:
    said = " ".join(post.images[0].prompt or "" for post in made.posts)
    assert {name for name in NAMES if name in said.lower()} <= {"fox", "apple", "teapot"}
    assert {one.text for one in made.questions if one.kind == "name"} == {"fox", "apple", "teapot"}


def test_posts_hide_their_prompt_or_have_that_of_another(made: Community) -> None:
    prompts = [post.images[0].prompt for post in made.posts]
    assert len(made.posts) == len(made.pictures) == 3 * len(KINDS)
    hidden, contrary = prompts[2::4], prompts[3::4]
    assert hidden == [None] * 3
    assert len(set(contrary)) == 3, "each has another's"
    fox = next(one for one in made.questions if one.text == "fox")
    assert {post.post_id for post in made.posts[:4]} <= fox.right


def test_a_series_is_named_in_captions_alone(made: Community) -> None:
    for one in made.questions:
        if one.kind == "series":
            assert one.right == {post.post_id for post in made.posts if one.text in post.caption}
            assert not any(one.text in (post.images[0].prompt or "") for post in made.posts)
