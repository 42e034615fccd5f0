"""Tags of posts: how they are written, and which words of a prompt make good ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

MOST = 10
SUGGESTED = 5
LONGEST = 50
_WORD = re.compile(r"[^\W\d_][\w-]*")
_TAG = re.compile(rf"[\w-]{{1,{LONGEST}}}")
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
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag is one word of letters, digits, _ and -, {LONGEST} characters at most")
    return tag


def suggested_tags(prompt: str) -> list[str]:
    """The first words of a prompt that say something, each once."""
    words = (word.strip("-_").lower() for word in _WORD.findall(unicodedata.normalize("NFKC", prompt)))
    telling = (word for word in words if 3 <= len(word) <= LONGEST and word not in _PLAIN)
    return list(dict.fromkeys(telling))[:SUGGESTED]


def not_of_prompts(tags: Iterable[str], prompts: Iterable[str]) -> list[str]:
    """Those tags that are no word of these prompts, which they would tell of."""
    told = unicodedata.normalize("NFKC", "\n".join(prompts)).lower()
    return [tag for tag in tags if not re.search(rf"(?<!\w){re.escape(tag)}(?!\w)", told)]


Tag = Annotated[str, AfterValidator(normal_tag)]
