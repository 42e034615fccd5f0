"""Tags, default alternative texts, and signed media URLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.gateway.pictures.access import Pictures
from services.gateway.posting.tags import normal_tag, not_of_prompts, suggested_tags
from services.gateway.present import default_alt
from shared.media import MediaStore

MARKED = ("हिन्दी", "தமிழ்", "বাংলা", "ที่นี่", "မြန်မာ", "ខ្មែរ", "العَرَبِيَّة", "i̇stanbul")
"""Words in which marks are letters' vowels and tones."""


WRITTEN = {"Fox": "fox", "#Red-Fox": "red-fox", " été ": "été", "ＦＯＸ": "fox", "狐": "狐"}


@pytest.mark.parametrize(("given", "tag"), [*WRITTEN.items(), *((word, word) for word in MARKED)])
def test_tags_are_written_one_way(given: str, tag: str) -> None:
    assert normal_tag(given) == tag


@pytest.mark.parametrize("bad", ["", "#", "two words", "a/b", "x" * 51, "🦊", "\u0301", "\u0301a", "a\u200bb", "a\x00"])
def test_what_is_no_tag(bad: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        normal_tag(bad)


def test_tags_are_suggested_from_words_that_say_something() -> None:
    assert suggested_tags("A red fox and the RED fox, under a tree-house in 2024 by me") == ["red", "fox", "tree-house"]
    assert suggested_tags("!!! 42 …") == []
    assert suggested_tags("लाल लोमड़ी, 42foxes; ที่นี่ \u0301\u0301\u0301") == ["लाल", "लोमड़ी", "foxes", "ที่นี่"]
    assert len(suggested_tags(" ".join(f"word{letter}" for letter in "abcdefghij"))) == 5


def test_tags_that_tell_of_a_prompt_are_known() -> None:
    tags = ["fox", "tree", "tree-house", "fo", "ours"]
    assert not_of_prompts(tags, ["A red fox", "a ＦＯＸ in a Tree-House"]) == ["fo", "ours"]
    assert not_of_prompts(tags, []) == tags


def test_a_hidden_prompt_stays_hidden_in_the_alternative_text() -> None:
    assert default_alt("a fox", "Ada") == "a fox — prompted by Ada"
    assert default_alt(None, "Ada") == "A picture prompted by Ada"


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(MediaStore(tmp_path.as_uri()), "secret")


def signature(path: str) -> tuple[int, str]:
    query = parse_qs(urlsplit(path).query)
    return int(query["exp"][0]), query["sig"][0]


def test_signed_urls_are_stable_and_run_for_a_day_at_least(pictures: Pictures) -> None:
    first, second = (pictures.sources("ab" * 16, 1024, signed=True) for _ in range(2))
    assert first == second
    expires, signed = signature(first["original"])
    now = datetime.now(UTC)
    assert pictures.signature_holds("ab" * 16, expires, signed, now + timedelta(hours=23))
    assert not pictures.signature_holds("ab" * 16, expires, signed, now + timedelta(hours=49))
    assert not pictures.signature_holds("cd" * 16, expires, signed, now)
    assert not pictures.signature_holds("ab" * 16, expires + 1, signed, now)
    assert not any(pictures.signature_holds("ab" * 16, expires, bad, now) for bad in ("", "é", "\ud800", signed[:-1]))


def test_rungs_wider_than_the_picture_are_the_original(pictures: Pictures) -> None:
    sources = pictures.sources("ab" * 16, 400, signed=False)
    assert sources["webp"] == {"320": f"/media/{'ab' * 16}/320.webp", "640": f"/media/{'ab' * 16}/original.webp"}


async def test_open_closed_and_removed(tmp_path: Path) -> None:
    media = MediaStore(tmp_path.as_uri())
    pictures = Pictures(media, "secret")
    await media.put("media/aa/original.webp", b"x")
    assert not await pictures.is_open("aa")
    await pictures.open("aa")
    assert await pictures.is_open("aa")
    await pictures.close("aa")
    await pictures.close("aa")
    assert not await pictures.is_open("aa")
    await pictures.remove("aa")
    assert not await media.exists("media/aa/original.webp")
