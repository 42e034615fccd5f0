"""Exact words and their beginnings as sparse vectors."""

from __future__ import annotations

import pytest

from services.search.points import Sparse
from services.search.words import Bm25Words, plain

WORDS = Bm25Words()


def score(query: Sparse, text: str) -> float:
    document = WORDS.document(text)
    weights = dict(zip(document.indices, document.values, strict=True))
    return sum(weights.get(token, 0.0) * value for token, value in zip(query.indices, query.values, strict=True))


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("foxes", "a red fox"),
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "Café"),
        ("ﬁre", "fire"),
        ("ｆｏｘ", "fox"),
        ("#snow", "snow"),
        ("ada", "ada_lovelace"),
        ("狐", "雪の上の狐"),
        ("лиса", "Лиса в снегу"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_spellings_of_one_word_meet(asked: str, written: str) -> None:
    assert score(WORDS.query(asked), written) > 0


def test_other_words_and_stop_words_do_not_meet() -> None:
    assert score(WORDS.query("ox"), "a red fox") == 0
    assert not WORDS.query("the of and")
    assert not WORDS.query("  ?! ")


def test_a_beginning_meets_longer_words_only() -> None:
    unfinished = WORDS.unfinished("a red fo")
    assert unfinished is not None
    whole, beginning = unfinished
    assert score(beginning, "fox") > 0
    assert score(beginning, "forest") > 0
    assert score(beginning, "fo") == score(whole, "fox") == 0


@pytest.mark.parametrize("text", ["", "f", "fox ", "fox!", "x" * 40])
def test_a_finished_or_too_short_word_is_no_beginning(text: str) -> None:
    assert WORDS.unfinished(text) is None


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202e", "🦊" * 10_000, "a" * 1_000_000, "é" * 50_000])
def test_any_text_is_read(text: str) -> None:
    document = WORDS.document(text)
    assert len(document.indices) == len(set(document.indices))
    plain(text)
