"""Texts that a filter may take long over: ten thousand characters of every disguise, and walls of one kind of sign."""

from __future__ import annotations

import base64
import random
import re
import string
from collections.abc import Iterator, Sequence

from training.moderation.evasions import EVASIONS

LENGTH = 10_000
BEGINNINGS = ("nude", "blood", "bare", "naked", "taking", "sex", "hanging", "dead")
"""With which many phrases of the rules begin."""
_LEET = string.ascii_lowercase + "013457$@!"


def hostile_texts(words: Sequence[str], seed: int) -> Iterator[tuple[str, str]]:
    """Name and text of each kind, each of `LENGTH` characters; `words` is what ordinary sentences are made of."""
    chance, length = random.Random(seed), LENGTH

    def sentence() -> str:
        return " ".join(chance.choice(words) for _ in range(length // 2))[:length]

    def scrambled(letters: str, longest: int) -> str:
        return " ".join("".join(chance.choices(letters, k=chance.randint(3, longest))) for _ in range(length // 4))

    def any_of(codes: Sequence[int]) -> str:
        return "".join(map(chr, chance.choices(codes, k=length)))

    def glued(number: int) -> str:
        return "".join(chance.choice(words) for _ in range(number))

    yield "plain words", sentence()
    for name, disguise in EVASIONS.items():
        yield name, disguise(sentence())[:length]
    yield "zero-width wall", "\u200b" * length
    yield "combining marks", "a" + any_of(range(0x300, 0x36F))[1:]
    yield "base64 wall", base64.b64encode(chance.randbytes(length)).decode()[:length]
    yield "base64 crumbs", " ".join(base64.b64encode(chance.randbytes(6)).decode() for _ in range(length))[:length]
    yield "one letter", "a" * length
    yield "letters alone", " ".join(chance.choices(string.ascii_lowercase, k=length))[:length]
    yield "dotted pairs", ("a.b " * length)[:length]
    yield "no words", scrambled(string.ascii_lowercase, 16)[:length]
    yield "no words, in leet", scrambled(_LEET, 200)[:length]
    yield "one long word", "".join(chance.choices(string.ascii_lowercase, k=length))
    yield "glued words", glued(length)[:length]
    yield "glued pairs, in leet", EVASIONS["leet"](" ".join(glued(2) for _ in range(length // 2)))[:length]
    yield "masked words", " ".join("*".join(chance.choices(_LEET, k=4)) for _ in range(length))[:length]
    yield "words that begin many phrases", " ".join(chance.choices(BEGINNINGS, k=length))[:length]
    yield "signs", any_of([ord(sign) for sign in "@$!|+(*.-_"])
    yield "Chinese", any_of(range(0x4E00, 0x9FFF))
    yield "Chinese in words", "".join(map("{} ".format, re.findall("...", any_of(range(0x4E00, 0x9FFF)))))[:length]
    yield "Hangul", any_of(range(0xAC00, 0xD7A3))
    yield "any character", any_of([code for code in range(0x20, 0x2FFFF) if not 0xD800 <= code < 0xE000])
    yield "a ligature of many words", "\ufdfa" * length
