"""Which models are offered, before a generator is there and afterwards."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from services.gateway.context import Parts
from shared.bus import Bus
from shared.queries import ListModels, Models
from tests.api.conftest import MODELS, Person
from tests.api.gateway_content.conftest import Studio, until
from tests.api.gateway_content.test_generations import ask


async def test_the_models_are_listed(client: httpx.AsyncClient, studio: Studio) -> None:
    answer = await client.get("/v1/models")
    assert answer.json()["default"] == "pocket"
    assert answer.json()["models"][0]["sizes"]["3:2"] == [384, 256]


async def test_without_a_generator_the_default_model_is_taken(ada: Person) -> None:
    assert (await ask(ada, "a fox")).json()["model"] == "pocket"
    assert (await ada.http.get("/v1/models")).status_code == 503


@pytest.mark.parametrize("kept", [None, "yesterday"], ids=["first start", "another model than at the last start"])
async def test_a_generator_that_comes_later_is_heard_soon(
    client: httpx.AsyncClient, parts: Parts, outside: Callable[[str], Bus], kept: str | None
) -> None:
    if kept:
        old = MODELS.model_copy(update={"default": kept})
        await parts.mongo.database["models"].insert_one({"_id": "known", "models": old.model_dump(mode="json")})
    before = await client.get("/v1/models")
    assert (before.json()["default"] == kept) if kept else (before.status_code == 503)
    generation = outside("generation")

    @generation.answer(ListModels)
    async def models(_: ListModels) -> Models:
        return MODELS

    await generation.start()

    async def listed() -> bool:
        answer = await client.get("/v1/models")
        return answer.status_code == 200 and answer.json()["default"] == MODELS.default

    await until(listed)
