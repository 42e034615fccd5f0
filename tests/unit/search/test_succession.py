"""Another encoder takes over without a post being out of reach, on both kinds of index."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from services.search.indexing import Indexer
from services.search.opening_folder import open_folder
from services.search.opening_server import open_server
from services.search.points import Where
from services.search.ports import Index
from services.search.service import SearchService
from services.search.succession import generation
from services.search.words import Bm25Words
from shared.events import Target
from shared.media import rendition_key
from shared.queries import SearchPosts
from tests.contracts.search.fake_encoder import FakeEncoder, picture
from tests.contracts.search.posts import START, post

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")
WORDS = Bm25Words()


class Pictures(dict[str, bytes]):
    async def get(self, key: str) -> bytes | None:  # type: ignore[override]
        return super().get(key)


class Wide(FakeEncoder):
    """Another encoder, whose pictures' vectors have another width."""

    image_width = 96

    async def encode_images(self, images: list[bytes]) -> list[list[float] | None]:  # type: ignore[override]
        return [[*vector, *[0.0] * 32] if vector else None for vector in await super().encode_images(images)]

    async def encode_query(self, text: str) -> tuple[list[float], list[float]]:  # type: ignore[override]
        image, prompt = await super().encode_query(text)
        return [*image, *[0.0] * 32], list(prompt)

    def reference(self, signal: object) -> list[list[float]]:  # type: ignore[override]
        return []


@pytest.mark.parametrize("kind", ["folder", "server"])
async def test_posts_are_found_before_and_after_their_pictures_are_read_again(kind: str, tmp_path: Path) -> None:
    client = AsyncQdrantClient(location=":memory:")
    media = Pictures({rendition_key("h0", "320", "jpg"): picture("red")})

    async def opened(encoder: FakeEncoder) -> Index:
        return await (
            open_folder(tmp_path, encoder, WORDS) if kind == "folder" else open_server(client, encoder, WORDS)
        )

    first = FakeEncoder()
    before = await opened(first)
    indexer = Indexer(first, before, WORDS, media)
    shown, blocked, deleted = post(prompt="sea"), post(prompt="sea"), post(prompt="sea")
    for one in (shown, blocked, deleted):
        await indexer.index(one)
    await indexer.decide(Target(kind="post", id=blocked.post_id), withheld=True, at=START)
    await indexer.delete(deleted.post_id, START)
    if kind == "folder":
        await before.close()

    second = Wide("wide@2")
    after = await opened(second)
    service, indexer = SearchService(second, after, WORDS), Indexer(second, after, WORDS, media)

    async def matched(text: str) -> dict[str, set[str]]:
        hits = (await service.search(SearchPosts(text=text))).hits
        return {hit.post_id: set(hit.matched) for hit in hits if not hit.less_related}

    assert (await matched("sea"))[shown.post_id] >= {"prompt", "text"}
    assert not (await after.posts([shown.post_id]))[shown.post_id].image
    await indexer.index(deleted)
    assert await indexer.complete() == 0
    assert len((await after.posts([shown.post_id]))[shown.post_id].image[0]) == 96
    assert [found.post_id for found in await after.newest(Where(), 0, 9)] == [shown.post_id]
    await indexer.decide(Target(kind="post", id=blocked.post_id), withheld=False, at=START + timedelta(hours=1))
    assert await after.count() == len(await after.newest(Where(), 0, 9)) == 2
    if kind == "folder":
        assert os.listdir(tmp_path) == [generation("wide@2")]
    await after.close()


def test_an_encoders_index_has_a_plain_name() -> None:
    assert generation("hf-hub:timm/ViT-B-16-SigLIP2@main") == "posts-hf-hub-timm-vit-b-16-siglip2-main"
