"""Which words are known, how common they are, and where to cut letters that were written without spaces."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

COMMON = 12000
SHORT_WORDS = frozenset(
    "a i an as at be by do go he if in is it me my no of on or so to up us we".split()  # noqa: SIM905 - easier to read
)
ENDINGS = frozenset("sgd")
"""Last letters of plurals and of the forms in -ing and -ed."""
LONGEST = 16
MAX_CUT = 2000
_LETTERS = re.compile(r"[^\W\d_]{3,}+")
_RUN = re.compile(r"(.)\1++", re.DOTALL)


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
        cuttable = [word for word in self._cost if len(word) <= LONGEST]
        self._beginnings = frozenset(word[:end] for word in cuttable for end in range(1, len(word) + 1))
        self.common = frozenset(words[:COMMON]) | frozenset(extra)
        self._terms: dict[tuple[int, str], list[str]] = {}
        for word in extra:
            self._terms.setdefault((len(word), word[0]), []).append(word)
        # Terms last, so that they win over innocent words of the same skeleton ("bobs" and what it hides).
        self._by_skeleton = {squeeze(word): word for word in (*words[::-1], *extra) if squeeze(word) != word}

    def __contains__(self, word: str) -> bool:
        """Whether the word, or what it is the plural or a form of, is known."""
        return word in self._cost or (word[-1:] in ENDINGS and self._is_form(word))

    def _is_form(self, word: str) -> bool:
        return (
            (word.endswith("s") and len(word) > 3 and word[:-1] in self._cost)
            or (word.endswith(("ches", "shes", "sses", "xes")) and word[:-2] in self._cost)
            or (word.endswith("ing") and len(word) > 5 and (word[:-3] in self._cost or word[:-3] + "e" in self._cost))
            or (word.endswith("ed") and len(word) > 4 and (word[:-2] in self._cost or word[:-1] in self._cost))
        )

    def by_skeleton(self, word: str) -> str | None:
        """The known word that becomes the same as `word` when repeated letters are written once, if there is one."""
        skeleton = squeeze(word)
        return self._by_skeleton.get(skeleton) or (skeleton if skeleton in self else None)

    def masked(self, word: str) -> str | None:
        """The term that fits a word with asterisks for letters after its first ("f*ck"), if there is one."""
        shown = [(at, letter) for at, letter in enumerate(word) if letter != "*"]
        for term in self._terms.get((len(word), word[0]), ()):
            if all(term[at] == letter for at, letter in shown):
                return term
        return None

    def known_share(self, text: str) -> float:
        """Share of the letters in words of three letters or more that belong to common words; 1.0 if there are none."""
        known = total = 0
        for word in _LETTERS.findall(text):
            total += len(word)
            known += len(word) if word in self.common or (word.endswith("s") and word[:-1] in self.common) else 0
        return known / total if total else 1.0

    def cut(self, letters: str) -> list[str] | None:
        """The likeliest words that `letters` is made of, or None when it can't be cut into known words.

        Dynamic programming over unigram frequencies; at most `LONGEST` steps a letter.
        """
        if len(letters) > MAX_CUT:
            return None
        size, cost, beginnings = len(letters), self._cost, self._beginnings
        best = [0.0, *[math.inf] * size]
        came_from = [0] * (size + 1)
        reached = 0
        for start in range(size):
            if start > reached:
                return None
            if (so_far := best[start]) == math.inf:
                continue
            for end in range(start + 1, min(start + LONGEST, size) + 1):
                piece = letters[start:end]
                if piece not in beginnings:
                    break
                if piece in cost and so_far + cost[piece] < best[end]:
                    best[end], came_from[end] = so_far + cost[piece], start
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


def squeeze(word: str) -> str:
    """Each run of one letter written once."""
    # Most words have no such run, and finding none is quicker than replacing none.
    return _RUN.sub(r"\1", word) if _RUN.search(word) else word
