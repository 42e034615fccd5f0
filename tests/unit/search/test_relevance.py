"""Fusion of rankings, and the cutoff of a query."""

from __future__ import annotations

import math

import numpy as np

from services.search.points import Found, Signal
from services.search.relevance import WEIGHTS, cutoff, fuse, mean_vector, word_cutoff
from tests.contracts.search.posts import START

ALIKE = dict.fromkeys(Signal, 1.0)
OPEN = dict.fromkeys(Signal, -math.inf)


def ranking(*ids: str) -> list[Found]:
    return [Found(post_id, 1.0 - rank / 10, START) for rank, post_id in enumerate(ids)]


def test_agreement_of_two_rankings_beats_the_top_of_one() -> None:
    fused = fuse({Signal.IMAGE: ranking("a", "b"), Signal.PROMPT: ranking("c", "b")}, OPEN)
    assert fused[0].found.post_id == "b"
    assert fused[0].score == (WEIGHTS[Signal.IMAGE] + WEIGHTS[Signal.PROMPT]) / 62
    assert {one.found.post_id for one in fused[1:]} == {"a", "c"}


def test_a_weightier_signal_counts_for_more() -> None:
    answers = {Signal.IMAGE: ranking("a"), Signal.PROMPT: ranking("b")}
    fused = fuse(answers, OPEN, {Signal.IMAGE: 1.0, Signal.PROMPT: 3.0})
    assert [(one.found.post_id, one.score) for one in fused] == [("b", 3 / 61), ("a", 1 / 61)]


def test_exact_words_come_before_what_is_only_alike() -> None:
    alike = {Signal.IMAGE: ranking("a"), Signal.PROMPT: ranking("a")}
    assert fuse({**alike, Signal.WORDS: ranking("b")}, OPEN)[0].found.post_id == "b"


def test_a_signal_that_does_not_match_adds_nothing() -> None:
    answers = {Signal.IMAGE: ranking("a", "b"), Signal.PROMPT: ranking("b", "c")}
    fused = fuse(answers, {Signal.IMAGE: 0.95, Signal.PROMPT: 2.0})
    assert [(one.found.post_id, one.score) for one in fused[:1]] == [("a", 1 / 61)]
    assert all(one.score < 1 / 560 for one in fused[1:])


def test_equal_scores_share_a_rank() -> None:
    tied = [Found(post_id, 0.5, START) for post_id in "ab"]
    fused = fuse({Signal.IMAGE: tied, Signal.PROMPT: ranking("b")}, OPEN, ALIKE)
    assert [(one.found.post_id, one.score) for one in fused] == [("b", 2 / 61), ("a", 1 / 61)]


def test_ties_have_one_order() -> None:
    answers = {Signal.IMAGE: ranking("b"), Signal.PROMPT: ranking("a")}
    assert [one.found.post_id for one in fuse(answers, OPEN, ALIKE)] == ["a", "b"]


def test_what_no_signal_matches_comes_last_whatever_its_rank() -> None:
    answers = {Signal.IMAGE: ranking("a", "b"), Signal.PROMPT: ranking("a"), Signal.WORDS: ranking("b")}
    fused = fuse(answers, {Signal.IMAGE: 2.0, Signal.PROMPT: 2.0, Signal.WORDS: 0.5})
    assert [(one.found.post_id, one.matched) for one in fused] == [("b", (Signal.WORDS,)), ("a", ())]


def test_the_cutoff_follows_the_query_and_bears_some_matches_in_the_background() -> None:
    rng = np.random.default_rng(1)
    query = np.eye(64)[0]
    noise = rng.normal(size=(400, 64)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    low = cutoff(query, noise, 3.0)
    shifted = noise.copy()
    shifted[:, 0] += 0.3
    assert cutoff(query, shifted, 3.0) - low > 0.25
    some_match = np.concatenate([noise, np.tile(query, (40, 1)).astype(np.float32)])
    assert abs(cutoff(query, some_match, 3.0) - low) < 0.15
    assert low < 1
    assert cutoff(query, noise[:10], 3.0) == -math.inf


def test_words_count_from_half_of_the_best() -> None:
    assert word_cutoff([Found("a", 8.0, START)]) == 4.0
    assert word_cutoff([]) == math.inf


def test_the_mean_of_vectors_has_unit_length() -> None:
    assert np.allclose(mean_vector([[1, 0], [0, 1]]), [0.5**0.5, 0.5**0.5])
    assert mean_vector([[1, 0], [-1, 0]]) == [0.0, 0.0]
