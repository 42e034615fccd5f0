"""A text says the same however it is dressed up, and the way back to the original is kept."""

from __future__ import annotations

import base64
import codecs
import sys
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.moderation.text.normalise import fold, read
from services.moderation.text.phrases import words_of
from services.moderation.text.rules import RuleSet
from services.moderation.text.windows import flatten, windows
from services.moderation.text.words import Vocabulary
from training.moderation.hostile import LENGTH, hostile_texts

TEXT = "a naked woman lying on a large wooden table"
Disguise = Callable[[str], str]


def shifted(text: str, *, upper: int, lower: int) -> str:
    return "".join(
        chr(upper + ord(c) - 65) if "A" <= c <= "Z" else chr(lower + ord(c) - 97) if "a" <= c <= "z" else c
        for c in text
    )


DISGUISES: dict[str, Disguise] = {
    "leet": lambda text: text.translate(str.maketrans("aeiot", "43107")),
    "cyrillic": lambda text: text.translate(str.maketrans("aeopcxyi", "аеорсхуі")),
    "greek": lambda text: text.translate(str.maketrans("aeokvit", "αεοκνιτ")),
    "zero-width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "spaced": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "spaced throughout": " ".join,
    "dotted": lambda text: " ".join(".".join(word) for word in text.split()),
    "hyphened": lambda text: " ".join("-".join(word) for word in text.split()),
    "fullwidth": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "math bold": lambda text: shifted(text, upper=0x1D400, lower=0x1D41A),
    "circled": lambda text: shifted(text, upper=0x24B6, lower=0x24D0),
    "diacritics": lambda text: "".join(c + "\u0301\u0336" if c.isalpha() else c for c in text),
    "repeats": lambda text: "".join(c * 3 if c in "aeiou" else c for c in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "ROT13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "words reversed": lambda text: " ".join(word[::-1] for word in text.split()),
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(c)) for c in text),
    "capitals": str.upper,
    "glued": lambda text: text.replace(" ", ""),
    "underscores": lambda text: text.replace(" ", "_"),
}


def work(text: str, vocabulary: Vocabulary, rules: RuleSet) -> int:
    """Lines of Python run, which unlike time is the same on a busy machine."""
    lines = 0

    def count(*_: object) -> object:
        nonlocal lines
        lines += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        rules.find(words_of(flatten(read(text, vocabulary)).text), "prompt")
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("disguise", DISGUISES)
def test_every_disguise_is_seen_through(disguise: str, vocabulary: Vocabulary, rules: RuleSet) -> None:
    reading = flatten(read(DISGUISES[disguise](TEXT), vocabulary))
    found = {word.text for word in words_of(reading.text)}
    assert {"naked", "woman"} <= found, reading.text
    assert {hit.category for hit in rules.find(words_of(reading.text), "prompt")} == {"sexual"}


@pytest.mark.parametrize(
    "text",
    [
        "a red fox reading under a green tree, 35mm, f/1.8, 8k",
        "portrait by Greg Rutkowski and Alphonse Mucha, ArtStation",
        "the U.S.A. and the U.K. on a map",
        "Gundam RX-78-2 in the style of Yoji Shinkawa",
    ],
)
def test_ordinary_texts_keep_their_words(text: str, vocabulary: Vocabulary) -> None:
    kept = read(text, vocabulary).text
    known = [word.text for word in words_of(text.lower()) if len(word.text) > 3]
    assert [word for word in known if word not in kept] == []


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("i.n a m.i.r.r.o.r", "in a mirror"),
        ("c.l.o.s.e.-.u.p o.f a f.o.x", "close.-.up of a fox"),
        ("a  l u s t y  e l f", "a lusty elf"),
        ("lu57y h0u53w1f3 0n 4n altar", "lusty house wife on an altar"),
        ("nsfw, 3xp053d", "nsfw, exposed"),
        ("aaa fooox iiin aaa hooouse", "a fox in a house"),
        ("1920s, 35mm, 4k, r2d2, mp3, 1girl", "1920s, 35mm, 4k, r2d2, mp3, 1girl"),
        ("e.g. 3.5 inches", "e.g. 3.5 inches"),
        ("buuut heeer boooobs on a beeed", "but her boobs on a bed"),
        ("FuckYou", "fuck you"),
        ("KillThemAll_88", "kill them all_88"),
        ("NuDe WoMaN", "nude woman"),
        ("a PlayStation on the iPhone, McDonald", "a playstation on the iphone, mcdonald"),
    ],
)
def test_words_in_disguise_beside_short_and_unknown_ones(vocabulary: Vocabulary, text: str, reading: str) -> None:
    assert flatten(read(text, vocabulary)).text == reading


@pytest.mark.parametrize("text", ["обнаженная девушка", "섹스하는 사람", "裸の女性", "голая женщина, photo, 8k"])
def test_other_languages_are_no_disguise(vocabulary: Vocabulary, text: str) -> None:
    assert flatten(read(text, vocabulary)).text == text


def test_a_list_of_tags_with_weights_is_found_in_base64(vocabulary: Vocabulary) -> None:
    tags = "1girl, solo, (nude:1.3), (bed sheet:1.2), masterpiece"
    assert read(base64.b64encode(tags.encode()).decode(), vocabulary).text == tags


def test_a_masked_word_is_read_alike_in_every_process() -> None:
    """The terms come in a set, whose order differs from process to process."""
    terms = ["shot", "shit", "shut"]
    assert len({Vocabulary([], order).masked("sh*t") for order in permutations(terms)}) == 1


def test_the_offending_part_is_found_in_the_original(vocabulary: Vocabulary, rules: RuleSet) -> None:
    text = "fine art, a n\u200ba\u200bk\u200be\u200bd woman, oil"
    reading = flatten(read(text, vocabulary))
    (hit, *_) = rules.find(words_of(reading.text), "prompt")
    start, end = reading.span(hit.start, hit.end)
    assert fold(text[start:end]).text == "naked woman"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_and_every_character_has_its_origin(vocabulary: Vocabulary, text: str) -> None:
    reading = flatten(read(text, vocabulary))
    assert len(reading.text) == len(reading.origin)
    assert all(0 <= place < len(text) for place in reading.origin)
    assert len(reading.text) <= 20 * len(text) + 20


@pytest.mark.parametrize(
    "unit", ["a ", "(a", "1!", "\u0301", "a", "A1b=", "a.b.", "ab", "😀", "\U000e0041", "naked ", "ﷺ", "=" * 7 + "Q"]
)
def test_the_work_grows_no_faster_than_the_text(unit: str, vocabulary: Vocabulary, rules: RuleSet) -> None:
    # Quadratic work would make the factor 16.
    assert work((unit * 2000)[:2000], vocabulary, rules) <= 6 * work((unit * 500)[:500], vocabulary, rules)


def test_no_disguise_makes_a_text_much_work(vocabulary: Vocabulary, rules: RuleSet) -> None:
    words = sorted(vocabulary.common)
    lines = {name: work(text, vocabulary, rules) / LENGTH for name, text in hostile_texts(words, seed=1)}
    # With each character looked at for itself, each cut at every place, and each phrase tried where its first word
    # stands, it was up to 264.
    assert {name: count for name, count in lines.items() if count > 30} == {}


def test_a_long_text_is_found_in_base64(vocabulary: Vocabulary) -> None:
    plain = "a wide landscape with rolling hills " * 200 + "and a naked woman"
    assert read(base64.b64encode(plain.encode()).decode(), vocabulary).text == plain


def test_long_texts_are_cut_into_overlapping_windows(vocabulary: Vocabulary) -> None:
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(100)]
    reading = flatten(read(" ".join(words), vocabulary))
    pieces = [reading.text[start:end] for start, end in windows(reading.text)]
    assert {word for piece in pieces for word in piece.split()} == set(reading.text.split())
    assert all(len(piece.split()) <= 20 for piece in pieces)
    assert windows("just a few words") == []
