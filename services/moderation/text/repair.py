"""What word an unknown one disguises."""

from __future__ import annotations

import re
from functools import lru_cache

from services.moderation.text.words import SHORT_WORDS, Vocabulary, squeeze

LEET = str.maketrans(
    {"0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "!": "i", "|": "l", "+": "t", "(": "c", "€": "e", "£": "l", "¡": "i", "¢": "c", "¥": "y"}
)
LEET_DIGITS = str.maketrans("0134578@$", "oieastbas")
LEET_L = str.maketrans({"1": "l", "!": "l", "0": "o"})
LOOKS_LIKE_L = frozenset("1!")
SYMBOLS = frozenset("@$!|+(€£¡¢¥")
_THRICE = re.compile(r"(.)\1\1", re.DOTALL)


@lru_cache(maxsize=65536)
def repair(word: str, vocabulary: Vocabulary) -> str:
    """The known word behind an unknown one: repeated letters, digits for letters, backwards, ROT13, glued together."""
    if not word.isascii() and word.isalpha() and min(word) > "\x7f":
        return _undressed(word)  # No known word has only letters of other scripts.
    if len(word) == 2 and (short := word.translate(LEET)) in SHORT_WORDS and any(map(str.isalpha, word)):
        return short
    letters = word if word.isalnum() else "".join(filter(str.isalnum, word))
    if len(set(letters)) <= 2 and (short := squeeze(letters)) in SHORT_WORDS and len(letters) >= len(short) + 2:
        return short
    bare = word.strip("!|+(*$@")
    if len(bare) < 3 or bare in vocabulary or not any(map(str.isalpha, word)):
        return word
    if "*" in bare[1:]:
        return vocabulary.masked(bare) or word
    candidates = [word]
    if not word.isalpha():
        spoken = word.translate(LEET)
        other = word.translate(LEET_L).translate(LEET) if not LOOKS_LIKE_L.isdisjoint(word) else spoken
        candidates += [spoken, other, spoken if bare == word else bare.translate(LEET), letters]
    distinct = list(dict.fromkeys(candidates))
    for candidate in distinct:
        if len(candidate) >= 3 and candidate in vocabulary:
            return candidate
    for candidate in distinct:
        if len(candidate) >= 4 and squeeze(candidate) != candidate and (form := vocabulary.unrepeated(candidate)):
            return form if len(form) >= 3 else word
    for candidate in distinct:
        if len(candidate) >= 4 and candidate.isalpha() and (form := vocabulary.turned(candidate)):
            return form
    shortest = 6 if any(map(str.isdigit, bare)) else 12
    for candidate in dict.fromkeys(candidates[::-1]):
        if len(candidate) >= shortest and candidate.isalpha() and (pieces := vocabulary.cut(candidate)):
            return " ".join(pieces)
    return _undressed(word)


def _undressed(word: str) -> str:
    """An unknown word without letters written thrice, and with letters for digits where several stand in its middle."""
    if _THRICE.search(word):
        word = squeeze(word)
    if word.isalpha() or not word[-1].isalpha() or not (spoken := word.translate(LEET_DIGITS)).isalpha():
        return word
    digits = [at for at, (before, after) in enumerate(zip(word, spoken, strict=True)) if before != after]
    # "35mm" and "1920s" are what they are: the digits lead.
    within = any(any(map(str.isalpha, word[:at])) for at in digits)
    return spoken if len(digits) >= 2 and within else word
