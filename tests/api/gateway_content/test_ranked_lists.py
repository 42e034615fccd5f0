"""Search and similar posts keep their place while posts come, go and change rank between two pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from shared.bus import Bus
from shared.queries import Hit, Hits, SearchPosts, SimilarPosts
from tests.api.conftest import Person, problem
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_content.test_finding import several

Ranking = list[str]


@pytest.fixture
async def ranking(outside: Callable[[str], Bus]) -> Ranking:
    """What search and similar answer, in this order, to be changed at will; it has heard of every late post."""
    search = outside("search")
    ranking: Ranking = []

    @search.answer(SearchPosts)
    async def find(query: SearchPosts) -> Hits:
        return found(query.offset, query.limit, query.filter.before)

    @search.answer(SimilarPosts)
    async def similar(query: SimilarPosts) -> Hits:
        return found(query.offset, query.limit, query.before)

    def found(offset: int, limit: int, before: datetime | None) -> Hits:
        assert before is not None
        return Hits(hits=tuple(Hit(post_id=one, score=0.5) for one in ranking[offset : offset + limit]))

    await search.start()
    return ranking


async def page(client: httpx.AsyncClient, path: str, cursor: str | None = None) -> tuple[list[str], str | None]:
    answer = await client.get(path, params={"limit": 3, "cursor": cursor} if cursor else {"limit": 3})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return [item.get("post", item)["id"] for item in items], answer.json()["next_cursor"]


async def the_rest(client: httpx.AsyncClient, path: str, cursor: str | None) -> list[str]:
    told = []
    while cursor:
        found, cursor = await page(client, path, cursor)
        told += found
    return told


PATHS = ["/v1/search?q=fox", "/v1/search?q=fox&sort=new", "/v1/search?q=fox&sort=top", "/v1/posts/{}/similar"]


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_shown_twice_or_left_out(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures, ranking: Ranking, path: str
) -> None:
    # Newest first, so that "top" begins with this order too.
    posts = [post for _ in range(3) for post in await several(ada, painted, 4)][::-1]
    path = path.format(posts[-1])
    ranking[:] = posts[:9]
    first, cursor = await page(client, path)
    assert first == posts[:3]

    # Two come late, two that were shown go, and one that was not rises to the top.
    ranking[:0] = posts[9:11]
    for gone in posts[1:3]:
        assert (await ada.http.delete(f"/v1/posts/{gone}")).status_code == 204
        ranking.remove(gone)
    ranking.remove(posts[7])
    ranking.insert(0, posts[7])
    await bob.http.put(f"/v1/posts/{posts[7]}/like")

    rest = await the_rest(client, path, cursor)
    assert sorted(rest) == sorted(posts[3:11])


async def test_a_cursor_that_was_not_given_out_is_refused(client: httpx.AsyncClient) -> None:
    for path in ("/v1/search", "/v1/search?sort=top"):
        for cursor in ("x", "eyJvZmZzZXQiOjN9"):
            problem(await client.get(path, params={"cursor": cursor}), 422, "bad_cursor")
