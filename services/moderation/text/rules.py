"""Rules over words, as data: which words, near which others, outside which innocent phrases. Linear in the length.

A text is cut into words once, and phrases are looked up by their first word; nothing here ever goes back in the text.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.moderation.text.normalise import fold
from services.moderation.text.phrases import UNSPACED, Phrases, Word, apart, covered, places_of

DEFAULT_RULES = Path(__file__).with_name("rules.toml")
UNDER_18 = "#under_18"
UNLESS_WITHIN = 7
CONTEXT = (
    "persons",
    "shown",
    "innocent_context",
    "slur_innocent",
    "explicit_elsewhere",
    "naked_elsewhere",
    "minors_elsewhere",
)
"""Groups of everyday words and of other languages: no term to look for in what an English word may be disguised as."""
AGE_WORDS = frozenset({"year", "years", "yr", "yrs", "yo", "y"})


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
        self._never_with = self._index(document["innocent"]["never_with"], groups)
        self._unless = self._index(document["innocent"]["unless"], groups)
        self.rules = tuple(self._rule(row, groups) for row in document["rule"])
        # Only what the rules speak of is cut apart: a text may have thousands of other characters.
        unspaced = sorted(set(UNSPACED.findall(fold(str(document)).text)))
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

    def misleading(self, words: Sequence[Word]) -> list[Word]:
        """Terms within innocent phrases, in order: what they say elsewhere they don't say here.

        None in a text that anywhere else speaks of people or of anything sexual, because there they may be meant.
        """
        words = apart(words, self._unspaced)
        where = places_of(words)
        innocent = covered(self._innocent.find(words, where), len(words))
        if not any(innocent) or self._all(self._never_with, words, where):
            return []
        if not all(all(innocent[first : last + 1]) for first, last in self._all(self._unless, words, where)):
            return []
        return [word for word, within in zip(words, innocent, strict=True) if within and word.text in self.terms]

    def _all(self, key: str, words: Sequence[Word], where: Mapping[str, Sequence[int]]) -> list[tuple[int, int]]:
        """Where the phrases of an index stand, in innocent phrases too."""
        phrases, ages = self._phrases[key]
        return phrases.find(words, where) + (_under_18(words) if ages else [])

    def find(self, words: Sequence[Word], stage: str) -> list[RuleHit]:
        """The rules that fire on the words of a plain reading, each once, at its first place."""
        words = apart(words, self._unspaced)
        where = places_of(words)
        innocent = covered(self._innocent.find(words, where), len(words))
        found: dict[str, list[tuple[int, int]]] = {}

        def places(key: str) -> list[tuple[int, int]]:
            if key not in found:
                hits = self._all(key, words, where)
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
