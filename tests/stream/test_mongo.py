"""Several writes as one, and pages of rows sorted by several fields, on the database of one machine."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import pytest
from pymongo import ASCENDING, DESCENDING, InsertOne, UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.mongo import Document, Mongo, Write, page_after

ORDER = [("priority", DESCENDING), ("opened", ASCENDING), ("_id", ASCENDING)]


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_pages_hold_every_row_once_and_in_order_whatever_is_equal(mongo: Mongo, size: int) -> None:
    dice = random.Random(7)
    rows = [
        {"_id": f"{number:02}", "of": "ada", "priority": dice.randrange(3), "opened": dice.randrange(3)}
        for number in range(40)
    ]
    collection = mongo.database["cases"]
    await collection.insert_many([*rows, {"_id": "other", "of": "bob", "priority": 1, "opened": 1}])
    found: list[Document] = []
    while True:
        place = [found[-1][name] for name, _ in ORDER] if found else None
        page = await page_after(collection, {"of": "ada"}, ORDER, place, size)
        assert len(page) <= size
        if not page:
            break
        found += page
    assert found == sorted(rows, key=lambda row: (-row["priority"], row["opened"], row["_id"]))


async def test_of_writes_that_fail_together_in_a_transaction_none_stands(mongo: Mongo) -> None:
    rows = mongo.database["rows"]
    await rows.insert_one({"_id": "there"})
    writes: list[Write] = [
        InsertOne({"_id": "new"}, namespace=rows.full_name),
        InsertOne({"_id": "there"}, namespace=rows.full_name),
    ]
    with pytest.raises(DuplicateKeyError) as refused:
        await mongo.transaction(partial(mongo.write, writes))
    assert refused.value.details is not None
    assert refused.value.details["idx"] == 1
    assert await rows.count_documents({}) == 1


async def test_without_one_those_before_the_failure_stand(mongo: Mongo) -> None:
    rows = mongo.database["rows"]
    await rows.insert_one({"_id": "there"})
    writes: list[Write] = [InsertOne({"_id": name}, namespace=rows.full_name) for name in ("new", "there", "late")]
    with pytest.raises(DuplicateKeyError):
        await mongo.write(writes)
    assert [row["_id"] async for row in rows.find().sort("_id")] == ["new", "there"]


async def test_of_writes_that_share_a_command_each_fails_for_itself(mongo: Mongo) -> None:
    rows = mongo.database["rows"]
    await rows.insert_one({"_id": "there"})
    lists = (["first"], ["new", "there", "late"], ["second"], ["there"], ["third"])
    asked = [
        mongo.write_with_others([InsertOne({"_id": n}, namespace=rows.full_name) for n in names]) for names in lists
    ]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [error.details and error.details["idx"] for error in told if isinstance(error, DuplicateKeyError)] == [1, 0]
    assert [place for place, error in enumerate(told) if error is None] == [0, 2, 4]
    assert {row["_id"] async for row in rows.find()} == {"there", "first", "new", "second", "third"}


async def test_transactions_that_meet_on_one_row_all_come_through(mongo: Mongo) -> None:
    """The error that says "try again" must reach the driver through the command that wraps it."""
    rows = mongo.database["rows"]
    await rows.insert_one({"_id": "counter", "count": 0})

    def writes(number: int) -> list[Write]:
        return [
            UpdateOne({"_id": "counter"}, {"$inc": {"count": 1}}, namespace=rows.full_name),
            InsertOne({"_id": number}, namespace=rows.full_name),
        ]

    await asyncio.gather(*(mongo.transaction(partial(mongo.write, writes(number))) for number in range(20)))
    assert await rows.find_one({"_id": "counter"}) == {"_id": "counter", "count": 20}
    assert await rows.count_documents({}) == 21
