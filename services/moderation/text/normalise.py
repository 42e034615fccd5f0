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
from itertools import chain
from pathlib import Path

from services.moderation.text.repair import LEET_DIGITS, ROT13, SYMBOLS, repair
from services.moderation.text.words import SHORT_WORDS, Vocabulary

TAG_BASE = 0xE0000
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_STANDARD = str.maketrans("-_", "+/")
"""From base64's alphabet for addresses to the usual one."""
JOINERS = frozenset(" .-_*/,~'`·•|+")
MAX_BASE64 = 20_000
SHORTEST_BASE64 = 8
LONGEST_WORD = 200
MAX_EXPANSION = 4
"""Latin ligatures become up to four letters; a character that stands for a sentence must not make the work grow."""
WHOLE_MARGIN = 0.25
"""How much larger the share of known words must get before a whole text is read as ROT13 or backwards."""
INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"})

# Python takes a character at a time where these patterns take a run of them. None can go back in the text.
_SIGNS = "".join(map(re.escape, sorted(SYMBOLS)))
_UNSPACED = re.compile(rf"\S{{{SHORTEST_BASE64},}}+")
_DISGUISED = re.compile(rf"[\w{_SIGNS}*]++")
_BEGINS_RUN = re.compile(rf"(?<![^\W_])[\w{_SIGNS}](?=[{''.join(map(re.escape, sorted(JOINERS)))}])")


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

    def keep_only(self, places: Sequence[int]) -> None:
        """Pass over `old` up to the last of `places`, leaving out all but them."""
        self._text.append("".join([self._old.text[place] for place in places]))
        self._origin.append(tuple([self._old.origin[place] for place in places]))
        self._at = places[-1] + 1

    def replace_until(self, end: int, text: str) -> None:
        """Put `text` in place of what `old` has up to `end`; it comes from there, spread evenly."""
        places = self._old.origin[self._at : end]
        self._text.append(text)
        if len(text) != len(places):
            places = tuple(places[i * len(places) // len(text)] for i in range(len(text)))
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
    confusables = _confusables()
    plain = "".join(
        confusables.get(part) or confusables.get(part.lower()) or part
        for part in unicodedata.normalize("NFKD", character)[:MAX_EXPANSION]
        if unicodedata.category(part) not in INVISIBLE
    )
    return plain if plain.isascii() else plain[:1]


def fold(text: str) -> Reading:
    """Invisible characters dropped, forms and look-alikes unified; letter case kept, because base64 needs it."""
    if text.isascii() and text.isprintable():
        return Reading(text, tuple(range(len(text))))
    parts = [character if " " < character <= "~" else _plain(character) for character in text]
    return Reading("".join(parts), tuple(index for index, part in enumerate(parts) for _ in part))


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
    text, draft, at = reading.text, _Draft(reading), 0
    while begins := _BEGINS_RUN.search(text, at):
        at = begins.start()
        end, letters = _spelled_run(text, at)
        joined = "".join([text[i] for i in letters])
        if len(letters) < 3 and (len(letters) < 2 or text[at + 1] == " " or joined not in SHORT_WORDS):
            # Two letters with a sign between them ("u.p") are passed whole, so that no other run begins within them.
            at = end if len(letters) == 2 and text[at + 1] != " " else at + 1
            continue
        draft.keep_until(at)
        done = 0
        for piece in vocabulary.cut(joined) or [joined]:
            if done:
                draft.skip_until(letters[done])
                draft.insert(" ")
            draft.keep_only(letters[done : done + len(piece)])
            done += len(piece)
        draft.skip_until(end)
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
    draft = _Draft(reading)
    for match in _DISGUISED.finditer(reading.text.replace("_", " ")):
        for start in range(match.start(), match.end(), LONGEST_WORD):
            end = min(start + LONGEST_WORD, match.end())
            word = reading.text[start:end]
            if (known := repair(word, vocabulary)) != word:
                draft.keep_until(start)
                draft.replace_until(end, known)
    return draft.done()
