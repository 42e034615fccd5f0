"""Tags of posts: how they are written, and which words of a prompt make good ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Annotated

from pydantic import AfterValidator

MOST = 10
SUGGESTED = 5
LONGEST = 50
_PLAIN_TEXT = """
a about above across after all along also an and any are as at be been before behind being below beneath
beside between both but by can did do does down each for from had has have her his how if in inside into is
it its just like made make many may more most near nor not of off on one onto or other our out over own per
she so some such than that the their them then there these they this those through to too toward towards two
under until up upon very was we were what when where which while who whose why will with within without you
your
"""
_PLAIN = frozenset(_PLAIN_TEXT.split())


def normal_tag(text: str) -> str:
    """Lower-case, without a leading `#`; `ValueError` for what is not one word of at most 50 characters."""
    tag = unicodedata.normalize("NFKC", text).strip().lstrip("#").lower()
    if not 1 <= len(tag) <= LONGEST or not all(map(_in_word, tag)) or _is_mark(tag[0]):
        raise ValueError(f"a tag is one word of letters, digits, _ and -, {LONGEST} characters at most")
    return tag


def suggested_tags(prompt: str) -> list[str]:
    """The first words of a prompt that say something, each once."""
    words = (word.lstrip("-_0123456789").rstrip("-_").lower() for word in _words(prompt))
    telling = (word for word in words if 3 <= len(word) <= LONGEST and word not in _PLAIN and not _is_mark(word[0]))
    return list(dict.fromkeys(telling))[:SUGGESTED]


def _words(text: str) -> Iterator[str]:
    runs = groupby(unicodedata.normalize("NFKC", text), _in_word)
    return ("".join(run) for inside, run in runs if inside)


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_-" or _is_mark(character)


def _is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it, as many vowels do in the scripts of India and South-East Asia."""
    return unicodedata.category(character).startswith("M")


def not_of_prompts(tags: Iterable[str], prompts: Iterable[str]) -> list[str]:
    """Those tags that are no word of these prompts, which they would tell of."""
    told = unicodedata.normalize("NFKC", "\n".join(prompts)).lower()
    return [tag for tag in tags if not re.search(rf"(?<!\w){re.escape(tag)}(?!\w)", told)]


Tag = Annotated[str, AfterValidator(normal_tag)]
