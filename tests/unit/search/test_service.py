"""What a search answers, and how it says why."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.search.index_edge import EdgeIndex
from services.search.indexing import Indexer
from services.search.service import SearchService
from services.search.words import Bm25Words
from shared.events import PostPublished
from shared.ids import new_id
from shared.media import rendition_key
from shared.queries import NearTaste, PostFilter, PostVectors, SearchPosts, SimilarPosts
from tests.contracts.search.edge_folder import edge_index
from tests.contracts.search.fake_encoder import COLOURS, WIDTH, FakeEncoder, picture
from tests.contracts.search.posts import START, post


class Pictures:
    """An object store with one picture of each colour, named after it."""

    async def get(self, key: str) -> bytes | None:
        return next((picture(name) for name in COLOURS if key == rendition_key(name, "320", "jpg")), None)


class Community:
    """An index of posts and the service over it."""

    def __init__(self, index: EdgeIndex) -> None:
        encoder, words = FakeEncoder(), Bm25Words()
        self.indexer = Indexer(encoder, index, words, Pictures())
        self.service = SearchService(encoder, index, words)

    async def publish(self, colour: str, prompt: str | None, minutes: int = 0, **facts: Any) -> str:
        stated = post(minutes, prompt=prompt, **facts)
        image = stated.images[0].model_copy(update={"hash": colour})
        await self.indexer.index(PostPublished(**{**stated.model_dump(), "images": (image,)}))
        return stated.post_id

    async def found(self, text: str, **asked: Any) -> list[str]:
        hits = (await self.service.search(SearchPosts(text=text, **asked))).hits
        return [hit.post_id for hit in hits if not hit.less_related]


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    index = await edge_index(tmp_path, WIDTH)
    yield Community(index)
    await index.close()


async def test_each_hit_says_what_matched(community: Community) -> None:
    shown = await community.publish("red", None)
    written = await community.publish("blue", "red")
    captioned = await community.publish("green", None, caption="a red day")
    other = await community.publish("white", "snow")
    hits = (await community.service.search(SearchPosts(text="red"))).hits
    matched = {hit.post_id: set(hit.matched) for hit in hits}
    assert matched == {shown: {"image"}, written: {"prompt", "text"}, captioned: {"text"}, other: set()}
    assert [hit.less_related for hit in hits] == [False, False, False, True]
    assert hits[-1].post_id == other


async def test_a_post_that_matches_in_every_way_comes_first(community: Community) -> None:
    await community.publish("red", "a boat")
    best = await community.publish("red", "red")
    await community.publish("blue", "red")
    assert (await community.found("red"))[0] == best


async def test_nothing_is_related_to_a_word_that_nothing_shows(community: Community) -> None:
    await community.publish("red", "red")
    hits = (await community.service.search(SearchPosts(text="zeppelin"))).hits
    assert [hit.less_related for hit in hits] == [True]


async def test_names_tags_and_captions_match_exactly(community: Community) -> None:
    named = await community.publish("red", None, author_username="ada_lovelace")
    tagged = await community.publish("red", None, tags=("Gouache",))
    captioned = await community.publish("red", None, caption="Crème brûlée at dawn")
    assert await community.found("lovelace") == [named]
    assert await community.found("#gouache") == [tagged]
    assert await community.found("creme BRULEE") == [captioned]


async def test_a_word_in_the_middle_of_typing_finds_what_begins_with_it(community: Community) -> None:
    fox = await community.publish("red", None, caption="fox")
    assert await community.found("fo") == [fox]
    assert await community.found("fo ") == []
    exact = await community.publish("red", None, caption="fo")
    assert await community.found("fo") == [exact]


async def test_no_words_list_what_passes_the_filter_newest_first(community: Community) -> None:
    author = new_id()
    old = await community.publish("red", "red", 1, author_id=author)
    new = await community.publish("red", "red", 2, author_id=author, visibility="private")
    await community.publish("red", "red", 3)
    mine = PostFilter(author_id=author)
    assert await community.found(" ", filter=mine) == [old]
    assert await community.found("", filter=PostFilter(author_id=author, include_hidden=True)) == [new, old]
    assert len(await community.found("", filter=PostFilter(include_hidden=True))) == 2


async def test_newest_first_among_those_that_match(community: Community) -> None:
    posts = [await community.publish("blue", "red", minutes) for minutes in (2, 3, 1)]
    await community.publish("white", "snow", 9)
    assert await community.found("red", sort="new") == [posts[1], posts[0], posts[2]]


async def test_pages_neither_repeat_nor_skip(community: Community) -> None:
    posts = {await community.publish("red", f"red number{number}", number) for number in range(12)}
    pages = [await community.found("red", offset=offset, limit=5) for offset in (0, 5, 10, 15)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert {one for page in pages for one in page} == posts


async def test_dates_without_a_zone_are_read_as_utc(community: Community) -> None:
    early, late = [await community.publish("red", "red", minutes) for minutes in (0, 60)]
    noon = (START + timedelta(minutes=30)).replace(tzinfo=None)
    assert await community.found("red", filter=PostFilter(after=noon)) == [late]
    assert await community.found("red", filter=PostFilter(before=noon)) == [early]


HOSTILE = (
    "\x00", "the of and", "\u202e\u200b", "?!" * 999, "🦊" * 3000, "red " * 2500, "a" * 100_000, "\ud800 lone",
    "e" + "\u0301" * 5000, "\ufdfa" * 3000, "' OR 1=1 --", "{$gt: ''}", "\r\n\t", "\uffff\U0010ffff",
)  # fmt: skip


async def test_no_text_breaks_the_search(community: Community) -> None:
    red = await community.publish("red", "red")
    for text in HOSTILE:
        await community.found(text)
        assert await community.found("red") == [red], f"after {text[:9]!r} the next question is answered as before"


async def test_a_long_query_is_read_by_its_beginning(community: Community) -> None:
    red = await community.publish("red", None, caption="a red day")
    assert await community.found("red " * 2500) == [red]


async def test_a_filter_that_nothing_passes_gives_nothing(community: Community) -> None:
    await community.publish("red", "red", tags=("day",))
    later, earlier = START + timedelta(days=1), START - timedelta(days=1)
    unknown: list[dict[str, Any]] = [
        {"aspect": "no such"}, {"model": "\x00"}, {"tag": "###"}, {"tag": "\u202e" * 500}, {"author_id": "$ne"},
        {"after": later}, {"before": earlier}, {"after": later, "before": earlier},
    ]  # fmt: skip
    for asked, text in itertools.product(unknown, ("", "red")):
        hits = (await community.service.search(SearchPosts(text=text, filter=PostFilter(**asked)))).hits
        assert hits == (), f"{text!r} where {asked}"


async def test_pages_beyond_the_end_are_empty(community: Community) -> None:
    await community.publish("red", "red")
    for text in ("", "red"):
        assert (await community.service.search(SearchPosts(text=text, offset=1000, limit=500))).hits == ()


@pytest.mark.parametrize("asked", [{"offset": -1}, {"offset": 1001}, {"limit": 0}, {"limit": 501}])
def test_no_page_is_deeper_or_longer_than_the_contract_says(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SearchPosts(text="red", **asked)


async def test_similar_posts_by_stored_vectors_without_the_post_itself(community: Community) -> None:
    asked = await community.publish("red", "calm sea")
    near = await community.publish("red", "wild forest")
    far = await community.publish("blue", "numbers")
    hidden = await community.publish("red", "calm sea", visibility="private")
    hits = (await community.service.similar(SimilarPosts(post_id=asked))).hits
    assert [hit.post_id for hit in hits] == [near, far]
    assert (hits[0].matched, hits[1].less_related) == (("image",), True)
    assert (await community.service.similar(SimilarPosts(post_id=hidden))).hits[0].post_id == asked
    assert (await community.service.similar(SimilarPosts(post_id=new_id()))).hits == ()


async def test_similar_posts_of_before_a_moment(community: Community) -> None:
    asked, early, _ = [await community.publish("red", "calm sea", minutes) for minutes in (0, 1, 2)]
    moment = START + timedelta(minutes=2)
    hits = (await community.service.similar(SimilarPosts(post_id=asked, before=moment))).hits
    assert [hit.post_id for hit in hits] == [early]


async def test_stored_vectors_by_post(community: Community) -> None:
    shown, wordless = await community.publish("red", "red"), await community.publish("red", None)
    vectors = await community.service.vectors(PostVectors(post_ids=(shown, wordless, new_id())))
    assert set(vectors.image) == {shown, wordless}
    assert set(vectors.prompt) == {shown}
    assert vectors.image[shown] == pytest.approx(vectors.prompt[shown], abs=1e-5)


async def test_a_taste_finds_posts_near_it_and_away_from_the_negative(community: Community) -> None:
    posts = {colour: await community.publish(colour, None) for colour in ("red", "green", "blue")}
    vectors = (await community.service.vectors(PostVectors(post_ids=tuple(posts.values())))).image
    asked = NearTaste(positive=(vectors[posts["red"]], (1.0, 0.0)), negative=(vectors[posts["blue"]],))
    hits = [hit.post_id for hit in (await community.service.near(asked)).hits]
    assert (hits[0], hits[-1]) == (posts["red"], posts["blue"])
    seen = asked.model_copy(update={"exclude_post_ids": (posts["red"],)})
    assert posts["red"] not in [hit.post_id for hit in (await community.service.near(seen)).hits]
    assert (await community.service.near(NearTaste(positive=((1.0, 0.0),)))).hits == ()
