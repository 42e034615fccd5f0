"""Which words are known, how common they are, and where to cut letters that were written without spaces."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import groupby

COMMON = 12000
SHORT_WORDS = frozenset(
    "a i an as at be by do go he if in is it me my no of on or so to up us we".split()  # noqa: SIM905 - easier to read
)
ENDINGS = frozenset("sgd")
"""Last letters of plurals and of the forms in -ing and -ed."""
LONGEST = 16
MAX_CUT = 2000
ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_RUN = re.compile(r"(.)\1", re.DOTALL)
_THRICE = re.compile(r"(.)\1\1", re.DOTALL)


class Vocabulary:
    """Words in order of frequency, the most frequent first. Hashable by identity, so that repairs can be cached."""

    def __init__(self, ranked: Sequence[str], also: Iterable[str] = ()) -> None:
        words = ["a", "i"] + [
            word for word in ranked if word.isascii() and word.isalpha() and (len(word) > 2 or word in SHORT_WORDS)
        ]
        # In order, because a set has another one in each process, and all must read a text alike.
        extra = sorted(word for word in also if word.isalpha() and len(word) > 2)
        scale = math.log(len(words) + 1)
        self._cost = {word: math.log((rank + 1) * scale) for rank, word in enumerate(words)}
        for word in extra:
            self._cost.setdefault(word, math.log(5000 * scale))
        cuttable = {word: cost for word, cost in self._cost.items() if len(word) <= LONGEST}
        # What a word begins with leads on to it, but is none: it costs too much to be cut there.
        self._steps = {word[:end]: math.inf for word in cuttable for end in range(1, len(word) + 1)} | cuttable
        self.common = frozenset(words[:COMMON]) | frozenset(extra)
        self._counted = self.common | {word + "s" for word in self.common}
        self._rotated = {word.translate(ROT13): word for word in self.common}
        self._extra, self.terms = extra, frozenset(extra)
        self._with_letter: dict[tuple[int, int, str], int] = {}
        for place, word in enumerate(extra):
            for at, letter in enumerate(word):
                key = (len(word), at, letter)
                self._with_letter[key] = self._with_letter.get(key, 0) | 1 << place
        self._by_skeleton: dict[str, list[str]] = {}
        # Terms first, so that they win over innocent words of the same skeleton.
        for word in (*extra, *words):
            if (skeleton := squeeze(word)) != word:
                self._by_skeleton.setdefault(skeleton, []).append(word)

    def __contains__(self, word: str) -> bool:
        """Whether the word, or what it is the plural or a form of, is known."""
        return word in self._cost or (word[-1:] in ENDINGS and not _THRICE.search(word) and self._is_form(word))

    def _is_form(self, word: str) -> bool:
        return (
            (word.endswith("s") and len(word) > 3 and word[:-1] in self._cost)
            or (word.endswith(("ches", "shes", "sses", "xes")) and word[:-2] in self._cost)
            or (word.endswith("ing") and len(word) > 5 and (word[:-3] in self._cost or word[:-3] + "e" in self._cost))
            or (word.endswith("ed") and len(word) > 4 and (word[:-2] in self._cost or word[:-1] in self._cost))
        )

    def unrepeated(self, word: str) -> str | None:
        """The known word of which `word` repeats letters, if there is one. "buuut" can't be "butt"."""
        skeleton, runs = squeeze(word), _runs(word)
        forms = self._by_skeleton.get(skeleton, ())
        fitting = (form for form in forms if all(map(int.__le__, _runs(form), runs)))
        return next(fitting, skeleton if skeleton in self else None)

    def turned(self, word: str) -> str | None:
        """The common word that is `word` backwards or in ROT13, if there is one."""
        return backwards if (backwards := word[::-1]) in self.common else self._rotated.get(word)

    def masked(self, word: str) -> str | None:
        """The term that fits a word with asterisks for letters after its first ("f*ck"), if there is one."""
        fitting = -1
        for at, letter in enumerate(word):
            if letter != "*":
                fitting &= self._with_letter.get((len(word), at, letter), 0)
        return self._extra[(fitting & -fitting).bit_length() - 1] if fitting else None

    def known_share(self, words: Sequence[str]) -> float:
        """Share of the letters of `words` that belong to common ones; 1.0 if there are none."""
        total = sum(map(len, words))
        return sum(map(len, filter(self._counted.__contains__, words))) / total if total else 1.0

    def cut(self, letters: str) -> list[str] | None:
        """The likeliest words that `letters` is made of, or None when it can't be cut into known words.

        Dynamic programming over unigram frequencies; at most `LONGEST` steps a letter.
        """
        if len(letters) > MAX_CUT:
            return None
        size, cost_of = len(letters), self._steps.get
        best = [0.0, *[math.inf] * size]
        came_from = [0] * (size + 1)
        reached = 0
        for start in range(size):
            if start > reached:
                return None
            if (so_far := best[start]) == math.inf:
                continue
            for end in range(start + 1, min(start + LONGEST, size) + 1):
                if (cost := cost_of(letters[start:end])) is None:
                    break
                if so_far + cost < best[end]:
                    best[end], came_from[end] = so_far + cost, start
                    reached = max(reached, end)
        if best[size] == math.inf:
            return None
        words: list[str] = []
        end = len(letters)
        while end:
            start = came_from[end]
            words.append(letters[start:end])
            end = start
        return words[::-1]


def _runs(word: str) -> list[int]:
    """How often each letter stands in a row."""
    return [len(list(letters)) for _, letters in groupby(word)]


def squeeze(word: str) -> str:
    """Each run of one letter written once."""
    return "".join([letter for letter, _ in groupby(word)]) if _RUN.search(word) else word
