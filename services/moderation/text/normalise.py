"""The plain reading of a text: what a person sees in it, in lower-case ASCII where possible, with the way back.

Only this copy is judged; the original is what is painted. Each character of a reading knows which character of the
original it came from, so that a person can be shown the part of their own text that mattered.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, pairwise
from pathlib import Path

from services.moderation.text.repair import LEET_DIGITS, SYMBOLS, repair
from services.moderation.text.words import ROT13, SHORT_WORDS, Vocabulary

TAG_BASE = 0xE0000
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_STANDARD = str.maketrans("-_", "+/")
"""From base64's alphabet for addresses to the usual one."""
JOINERS = frozenset(" .-_*/,~'`·•|+")
MAX_BASE64 = 20_000
SHORTEST_BASE64 = 8
LONG_BASE64 = 16
LONGEST_WORD = 200
MAX_EXPANSION = 4
"""Latin ligatures become up to four letters; a character that stands for a sentence must not make the work grow."""
WHOLE_MARGIN = 0.25
"""How much larger the share of known words must get before a whole text is read as ROT13 or backwards."""
OWN_SHAPE = frozenset("бгджзйлфцчшщъыьэюяё")
"""Cyrillic letters that look like no Latin one. A word that has some, and no Latin letter, is no disguise."""
INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"})

# Python takes a character at a time where these patterns take a run of them. None can go back in the text.
_SIGNS = "".join(map(re.escape, sorted(SYMBOLS)))
# Tried at the beginning of a run of letters only, because at each letter it would read the rest of the run again.
_CAPITALS = re.compile("(?<![A-Za-z])[A-Za-z][a-z]++(?:[A-Z][a-z]++)++")
_CAPITAL = re.compile("[A-Z]")
_UNSPACED = re.compile(rf"\S{{{SHORTEST_BASE64},}}+")
_DISGUISED = re.compile(rf"[\w{_SIGNS}*]{{1,{LONGEST_WORD}}}+")
_LATIN_OR_CYRILLIC = re.compile(r"[A-Za-z\u0400-\u04ff]{3,}+")
_WORDS = re.compile(r"[^\W\d_]{3,}+")
_ONE = rf"(?!_)[\w{_SIGNS}]"
_NOTHING_LONGER = r"(?![^\W_])"
_JOINER = f"[{''.join(map(re.escape, sorted(JOINERS - {' '})))}]"
_SPELLED_OUT = re.compile(
    # Not the first letter of a word with other separators ("a m.i.r.r.o.r").
    rf"(?<![^\W_]){_ONE}(?:(?: {_ONE}{_NOTHING_LONGER}(?!{_JOINER}{_ONE}))++"
    rf"|({_JOINER}){_ONE}{_NOTHING_LONGER}(?:\1{_ONE}{_NOTHING_LONGER})*+)"
)
"""Two single characters or more with one and the same separator between them."""


@dataclass(frozen=True)
class Reading:
    """`text`, and for each of its characters the index `origin` of the character of the original it stands for."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of the characters [start, end) of the reading."""
        places = self.origin[start:end]
        return (min(places), max(places) + 1) if places else (0, 0)

    def part(self, start: int, end: int) -> Reading:
        """The characters [start, end) alone."""
        return Reading(self.text[start:end], self.origin[start:end])

    def without(self, parts: Sequence[tuple[int, int]]) -> Reading:
        """What is left when each [start, end) of `parts`, which are in order, is left out."""
        draft = _Draft(self)
        for start, end in parts:
            draft.keep_until(start)
            draft.skip_until(end)
        return draft.done()


class _Draft:
    """A reading while it is written anew: parts of `old` are kept, others replaced, from its beginning to its end."""

    def __init__(self, old: Reading) -> None:
        self._old, self._at = old, 0
        self._text: list[str] = []
        self._origin: list[tuple[int, ...]] = []

    def keep_until(self, end: int) -> None:
        """Pass over `old` up to `end`, as it is."""
        self._text.append(self._old.text[self._at : end])
        self._origin.append(self._old.origin[self._at : end])
        self._at = end

    def keep_every_other(self, end: int) -> None:
        """Pass over `old` up to `end`, leaving out every second character."""
        self._text.append(self._old.text[self._at : end : 2])
        self._origin.append(self._old.origin[self._at : end : 2])
        self._at = end

    def replace_until(self, end: int, text: str) -> None:
        """Put `text` in place of what `old` has up to `end`; it comes from there, spread evenly."""
        places = self._old.origin[self._at : end]
        self._text.append(text)
        if len(text) != len(places):
            places = tuple([places[i * len(places) // len(text)] for i in range(len(text))])
        self._origin.append(places)
        self._at = end

    def insert(self, character: str) -> None:
        """Put a character before what comes next in `old`."""
        self._text.append(character)
        self._origin.append(self._old.origin[self._at : self._at + 1])

    def skip_until(self, end: int) -> None:
        """Leave out what `old` has up to `end`."""
        self._at = end

    def done(self) -> Reading:
        """The new reading, with what is left of `old`."""
        if not self._text:
            return self._old
        self.keep_until(len(self._old.text))
        return Reading("".join(self._text), tuple(chain.from_iterable(self._origin)))


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
    if "가" <= character <= "힣":
        return character  # Its parts are letters, of which the first alone would say little.
    confusables = _confusables()
    plain = ""
    for part in unicodedata.normalize("NFKD", character)[:MAX_EXPANSION]:
        if unicodedata.category(part) not in INVISIBLE:
            plain += confusables.get(part) or confusables.get(part.lower()) or part
            if not plain.isascii():
                return plain[0]
    return plain


def fold(text: str) -> Reading:
    """Invisible characters dropped, forms and look-alikes unified; letter case kept, because base64 needs it."""
    if text.isascii() and text.isprintable():
        return Reading(text, tuple(range(len(text))))
    parts = [character if " " < character <= "~" else _plain(character) for character in text]
    for match in _LATIN_OR_CYRILLIC.finditer(text):
        word = match[0].lower()
        if not OWN_SHAPE.isdisjoint(word) and not any(map(str.isascii, word)):
            parts[match.start() : match.end()] = word.replace("ё", "е")
    return Reading("".join(parts), tuple(index for index, part in enumerate(parts) for _ in part))


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """The plain reading of `text`; linear in its length."""
    reading = _part_capitals(_decode_base64(fold(text)), vocabulary)
    reading = Reading(reading.text.lower(), reading.origin)
    reading = _join_spelled_out(reading, vocabulary)
    reading = _whole(reading, vocabulary)
    return _repair_words(reading, vocabulary)


# ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _decode_base64(reading: Reading) -> Reading:
    """Words that are base64 of printable text, replaced by that text."""
    draft = _Draft(reading)
    for match in _UNSPACED.finditer(reading.text):
        start, end = match.span()
        if end - start <= MAX_BASE64 and (decoded := _from_base64(match[0])) is not None:
            draft.keep_until(start)
            draft.replace_until(end, decoded)
    return draft.done()


def _from_base64(word: str) -> str | None:
    core = word.rstrip("=.,;:!?\"'")
    # Sixteen letters of one case are far likelier a word than base64, and short base64 always mixes them.
    if not core or not set(core) <= BASE64 or core.islower() or (core.isalpha() and core.istitle()):
        return None
    try:
        raw = base64.b64decode(core.translate(_STANDARD) + "=" * (-len(core) % 4), validate=True)
        text = raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    folded = fold(text).text
    letters = sum(character.isalpha() or character == " " for character in folded)
    # Lists of tags with weights have more signs; in a long text chance alone doesn't make all of them printable.
    enough = 0.6 if len(folded) >= LONG_BASE64 and text.isprintable() else 0.8
    return folded if len(folded) >= 4 and letters >= enough * len(folded) else None


def _whole(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """The text as ROT13 or backwards, where that makes clearly more of its words known."""
    words = _WORDS.findall(reading.text.translate(LEET_DIGITS))
    plain = vocabulary.known_share(words)
    if plain >= 1 - WHOLE_MARGIN:
        return reading
    rotated = reading.text.translate(ROT13)
    rotated_words = _WORDS.findall(rotated.translate(LEET_DIGITS))
    shares = [vocabulary.known_share(each) for each in (rotated_words, _turned(words), _turned(rotated_words))]
    best = max(shares)
    if best < plain + WHOLE_MARGIN:
        return reading
    turned = shares.index(best)
    if turned == 0:
        return Reading(rotated, reading.origin)
    return Reading((reading.text if turned == 1 else rotated)[::-1], reading.origin[::-1])


def _turned(words: Sequence[str]) -> list[str]:
    return [word[::-1] for word in words]


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _part_capitals(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """Names made of known words ("KillThemAll"), parted where a rule looks for one of these, and for not the whole."""
    draft = _Draft(reading)
    for match in _CAPITALS.finditer(reading.text):
        begins = [part.start() for part in _CAPITAL.finditer(match[0], 1)]
        pieces = [match[0][start:end].lower() for start, end in pairwise((0, *begins, len(match[0])))]
        if match[0].lower() in vocabulary or vocabulary.terms.isdisjoint(pieces):
            continue
        if not all(map(vocabulary.__contains__, pieces)):
            continue
        for at in begins:
            draft.keep_until(match.start() + at)
            draft.insert(" ")
    return draft.done()


def _join_spelled_out(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """Words written letter by letter ("n u d e", "n.u.d.e"), joined and cut where the vocabulary says."""
    text, draft, at = reading.text, _Draft(reading), 0
    while run := _SPELLED_OUT.search(text, at):
        start, end = run.span()
        joined = run[0][::2]
        spaced = run[1] is None
        if len(joined) == 2 and (spaced or joined not in SHORT_WORDS):
            # Two letters with a sign between them ("u.p") are passed whole, so that no other run begins within them.
            at = start + 1 if spaced else end
            continue
        draft.keep_until(start)
        at = start
        for piece in vocabulary.cut(joined) or [joined]:
            if at > start:
                draft.skip_until(at)
                draft.insert(" ")
            draft.keep_every_other(at + 2 * len(piece) - 1)
            at += 2 * len(piece)
        at = end
    return draft.done()


def _repair_words(reading: Reading, vocabulary: Vocabulary) -> Reading:
    """Each unknown word replaced by the known one it disguises, if there is one."""
    draft = _Draft(reading)
    for match in _DISGUISED.finditer(reading.text.replace("_", " ")):
        word = match[0]
        if (known := repair(word, vocabulary)) != word:
            draft.keep_until(match.start())
            draft.replace_until(match.end(), known)
    return draft.done()
