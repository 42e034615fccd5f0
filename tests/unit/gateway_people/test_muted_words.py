"""Which texts a muted word keeps out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.gateway.people import muted_words
from shared.events import utcnow


def mutes(word: str, text: str) -> bool:
    pattern = muted_words.pattern([{"word": word}], utcnow())
    return bool(pattern and pattern.search(muted_words.fold(text)))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Spider", "a SPIDER."), ("spider", "ｓｐｉｄｅｒ"),
        ("big spider", "the  big\n spider"), ("#marimba", "fox\nmarimba"),
        ("猫", "黒猫が好きです"), ("蜘蛛", "我喜欢蜘蛛的照片"), ("แมงมุม", "ฉันชอบแมงมุมมาก"), ("거미", "거미를 좋아해요"),
        ("c++", "I like C++!"), ("#", "a # alone"), ("猫 cat", "黒猫  cat"),
    ],
)  # fmt: skip
def test_what_holds_the_word_is_found(word: str, text: str) -> None:
    assert mutes(word, text)


LETTERS_ONLY = [("cat", "concatenate"), ("big spider", "bigspider"), ("猫 cat", "黒猫 cats")]


@pytest.mark.parametrize(("word", "text"), LETTERS_ONLY)
def test_what_only_holds_its_letters_is_not(word: str, text: str) -> None:
    assert not mutes(word, text)


def test_words_end_and_none_is_no_pattern() -> None:
    now = utcnow()
    assert muted_words.pattern([], now) is None
    assert muted_words.pattern([{"word": "fox", "until": now - timedelta(seconds=1)}], now) is None
    assert muted_words.pattern([{"word": "fox", "until": now + timedelta(days=1)}], now) is not None
