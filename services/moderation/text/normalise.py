"""The plain reading of a text: what a person sees in it, in lower-case ASCII where possible, with the way back.

Only this copy is judged; the original is what is painted. Each character of a reading knows which character of the
original it came from, so that a person can be shown the part of their own text that mattered.
"""

from __future__ import annotations

import base64
import binascii
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from services.moderation.text.words import SHORT_WORDS, Vocabulary, squeeze

TAG_BASE = 0xE0000
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
LEET = str.maketrans(
    {"0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
    | {"@": "a", "$": "s", "!": "i", "|": "l", "+": "t", "(": "c", "€": "e", "£": "l", "¡": "i", "¢": "c", "¥": "y"}
)
LEET_DIGITS = str.maketrans("0134578@$", "oieastbas")
LEET_L = str.maketrans({"1": "l", "!": "l", "0": "o"})
SYMBOLS = frozenset("@$!|+(€£¡¢¥")
JOINERS = frozenset(" .-_*/,~'`·•|+")
MAX_BASE64 = 4000
LONGEST_WORD = 200
MAX_EXPANSION = 4
"""Latin ligatures become up to four letters; a character that stands for a sentence must not make the work grow."""
WHOLE_MARGIN = 0.25
"""How much larger the share of known words must get before a whole text is read as ROT13 or backwards."""


@dataclass(frozen=True)
class Reading:
    """`text`, and for each of its characters the index `origin` of the character of the original it stands for."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of the characters [start, end) of the reading."""
        places = self.origin[start:end]
        return (min(places), max(places) + 1) if places else (0, 0)


class _Draft:
    """A reading while it is written."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.origin: list[int] = []

    def put(self, character: str, place: int) -> None:
        self.text.append(character)
        self.origin.append(place)

    def add(self, text: str, origin: list[int] | tuple[int, ...] | int) -> None:
        """Append `text`. One origin stands for all its characters; several are spread over them."""
        self.text.extend(text)
        if isinstance(origin, int):
            self.origin.extend([origin] * len(text))
        elif len(origin) == len(text):
            self.origin.extend(origin)
        else:
            last = len(origin) - 1
            self.origin.extend(origin[min(i * len(origin) // max(len(text), 1), last)] for i in range(len(text)))

    def done(self) -> Reading:
        return Reading("".join(self.text), tuple(self.origin))


@cache
def _confusables() -> dict[str, str]:
    table: dict[str, str] = json.loads(Path(__file__).with_name("confusables.json").read_text("utf-8"))
    return table


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    """One character as the ASCII it stands for; "" for what is invisible."""
    code = ord(character)
    if TAG_BASE + 0x20 <= code <= TAG_BASE + 0x7E:
        return chr(code - TAG_BASE)
    if character.isspace():
        return " "
    out = []
    for part in unicodedata.normalize("NFKD", character)[:MAX_EXPANSION]:
        if unicodedata.category(part) in ("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"):
            continue
        part = _confusables().get(part) or _confusables().get(part.lower()) or part
        out.append(part)
    plain = "".join(out)
    return plain if plain.isascii() else plain[:1]


def fold(text: str) -> Reading:
    """Invisible characters dropped, forms and look-alikes unified; letter case kept, because base64 needs it."""
    if text.isascii() and text.isprintable():
        return Reading(text, tuple(range(len(text))))
    draft = _Draft()
    for index, character in enumerate(text):
        for plain in character if " " < character <= "~" else _plain(character):
            draft.put(plain, index)
    return draft.done()


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """The plain reading of `text`; linear in its length."""
    reading = _decode_base64(fold(text))
    reading = Reading(reading.text.lower(), reading.origin)
    reading = _join_spelled_out(reading, vocabulary)
    reading = _whole(reading, vocabulary)
    return _repair_words(reading, vocabulary)


# ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _decode_base64(reading: Reading) -> Reading:
    """Words that are base64 of printable text, replaced by that text."""
    draft = _Draft()
    for start, end in _chunks(reading.text, str.isspace):
        word, origin = reading.text[start:end], reading.origin[start:end]
        decoded = _from_base64(word) if 8 <= len(word) <= MAX_BASE64 else None
        draft.add(decoded if decoded is not None else word, origin)
    return draft.done()


def _from_base64(word: str) -> str | None:
    core = word.rstrip("=.,;:!?\"'")
    # Sixteen letters of one case are far likelier a word than base64, and short base64 always mixes them.
    if not core or not set(core) <= BASE64 or core.islower() or (core.isalpha() and core.istitle()):
        return None
    try:
        raw = base64.b64decode(core.translate(str.maketrans("-_", "+/")) + "=" * (-len(core) % 4), validate=True)
        text = raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    folded = fold(text).text
    letters = sum(character.isalpha() or character == " " for character in folded)
    return folded if len(folded) >= 4 and letters >= 0.8 * len(folded) else None


def _whole(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """The text as ROT13 or backwards, where that makes clearly more of its words known."""

    def known(text: str) -> float:
        return vocabulary.known_share(text.translate(LEET_DIGITS))

    plain = known(reading.text)
    if plain >= 1 - WHOLE_MARGIN:
        return reading
    rotated = Reading(reading.text.translate(ROT13), reading.origin)
    backwards = Reading(reading.text[::-1], reading.origin[::-1])
    both = Reading(rotated.text[::-1], reading.origin[::-1])
    best = max((rotated, backwards, both), key=lambda candidate: known(candidate.text))
    return best if known(best.text) >= plain + WHOLE_MARGIN else reading


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _join_spelled_out(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """Words written letter by letter ("n u d e", "n.u.d.e"), joined and cut where the vocabulary says."""
    text, draft, at = reading.text, _Draft(), 0
    while at < len(text):
        end, letters = _spelled_run(text, at)
        joined = "".join(text[i] for i in letters)
        if len(letters) < 3 and (len(letters) < 2 or text[at + 1] == " " or joined not in SHORT_WORDS):
            # Two letters with a sign between them ("u.p") are passed whole, so that no other run begins within them.
            passed = end if len(letters) == 2 and text[at + 1] != " " else at + 1
            draft.add(text[at:passed], reading.origin[at:passed])
            at = passed
            continue
        places = [reading.origin[i] for i in letters]
        done = 0
        for piece in vocabulary.cut(joined) or [joined]:
            if done:
                draft.put(" ", places[done])
            draft.add(piece, places[done : done + len(piece)])
            done += len(piece)
        at = end
    return draft.done()


def _spelled_run(text: str, at: int) -> tuple[int, list[int]]:
    """End of the run of single characters with one separator between them that begins at `at`, and where they are."""
    letters: list[int] = []
    if (at > 0 and text[at - 1].isalnum()) or not _letterlike(text[at]):
        return at, letters
    separator = text[at + 1 : at + 2]
    if separator not in JOINERS or not separator:
        return at, letters
    while at < len(text) and _letterlike(text[at]):
        following = text[at + 1 : at + 2]
        if following.isalnum():
            break
        if separator == " " and following != " " and following in JOINERS and _letterlike(text[at + 2 : at + 3]):
            # The first letter of a word with other separators ("a m.i.r.r.o.r").
            break
        letters.append(at)
        if following != separator:
            at += 1
            break
        at += 2
    return (letters[-1] + 1 if letters else at), letters


def _letterlike(character: str) -> bool:
    return character.isalnum() or character in SYMBOLS


def _repair_words(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """Each unknown word replaced by the known one it disguises, if there is one."""
    draft = _Draft()
    for start, end in _chunks(reading.text, lambda character: not (_letterlike(character) or character == "*")):
        for at in range(start, end, LONGEST_WORD):
            piece = reading.text[at : min(at + LONGEST_WORD, end)]
            draft.add(repair(piece, vocabulary), reading.origin[at : at + len(piece)])
    return draft.done()


@lru_cache(maxsize=65536)
def repair(word: str, vocabulary: Vocabulary) -> str:
    """The known word behind an unknown one: repeated letters, digits for letters, backwards, ROT13, glued together."""
    if len(word) == 2 and (short := word.translate(LEET)) in SHORT_WORDS and any(map(str.isalpha, word)):
        return short
    letters = "".join(character for character in word if character.isalnum())
    if (short := squeeze(letters)) in SHORT_WORDS and len(letters) >= len(short) + 2:
        return short
    bare = word.strip("!|+(*$@")
    if len(bare) < 3 or bare in vocabulary or not any(map(str.isalpha, word)):
        return word
    if "*" in bare[1:]:
        return vocabulary.masked(bare) or word
    candidates = [word, word.translate(LEET), word.translate(LEET_L).translate(LEET), bare.translate(LEET), letters]
    candidates = [word] if word.isalpha() else candidates
    for candidate in candidates:
        if len(candidate) >= 3 and candidate in vocabulary:
            return candidate
    for candidate in candidates:
        if len(candidate) >= 4 and squeeze(candidate) != candidate and (form := vocabulary.by_skeleton(candidate)):
            return form if len(form) >= 3 else word
    for candidate in candidates:
        if len(candidate) >= 4 and candidate.isalpha():
            for form in (candidate[::-1], candidate.translate(ROT13)):
                if form in vocabulary.common:
                    return form
    shortest = 6 if any(map(str.isdigit, bare)) else 12
    for candidate in candidates[::-1]:
        if len(candidate) >= shortest and candidate.isalpha() and (pieces := vocabulary.cut(candidate)):
            return " ".join(pieces)
    return _undressed(word)


def _undressed(word: str) -> str:
    """An unknown word without letters written thrice, and with letters for digits where several stand in its middle."""
    if any(a == b == c for a, b, c in zip(word, word[1:], word[2:], strict=False)):
        word = squeeze(word)
    spoken = word.translate(LEET_DIGITS)
    digits = [at for at, (before, after) in enumerate(zip(word, spoken, strict=True)) if before != after]
    # "35mm" and "1920s" are what they are: the digits lead.
    within = any(any(map(str.isalpha, word[:at])) for at in digits) and word[-1].isalpha()
    return spoken if len(digits) >= 2 and within and spoken.isalpha() else word


def _chunks(text: str, breaks: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Start and end of each maximal run of characters that break, or do not; together they are the text."""
    out: list[tuple[int, int]] = []
    start = 0
    for _, run in groupby(text, breaks):
        end = start + sum(1 for _ in run)
        out.append((start, end))
        start = end
    return out
