"""Where `PUBLIC_URL` is set, absolute addresses are made from it, whatever a request calls the server."""

from __future__ import annotations

import httpx
import pytest
from pydantic import ValidationError

from services.gateway.settings import GatewaySettings
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_content.test_posts import publish

PUBLIC = "https://pictures.example:8443"


@pytest.fixture
def gateway_settings(gateway_settings: GatewaySettings) -> GatewaySettings:
    return GatewaySettings(**gateway_settings.model_dump() | {"public_url": f"{PUBLIC}/"})


async def test_no_address_is_made_from_what_a_request_says(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    made = [await publish(ada, [one], visibility="public") for one in await painted(ada, n=2)]
    client.headers["Host"] = "evil.example"
    page = await client.get(f"/p/{made[0]['id']}")
    assert f'property="og:url" content="{PUBLIC}/p/{made[0]["id"]}"' in page.text
    assert f'property="og:image" content="{PUBLIC}/media/' in page.text
    told = (await client.get("/oembed", params={"url": f"{PUBLIC}/p/{made[0]['id']}"})).json()
    assert told["url"].startswith(f"{PUBLIC}/media/")
    listed = await client.get("/v1/users/ada/posts", params={"limit": 1})
    assert listed.headers["Link"].startswith(f"<{PUBLIC}/v1/users/ada/posts?limit=1&cursor=")
    for answer in (page, listed, await client.get("/v1/models/")):
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("wrong", ["pictures.example", "ftp://pictures.example", "https://a.example/app", "https://"])
def test_an_address_that_is_no_origin_is_refused(gateway_settings: GatewaySettings, wrong: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        GatewaySettings(**gateway_settings.model_dump() | {"public_url": wrong})
