"""Rules over words, as data: which words, near which others, outside which innocent phrases. Linear in the length.

A text is cut into words once, and phrases are looked up by their first word; nothing here ever goes back in the text.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from services.moderation.text.normalise import fold

DEFAULT_RULES = Path(__file__).with_name("rules.toml")
UNDER_18 = "#under_18"
UNLESS_WITHIN = 7
CONTEXT = ("people", "innocent_context", "slur_innocent", "explicit_elsewhere", "naked_elsewhere", "minors_elsewhere")
"""Groups of everyday words and of other languages: no term to look for in what an English word may be disguised as."""
AGE_WORDS = frozenset({"year", "years", "yr", "yrs", "yo", "y"})


_WORD = re.compile(r"[^\W_]++(?:['’]++[^\W_]++)*+")
"""Letters and digits, with apostrophes between them. Possessive throughout: what was matched is not tried again."""


_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Chinese and Japanese are written without spaces, and Korean words have endings: each character stands for itself."""


class Word(NamedTuple):
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class RuleHit:
    """A rule that fired: its score, 0..1, and the characters [start, end) of the plain reading that made it fire."""

    rule: str
    category: str
    score: float
    reason: str
    start: int
    end: int
    with_model: float = 0.0
    """From which score of the category's head on the hit counts: words that are quoted as often as meant."""


def words_of(text: str) -> list[Word]:
    """Runs of letters and digits; apostrophes are dropped ("don't" is "dont")."""
    return [Word(_bare(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


def _apart(words: Sequence[Word], characters: re.Pattern[str]) -> list[Word]:
    """The words, with each of `characters` in them made a word of its own."""
    apart: list[Word] = []
    for word in words:
        if word.text.isascii():
            apart.append(word)
            continue
        at = 0
        for match in characters.finditer(word.text):
            for start, end in ((at, match.start()), match.span()):
                if start < end:
                    apart.append(Word(word.text[start:end], word.start + start, word.start + end))
            at = match.end()
        if at < len(word.text):
            apart.append(Word(word.text[at:], word.start + at, word.end))
    return apart


def _spelled(phrase: str) -> list[str]:
    """A phrase's words as they stand in a plain reading."""
    return [word.text for word in _apart(words_of(fold(phrase).text.lower()), _UNSPACED)]


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


@dataclass(frozen=True)
class Rule:
    id: str
    category: str
    score: float
    reason: str
    any: str
    near: str | None
    within: int
    unless: str | None
    stages: frozenset[str]
    with_model: float


class RuleSet:
    """All rules of one file."""

    def __init__(self, document: dict[str, Any]) -> None:
        groups: dict[str, list[str]] = document["groups"]
        self.version: str = document["version"]
        self._innocent = Phrases(document["innocent"]["phrases"])
        self._phrases: dict[str, tuple[Phrases, bool]] = {}
        self.rules = tuple(self._rule(row, groups) for row in document["rule"])
        # Only what the rules speak of is cut apart: a text may have thousands of other characters.
        unspaced = sorted(set(_UNSPACED.findall(fold(str(document)).text)))
        self._unspaced = re.compile(f"[{''.join(unspaced)}]" if unspaced else "(?!)")
        self.terms = frozenset(
            word for name in groups if name not in CONTEXT for phrase in groups[name] for word in phrase.split()
        )

    @classmethod
    def load(cls, path: Path = DEFAULT_RULES) -> RuleSet:
        return cls(tomllib.loads(path.read_text("utf-8")))

    def _rule(self, row: dict[str, Any], groups: dict[str, list[str]]) -> Rule:
        near = row.get("near")
        return Rule(
            id=row["id"],
            category=row["category"],
            score=float(row["score"]),
            reason=row["reason"],
            any=self._index(row["any"], groups),
            near=self._index(near, groups) if near else None,
            within=int(row.get("within", 0)),
            unless=self._index(row["unless"], groups) if "unless" in row else None,
            stages=frozenset(row.get("stages", ())),
            with_model=float(row.get("with_model", 0.0)),
        )

    def _index(self, entries: list[str], groups: dict[str, list[str]]) -> str:
        """Key of the phrases that the entries name; equal lists share one index."""
        key = "\n".join(entries)
        if key not in self._phrases:
            phrases: list[str] = []
            for entry in entries:
                if entry.startswith("@"):
                    phrases += groups[entry[1:]]
                elif entry != UNDER_18:
                    phrases.append(entry)
            self._phrases[key] = (Phrases(phrases), UNDER_18 in entries)
        return key

    def find(self, words: Sequence[Word], stage: str) -> list[RuleHit]:
        """The rules that fire on the words of a plain reading, each once, at its first place."""
        words = _apart(words, self._unspaced)
        where: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            where.setdefault(word.text, []).append(at)
        innocent = _covered(self._innocent.find(words, where), len(words))
        found: dict[str, list[tuple[int, int]]] = {}

        def places(key: str) -> list[tuple[int, int]]:
            if key not in found:
                phrases, ages = self._phrases[key]
                hits = phrases.find(words, where) + (_under_18(words) if ages else [])
                found[key] = sorted(hit for hit in hits if not any(innocent[hit[0] : hit[1] + 1]))
            return found[key]

        hits: list[RuleHit] = []
        for rule in self.rules:
            if rule.stages and stage not in rule.stages:
                continue
            found_any = places(rule.any)
            if rule.unless and found_any and places(rule.unless):
                found_any = _away_from(found_any, places(rule.unless))
            place = _first(found_any, places(rule.near) if rule.near else None, rule.within)
            if place is not None:
                start, end = words[place[0]].start, words[place[1]].end
                hits.append(RuleHit(rule.id, rule.category, rule.score, rule.reason, start, end, rule.with_model))
        return hits


def _covered(hits: list[tuple[int, int]], size: int) -> list[bool]:
    covered = [False] * size
    for first, last in hits:
        covered[first : last + 1] = [True] * (last + 1 - first)
    return covered


def _first(
    hits: list[tuple[int, int]], near: list[tuple[int, int]] | None, within: int
) -> tuple[int, int] | None:  # fmt: skip
    """The first hit, together with a neighbour at most `within` words away where one is asked for."""
    if near is None:
        return hits[0] if hits else None
    starts = [first for first, _ in near]
    for first, last in hits:
        at = bisect_left(starts, first - within - 6)
        while at < len(near) and near[at][0] <= last + within:
            other = near[at]
            overlaps = other[0] <= last and first <= other[1]
            if not overlaps and max(other[0] - last, first - other[1]) <= within:
                return min(first, other[0]), max(last, other[1])
            at += 1
    return None


def _away_from(hits: list[tuple[int, int]], others: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The hits with none of `others` within `UNLESS_WITHIN` words."""
    starts = [first for first, _ in others]
    away: list[tuple[int, int]] = []
    for first, last in hits:
        at = bisect_left(starts, first - UNLESS_WITHIN)
        if at == len(others) or starts[at] > last + UNLESS_WITHIN:
            away.append((first, last))
    return away


def _under_18(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Ages below 18: "12 year old", "aged 15", "16yo"."""
    hits: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        if not "0" <= word.text[0] <= "9":
            continue
        following = words[at + 1].text if at + 1 < len(words) else ""
        number, unit = word.text, following
        for suffix in ("yo", "yr", "y"):
            if word.text.endswith(suffix):
                number, unit = word.text.removesuffix(suffix), suffix
                break
        if not (number.isascii() and number.isdigit()) or not 1 <= int(number[:4]) < 18:
            continue
        if unit in AGE_WORDS or (at > 0 and words[at - 1].text in ("aged", "age")):
            hits.append((at, at))
    return hits
