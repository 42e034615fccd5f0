"""Words of a text, and phrases in them, found in one pass: a phrase is looked up by its first words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.moderation.text.normalise import fold

_WORD = re.compile(r"[^\W_]++(?:['’]++[^\W_]++)*+")
"""Letters and digits, with apostrophes between them. Possessive throughout: what was matched is not tried again."""


UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Chinese and Japanese are written without spaces, and Korean words have endings: each character stands for itself."""


class Word(NamedTuple):
    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """Runs of letters and digits; apostrophes are dropped ("don't" is "dont")."""
    return [Word(_bare(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


def apart(words: Sequence[Word], characters: re.Pattern[str]) -> list[Word]:
    """The words, with each of `characters` in them made a word of its own."""
    words_apart: list[Word] = []
    for word in words:
        if word.text.isascii():
            words_apart.append(word)
            continue
        at = 0
        for match in characters.finditer(word.text):
            for start, end in ((at, match.start()), match.span()):
                if start < end:
                    words_apart.append(Word(word.text[start:end], word.start + start, word.start + end))
            at = match.end()
        if at < len(word.text):
            words_apart.append(Word(word.text[at:], word.start + at, word.end))
    return words_apart


def _spelled(phrase: str) -> list[str]:
    """A phrase's words as they stand in a plain reading."""
    return [word.text for word in apart(words_of(fold(phrase).text.lower()), UNSPACED)]


def _bare(word: str) -> str:
    return word if word.isalnum() else word.replace("'", "").replace("’", "")


class Phrases:
    """Many phrases, found in one pass. A phrase's last word also matches its plural."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._alone: set[str] = set()
        # By the first two words, because a text may be made of nothing but words with which many phrases begin.
        self._begun: dict[str, dict[str, list[tuple[str, ...]]]] = {}
        for phrase in phrases:
            first, *rest = _spelled(phrase)
            if not rest:
                self._alone |= {first, first + "s"}
                continue
            seconds = self._begun.setdefault(first, {})
            for second in _forms(rest[0]) if len(rest) == 1 else (rest[0],):
                seconds.setdefault(second, []).append(tuple(rest[1:]))

    def find(self, words: Sequence[Word], places: Mapping[str, Sequence[int]]) -> list[tuple[int, int]]:
        """Where each phrase stands, as [first, last] word indices, in order. `places`: at which index each word is."""
        hits = [(at, at) for first in self._alone & places.keys() for at in places[first]]
        for first in self._begun.keys() & places.keys():
            seconds = self._begun[first]
            for at in places[first]:
                following = words[at + 1].text if at + 1 < len(words) else ""
                for rest in seconds.get(following, ()):
                    end = at + 2 + len(rest)
                    if end <= len(words) and _goes_on([word.text for word in words[at + 2 : end]], rest):
                        hits.append((at, end - 1))
        return sorted(hits)


def _goes_on(words: Sequence[str], rest: Sequence[str]) -> bool:
    """Whether words that stand behind a phrase's first two are its others."""
    return not rest or (words[-1] in _forms(rest[-1]) and all(map(str.__eq__, words[:-1], rest)))


def _forms(word: str) -> tuple[str, str, str]:
    """A word and its plurals."""
    return word, word + "s", word + "es"


def places_of(words: Sequence[Word]) -> dict[str, list[int]]:
    """At which index each word is."""
    where: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        where.setdefault(word.text, []).append(at)
    return where


def covered(hits: list[tuple[int, int]], size: int) -> list[bool]:
    """Of `size` words which ones are in one of the hits."""
    inside = [False] * size
    for first, last in hits:
        inside[first : last + 1] = [True] * (last + 1 - first)
    return inside
