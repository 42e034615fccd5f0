"""What HTTP asks of every address, whatever stands behind it."""

from __future__ import annotations

import httpx

from tests.api.conftest import Person, problem


async def test_what_can_not_be_an_id_is_nobodys_id(ada: Person, client: httpx.AsyncClient) -> None:
    name = "0" * 32
    for path in (
        f"/v1/users/{'a' * 31}",
        f"/v1/users/{'a' * 31}/followers",
        f"/v1/users/{'a' * 31}/posts",
        f"/v1/users/{'a' * 31}/followers?limit=0",
        f"/media/{'a' * 65}/320.webp",
        f"/media/{name}/96.webp",
        f"/media/{name}/320.gif",
        f"/media/{name}/96",
    ):
        assert "errors" not in problem(await client.get(path), 404, "not_found"), path
    problem(await ada.http.put(f"/v1/users/{'a' * 31}/follow"), 404, "not_found")
    problem(await ada.http.delete(f"/v1/me/taste/{'a' * 101}"), 404, "not_found")
    problem(await client.get("/v1/users/ada/followers?limit=0"), 422, "invalid_request")
    problem(await client.put(f"/v1/users/{'a' * 31}/follow"), 401, "unauthenticated")
