"""What every index must do, on Qdrant's engine in this process and through Qdrant's client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from services.search.index_server import ServerIndex
from services.search.points import Entry, Mark, Signal, Sparse, Wanted, Where
from services.search.ports import Index
from shared.events import Target, TargetKind
from shared.ids import new_id
from tests.contracts.search.edge_folder import edge_index
from tests.contracts.search.posts import START, WIDTH, entry, random_unit, unit

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


@pytest.fixture(params=["edge", "client"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    if request.param == "edge":
        edge = await edge_index(tmp_path / "search", WIDTH)
        yield edge
        await edge.close()
    else:
        client = AsyncQdrantClient(location=":memory:")
        server = ServerIndex(client, "posts", image_width=WIDTH, prompt_width=WIDTH)
        await server.open()
        yield server
        await server.close()


async def listed(index: Index, where: Where | None = None) -> list[str]:
    return [found.post_id for found in await index.newest(where or Where(), 0, 100)]


async def by_image(index: Index, vector: tuple[float, ...], limit: int = 10) -> list[str]:
    (found,) = await index.nearest([Wanted(Signal.IMAGE, vector)], Where(), limit)
    return [one.post_id for one in found]


def revised(stored: Entry, version: int, caption: str) -> Entry:
    return replace(stored, post=stored.post.model_copy(update={"version": version, "caption": caption}))


async def test_a_stored_post_comes_back_whole(index: Index) -> None:
    stored = entry(image=(unit(1), unit(0, 1)), prompt=unit(1, 1), words={7: 1.0}, tags=("fox",), images=2)
    assert await index.put(stored)
    back = (await index.posts([stored.post.post_id, new_id()]))[stored.post.post_id]
    assert back.post.model_dump() == stored.post.model_dump()
    assert (back.encoder, back.complete, back.withheld) == ("test@1", True, False)
    for vector, expected in zip((*back.image, back.prompt), (*stored.image, stored.prompt), strict=True):
        assert vector == pytest.approx(expected, abs=1e-6)


async def test_the_highest_version_stays_whatever_the_order(index: Index) -> None:
    first = entry()
    third, second = revised(first, 3, "third"), revised(first, 2, "second")
    assert await index.put(third)
    assert not await index.put(second)
    assert not await index.put(first)
    assert not await index.put(third)
    assert (await index.posts([first.post.post_id]))[first.post.post_id].post.caption == "third"
    assert await index.put(revised(first, 4, "fourth"))
    assert await index.count() == 1


async def test_a_newer_version_leaves_nothing_of_the_older_ones_vectors(index: Index) -> None:
    stored = entry(image=(unit(1),), prompt=unit(1), words={7: 1.0})
    await index.put(stored)
    await index.put(replace(revised(stored, 2, ""), prompt=None, words=Sparse()))
    wanted = [Wanted(Signal.IMAGE, unit(1)), Wanted(Signal.PROMPT, unit(1)), Wanted(Signal.WORDS, Sparse([7], [1.0]))]
    image, prompt, words = await index.nearest(wanted, Where(), 5)
    assert ([one.post_id for one in image], prompt, words) == ([stored.post.post_id], [], [])


async def test_the_same_version_is_replaced_by_a_newer_encoder_or_a_complete_one(index: Index) -> None:
    stored = entry(complete=False)
    await index.put(stored)
    assert not await index.put(stored)
    assert await index.put(replace(stored, complete=True))
    assert not await index.put(replace(stored, complete=False))
    assert await index.put(replace(stored, encoder="test@2"))
    assert (await index.posts([stored.post.post_id]))[stored.post.post_id].encoder == "test@2"


async def test_nearest_ranks_each_signal_by_cosine(index: Index) -> None:
    near = entry(image=(unit(1, 0.1),), prompt=unit(0, 1))
    far = entry(image=(unit(0, 1),), prompt=unit(1))
    for one in (near, far):
        await index.put(one)
    image, prompt = await index.nearest([Wanted(Signal.IMAGE, unit(1)), Wanted(Signal.PROMPT, unit(1))], Where(), 5)
    assert [one.post_id for one in image] == [near.post.post_id, far.post.post_id]
    assert [one.post_id for one in prompt] == [far.post.post_id, near.post.post_id]
    assert image[0].score == pytest.approx(1 / 1.01**0.5, abs=1e-4)
    assert image[0].published_at == near.post.published_at


async def test_an_album_is_found_by_any_of_its_pictures(index: Index) -> None:
    album = entry(image=(unit(1), unit(0, 1)), images=2)
    other = entry(image=(unit(1, 1),))
    for one in (album, other):
        await index.put(one)
    assert await by_image(index, unit(1)) == [album.post.post_id, other.post.post_id]
    assert await by_image(index, unit(0, 1)) == [album.post.post_id, other.post.post_id]


async def test_words_find_only_posts_that_have_them_and_rare_ones_count_more(index: Index) -> None:
    common = [entry(words={1: 1.0}) for _ in range(5)]
    rare = entry(words={2: 1.0})
    for one in (*common, rare, entry(words={3: 1.0})):
        await index.put(one)
    (found,) = await index.nearest([Wanted(Signal.WORDS, Sparse([1, 2], [1.0, 1.0]))], Where(), 10)
    assert found[0].post_id == rare.post.post_id
    assert {one.post_id for one in found[1:]} == {one.post.post_id for one in common}


async def test_filters_hold_together(index: Index) -> None:
    author = new_id()
    match = entry(10, author_id=author, aspect="3:4", model="pocket", tags=("#Fox", "Snow"))
    others = [
        entry(10, author_id=new_id(), aspect="3:4", tags=("fox",)),
        entry(10, author_id=author, aspect="1:1", tags=("fox",)),
        entry(10, author_id=author, aspect="3:4", model="sdxl", tags=("fox",)),
        entry(10, author_id=author, aspect="3:4", tags=("foxes",)),
        entry(9, author_id=author, aspect="3:4", tags=("fox",)),
        entry(11, author_id=author, aspect="3:4", tags=("fox",)),
    ]
    for one in (match, *others):
        await index.put(one)
    at = START + timedelta(minutes=10)
    where = Where(author_id=author, aspect="3:4", model="pocket", tag="fox", after=at, before=at + timedelta(minutes=1))
    assert await listed(index, where) == [match.post.post_id]
    assert len(await listed(index, Where(exclude=(match.post.post_id,)))) == len(others)


async def test_only_public_posts_unless_asked_otherwise(index: Index) -> None:
    author = new_id()
    kinds = {kind: entry(author_id=author, visibility=kind) for kind in ("public", "followers", "unlisted", "private")}
    for one in kinds.values():
        await index.put(one)
    assert await listed(index) == [kinds["public"].post.post_id]
    assert len(await listed(index, Where(public_only=False, author_id=author))) == 4


async def test_newest_first_page_by_page(index: Index) -> None:
    entries = [entry(minutes) for minutes in (3, 1, 4, 2)]
    for one in entries:
        await index.put(one)
    expected = [one.post.post_id for one in sorted(entries, key=lambda one: one.post.published_at, reverse=True)]
    pages = [await index.newest(Where(), offset, 2) for offset in (0, 2, 4)]
    assert [[found.post_id for found in page] for page in pages] == [expected[:2], expected[2:], []]


async def test_removing_a_post_and_everything_of_an_author(index: Index) -> None:
    author = new_id()
    mine, hers = [entry(author_id=author), entry(author_id=author, visibility="private")], entry()
    for one in (*mine, hers):
        await index.put(one)
    await index.remove(new_id())
    await index.remove_author(author)
    assert await index.count() == 1
    await index.remove(hers.post.post_id)
    assert await index.count() == 0
    assert await index.posts([hers.post.post_id]) == {}


async def test_what_is_withheld_is_out_of_sight_until_it_is_put_back(index: Index) -> None:
    blocked, other = entry(image=(unit(1),)), entry(1, image=(unit(1),))
    for one in (blocked, other):
        await index.put(one)
    await index.withhold(new_id(), withheld=True)
    await index.withhold(blocked.post.post_id, withheld=True)
    assert await listed(index) == await by_image(index, unit(1)) == [other.post.post_id]
    assert await listed(index, Where(public_only=False, author_id=blocked.post.author_id)) == []
    await index.withhold(blocked.post.post_id, withheld=False)
    assert len(await listed(index)) == 2


@pytest.mark.parametrize("kind", ["post", "image", "user"])
async def test_posts_of_a_target(index: Index, kind: TargetKind) -> None:
    meant = entry(images=2)
    for one in (meant, entry()):
        await index.put(one)
    post = meant.post
    target = {"post": post.post_id, "image": post.images[1].image_id, "user": post.author_id}[kind]
    found = [one.post.post_id async for one in index.every_post(Target(kind=kind, id=target))]
    assert found == [post.post_id]


async def test_marks_are_kept_replaced_and_forgotten_when_old(index: Index) -> None:
    gone, withheld = Mark("post:a", START, gone=True), Mark("image:b", START, withheld=True)
    await index.mark(gone)
    await index.mark(withheld)
    assert await index.marks(["post:a", "image:b", "user:c"]) == {"post:a": gone, "image:b": withheld}
    freed = replace(withheld, withheld=False, at=START + timedelta(hours=1))
    await index.mark(freed)
    await index.forget_gone(START)
    assert len(await index.marks(["post:a", "image:b"])) == 2
    await index.forget_gone(START + timedelta(seconds=1))
    assert await index.marks(["post:a", "image:b"]) == {"image:b": freed}
    assert [mark async for mark in index.every_mark()] == [freed]
    assert await index.count() == 0
    assert await listed(index, Where(public_only=False)) == []


async def test_recommending_goes_towards_any_positive_and_away_from_the_negative(index: Index) -> None:
    fox, cat, spider = (entry(image=(unit(*axis),)) for axis in ((1, 0, 0.2), (0, 1, 0.2), (0, 0, 1)))
    for one in (fox, cat, spider):
        await index.put(one)
    found = await index.recommend([unit(1), unit(0, 1)], [unit(0, 0, 1)], Where(), 10)
    assert {one.post_id for one in found[:2]} == {fox.post.post_id, cat.post.post_id}
    assert found[-1].post_id == spider.post.post_id
    only = await index.recommend([unit(1)], [], Where(exclude=(fox.post.post_id,)), 1)
    assert [one.post_id for one in only] != [fox.post.post_id]


async def test_a_sample_and_a_walk_over_all_posts(index: Index) -> None:
    entries = [entry(minutes, image=(random_unit(minutes),)) for minutes in range(260)]
    for one in entries:
        await index.put(one)
    await index.mark(Mark("post:a", START, gone=True))
    walked = [one.post.post_id async for one in index.every_post()]
    assert sorted(walked) == sorted(one.post.post_id for one in entries)
    sample = await index.sample(50)
    assert len({one.post.post_id for one in sample}) == 50
    assert all(len(one.image) == 1 for one in sample)


async def test_an_empty_index_answers_everything(index: Index) -> None:
    wanted = [Wanted(Signal.IMAGE, unit(1)), Wanted(Signal.WORDS, Sparse([1], [1.0]))]
    assert await index.nearest(wanted, Where(), 10) == [[], []]
    assert await index.recommend([unit(1)], [], Where(), 10) == []
    assert (await index.sample(10), await index.count(), await listed(index)) == ([], 0, [])
