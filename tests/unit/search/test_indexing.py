"""What becomes of the index when events come late, twice, in any order, or while another is being handled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.search.index_edge import EdgeIndex
from services.search.indexing import Indexer, PicturesMissing, searchable_text
from services.search.points import Where
from services.search.words import Bm25Words
from shared.events import PostPublished, PostState, Target, TargetKind
from shared.media import rendition_key
from tests.contracts.search.edge_folder import edge_index
from tests.contracts.search.fake_encoder import WIDTH, FakeEncoder, picture
from tests.contracts.search.posts import START, post


class Pictures(dict[str, bytes]):
    """Object store in memory; `meanwhile` runs while a picture is being fetched."""

    meanwhile: Any = None

    async def get(self, key: str) -> bytes | None:  # type: ignore[override]
        if self.meanwhile:
            await self.meanwhile()
        return super().get(key)


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EdgeIndex]:
    edge = await edge_index(tmp_path, WIDTH)
    yield edge
    await edge.close()


@pytest.fixture
def pictures() -> Pictures:
    names = ("h0", "h1", "new")
    return Pictures({rendition_key(name, "320", "jpg"): picture("red") for name in names})


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def indexer(index: EdgeIndex, pictures: Pictures, encoder: FakeEncoder) -> Indexer:
    return Indexer(encoder, index, Bm25Words(), pictures)


def changed(stated: PostState, version: int, **facts: Any) -> PostPublished:
    return PostPublished(**{**stated.model_dump(), "version": version, **facts})


async def listed(index: EdgeIndex) -> list[str]:
    return [found.post_id for found in await index.newest(Where(), 0, 10)]


async def test_a_post_is_stored_with_a_vector_for_each_picture(indexer: Indexer, index: EdgeIndex) -> None:
    album = post(images=2)
    await indexer.index(album)
    entry = (await index.posts([album.post_id]))[album.post_id]
    assert (len(entry.image), entry.prompt is not None, entry.encoder) == (2, True, "fake@1")


async def test_an_older_version_changes_nothing(indexer: Indexer, index: EdgeIndex) -> None:
    first = post()
    await indexer.index(changed(first, 2, visibility="private"))
    await indexer.index(first)
    assert await listed(index) == []


async def test_a_redelivered_version_is_not_read_again(indexer: Indexer, encoder: FakeEncoder) -> None:
    stated = post()
    await indexer.index(stated)
    await indexer.index(stated)
    assert encoder.encoded_images == 1


async def test_a_change_of_words_keeps_the_pictures_vectors(
    indexer: Indexer, index: EdgeIndex, encoder: FakeEncoder
) -> None:
    stated = post()
    await indexer.index(stated)
    await indexer.index(changed(stated, 2, caption="snow"))
    assert encoder.encoded_images == 1
    assert len((await index.posts([stated.post_id]))[stated.post_id].image) == 1
    other = [image.model_copy(update={"hash": "new"}) for image in stated.images]
    await indexer.index(changed(stated, 3, images=other))
    assert encoder.encoded_images == 2


async def test_the_same_version_is_embedded_anew_by_a_newer_encoder(
    indexer: Indexer, index: EdgeIndex, pictures: Pictures
) -> None:
    stated = post()
    await indexer.index(stated)
    await Indexer(FakeEncoder("fake@2"), index, Bm25Words(), pictures).index(stated)
    assert (await index.posts([stated.post_id]))[stated.post_id].encoder == "fake@2"


async def test_a_deleted_post_never_comes_back(indexer: Indexer, index: EdgeIndex) -> None:
    stated = post()
    await indexer.delete(stated.post_id, START)
    await indexer.index(stated)
    await indexer.index(changed(stated, 9))
    assert await index.count() == 0
    await indexer.forget(START + timedelta(days=7, hours=1))
    await indexer.index(stated)
    assert await index.count() == 0
    await indexer.forget(START + timedelta(days=8, seconds=1))
    await indexer.index(stated)
    assert await index.count() == 1


async def test_a_post_deleted_while_it_is_being_read_does_not_stay(
    indexer: Indexer, index: EdgeIndex, pictures: Pictures
) -> None:
    stated = post()
    pictures.meanwhile = lambda: indexer.delete(stated.post_id, START)
    await indexer.index(stated)
    assert await index.count() == 0


async def test_nothing_of_an_erased_person_stays_or_comes_back(indexer: Indexer, index: EdgeIndex) -> None:
    stated, another = post(), post()
    await indexer.index(stated)
    await indexer.index(another)
    await indexer.erase(stated.author_id, START)
    await indexer.index(post(author_id=stated.author_id))
    assert await listed(index) == [another.post_id]


@pytest.mark.parametrize("kind", ["post", "image", "user"])
@pytest.mark.parametrize("early", [True, False])
async def test_what_moderation_blocks_is_out_of_sight_until_it_allows_it(
    indexer: Indexer, index: EdgeIndex, kind: TargetKind, early: bool
) -> None:
    stated = post(images=2)
    ids = {"post": stated.post_id, "image": stated.images[1].image_id, "user": stated.author_id}
    target = Target(kind=kind, id=ids[kind])
    if not early:
        await indexer.index(stated)
    await indexer.decide(target, withheld=True, at=START + timedelta(hours=2))
    await indexer.index(stated)
    await indexer.decide(target, withheld=False, at=START + timedelta(hours=1))
    await indexer.index(changed(stated, 2))
    assert await listed(index) == []
    await indexer.decide(target, withheld=False, at=START + timedelta(hours=3))
    assert await listed(index) == [stated.post_id]


async def test_allowing_a_picture_does_not_uncover_a_blocked_post(indexer: Indexer, index: EdgeIndex) -> None:
    stated = post()
    await indexer.index(stated)
    image = Target(kind="image", id=stated.images[0].image_id)
    await indexer.decide(Target(kind="post", id=stated.post_id), withheld=True, at=START)
    await indexer.decide(image, withheld=True, at=START)
    await indexer.decide(image, withheld=False, at=START + timedelta(hours=1))
    assert await listed(index) == []


async def test_a_post_without_its_pictures_is_found_by_words_and_completed_later(
    indexer: Indexer, index: EdgeIndex, pictures: Pictures
) -> None:
    stated = post()
    key = rendition_key("h0", "320", "jpg")
    data = pictures.pop(key)
    with pytest.raises(PicturesMissing):
        await indexer.index(stated)
    assert await listed(index) == [stated.post_id]
    pictures[key] = data
    await indexer.index(stated)
    entry = (await index.posts([stated.post_id]))[stated.post_id]
    assert (len(entry.image), entry.complete) == (1, True)


async def test_a_picture_smaller_than_the_ladder_is_read_at_its_own_size(
    indexer: Indexer, index: EdgeIndex, pictures: Pictures
) -> None:
    pictures.clear()
    pictures[rendition_key("h0", "original", "jpg")] = picture("red")
    stated = post()
    small = stated.images[0].model_copy(update={"width": 256, "height": 256})
    await indexer.index(stated.model_copy(update={"images": (small,)}))
    entry = (await index.posts([stated.post_id]))[stated.post_id]
    assert (len(entry.image), entry.complete) == (1, True)


async def test_an_unreadable_picture_is_left_out_and_not_tried_again(
    indexer: Indexer, index: EdgeIndex, pictures: Pictures
) -> None:
    pictures[rendition_key("h0", "320", "jpg")] = b"broken"
    stated = post(images=2)
    await indexer.index(stated)
    assert len((await index.posts([stated.post_id]))[stated.post_id].image) == 1


def test_a_hidden_prompt_is_not_searchable() -> None:
    hidden = post(prompt=None, caption="my caption", tags=("snow",), author_username="ada")
    quoting = hidden.images[0].model_copy(update={"alt": "a secret fox — prompted by Ada"})
    text = searchable_text(hidden.model_copy(update={"images": (quoting,)}))
    assert "fox" not in text
    assert text.split() == ["ada", "snow", "my", "caption"]
