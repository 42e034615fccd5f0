"""What every store of moderation does: the one in memory that other tests build on, and the one in MongoDB."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from services.moderation.case_store import MongoCaseStore
from services.moderation.decision_store import MongoDecisionStore
from services.moderation.ports import Case, Overturned, Record, Report, Ruling
from shared.bus import Bus
from shared.events import DecisionMade, Target, utcnow
from shared.mongo import Mongo
from shared.outbox import Outbox
from shared.settings import MongoSettings
from tests.contracts.moderation.memory import MemoryStores
from tests.servers import Server

NOW = utcnow()
PROMPT = Target(kind="prompt", id="g1")


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest, database: Server) -> AsyncIterator[Any]:
    """`decisions` and `cases` over one store, and `elsewhere` the decisions as another process has them."""
    if request.param == "memory":
        memory = MemoryStores()
        yield SimpleNamespace(decisions=memory, cases=memory, elsewhere=memory)
        return
    settings = MongoSettings(
        mongodb_url=f"mongodb://127.0.0.1:{database.port}", mongodb_database=f"t{uuid4().hex[:10]}"
    )
    mongo = Mongo(settings, "moderation")
    decisions = MongoDecisionStore(mongo, Outbox(mongo, Bus(settings, "moderation")))
    cases = MongoCaseStore(mongo)
    await decisions.prepare()
    await cases.prepare()
    another = Mongo(settings, "moderation")
    elsewhere = MongoDecisionStore(another, Outbox(another, Bus(settings, "moderation")))
    yield SimpleNamespace(decisions=decisions, cases=cases, elsewhere=elsewhere, database=mongo.database)
    await another.close()
    await mongo.client.drop_database(mongo.database.name)
    await mongo.close()


def record(name: str, verdict: str = "block", target: Target = PROMPT, **more: Any) -> Record:
    facts = {"stage": "prompt", "target": target, "owner_id": "ada", "verdict": verdict, "text": "words", "at": NOW}
    return Record.model_validate({"id": name, **facts, **more})


def case(name: str, priority: int = 40, **more: Any) -> Case:
    target = Target(kind="prompt", id=name)
    facts = {"target": target, "owner_id": "ada", "priority": priority, "why": ("held",), "opened_at": NOW}
    return Case.model_validate({**facts, **more})


def ruling(name: str, verdict: str = "block", target: Target = PROMPT, **more: Any) -> Ruling:
    """A moderator's verdict; `allowed`, `known`, `case` and `reports` are what follows from it."""
    follows = {"case": "closed", "reports": {"block": "upheld", "allow": "dismissed"}.get(verdict)}
    follows |= {"allowed": None, "known": False} | {key: more.pop(key) for key in Ruling.model_fields if key in more}
    made = record(name, verdict, target, **{"actor": "mo"} | more)
    told = DecisionMade(decision_id=name, target=target, owner_id=made.owner_id, decision=made.shown())
    return Ruling.model_validate({"record": made, "told": told, **follows})


def overturned(name: str, fingerprint: str = "f") -> Overturned:
    return Overturned(stage="prompt", fingerprint=fingerprint, text="words", decision_id=name, at=NOW)


async def test_a_decision_is_kept_as_it_was_made(stores: Any) -> None:
    made = record("d1", span=(3, 9), scores={"sexual": 0.97}, context={"attempt": 1}, threshold=0.9)
    await stores.decisions.record(made)
    assert await stores.decisions.decision("d1") == made
    assert await stores.decisions.latest(PROMPT) == made
    assert await stores.decisions.decision("d2") is None


async def test_a_second_decision_of_one_id_changes_nothing(stores: Any) -> None:
    first = await stores.decisions.record(record("d1", "block"))
    assert await stores.decisions.record(record("d1", "allow")) == first
    assert [each.verdict for each in await stores.decisions.history(PROMPT)] == ["block"]


async def test_many_at_once_keep_one(stores: Any) -> None:
    kept = await asyncio.gather(*(stores.decisions.record(record("d1", text=str(i))) for i in range(8)))
    assert len({each.text for each in kept}) == 1


async def test_a_moderators_decision_stands_above_the_policys(stores: Any) -> None:
    await stores.decisions.record(record("d1", "block"))
    await stores.cases.open(case("g1"))
    await stores.decisions.rule(ruling("d2", "allow"))
    assert [each.id for each in await stores.decisions.history(PROMPT)] == ["d1", "d2"]
    assert (await stores.decisions.latest(PROMPT)).verdict == "allow"
    assert (await stores.cases.case(PROMPT)).state == "closed"


async def test_a_verdict_settles_the_reports(stores: Any) -> None:
    await stores.cases.report(Report(id="r1", reporter_id="bob", target=PROMPT, reason="spam", at=NOW))
    assert await stores.cases.reputation("bob") == (0, 0)
    await stores.decisions.rule(ruling("d2", "block"))
    assert await stores.cases.reputation("bob") == (1, 1)
    await stores.decisions.rule(ruling("d3", "allow"))
    assert await stores.cases.reputation("bob") == (0, 1)
    await stores.decisions.rule(ruling("d4", "hold", case="open"))
    assert await stores.cases.reputation("bob") == (0, 0)


async def test_a_person_reports_a_target_once(stores: Any) -> None:
    report = Report(id="r1", reporter_id="bob", target=PROMPT, reason="spam", at=NOW)
    assert await stores.cases.report(report)
    assert not await stores.cases.report(report.model_copy(update={"id": "r2"}))
    assert [each.id for each in await stores.cases.reports(PROMPT)] == ["r1"]


async def test_cases_come_by_priority_then_age_and_page_by_page(stores: Any) -> None:
    for name, priority, minutes in (("a", 10, 0), ("b", 90, 5), ("c", 90, 1), ("d", 50, 0), ("e", 50, 0)):
        await stores.cases.open(case(name, priority, opened_at=NOW + timedelta(minutes=minutes)))
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page, cursor = await stores.cases.cases("open", 2, cursor)
        seen += [each.target.id for each in page]
    assert seen == ["c", "b", "d", "e", "a"]
    assert cursor is None


async def test_a_foreign_cursor_is_refused(stores: Any) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        await stores.cases.cases("open", 2, "bm9wZQ")


async def test_an_open_case_collects_reasons_and_keeps_the_highest_priority(stores: Any) -> None:
    await stores.cases.open(case("g1", 60, text="words"))
    await stores.cases.open(case("g1", 30, why=("reported: spam", "held"), opened_at=NOW + timedelta(hours=1)))
    kept = await stores.cases.case(PROMPT)
    assert (kept.why, kept.priority, kept.opened_at, kept.text) == (("held", "reported: spam"), 60, NOW, "words")


async def test_a_closed_case_starts_afresh(stores: Any) -> None:
    await stores.cases.open(case("g1", 90, why=("old",)))
    await stores.decisions.rule(ruling("d2", "allow"))
    await stores.cases.open(case("g1", 30, why=("new",), opened_at=NOW + timedelta(hours=1)))
    kept = await stores.cases.case(PROMPT)
    assert (kept.state, kept.why, kept.priority, kept.opened_at) == ("open", ("new",), 30, NOW + timedelta(hours=1))


async def test_what_was_overturned_is_allowed_until_another_verdict(stores: Any) -> None:
    await stores.decisions.rule(ruling("d2", "allow", fingerprint="f", allowed=overturned("d2")))
    assert await stores.decisions.allowed("prompt", "f")
    assert not await stores.decisions.allowed("comment", "f")
    assert await stores.decisions.overturned() == [overturned("d2")]
    await stores.decisions.rule(ruling("d3", "block", fingerprint="other"))
    assert await stores.decisions.allowed("prompt", "f")
    await stores.decisions.rule(ruling("d4", "block", fingerprint="f"))
    assert not await stores.decisions.allowed("prompt", "f")


async def test_of_two_verdicts_with_one_id_one_is_kept_with_all_that_follows(stores: Any) -> None:
    await stores.cases.open(case("g1"))
    allow = ruling("d2", "allow", fingerprint="f", allowed=overturned("d2"))
    block = ruling("d2", "block", fingerprint="f")
    ended = await asyncio.gather(
        *(stores.decisions.rule(each) for each in (allow, block, allow, block)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in ended) == ["NoneType", *["Overruled"] * 3]
    (kept,) = await stores.decisions.history(PROMPT)
    assert await stores.decisions.allowed("prompt", "f") == (kept.verdict == "allow")


async def test_overturned_by_many_at_once_it_is_one_case(stores: Any) -> None:
    rulings = [
        ruling(f"d{i}", "allow", Target(kind="prompt", id=f"g{i}"), fingerprint="f", allowed=overturned(f"d{i}"))
        for i in range(8)
    ]
    await asyncio.gather(*(stores.decisions.rule(each) for each in rulings))
    (kept,) = await stores.decisions.overturned()
    assert kept in [each.allowed for each in rulings]


async def test_strikes_are_moderators_blocks_that_still_stand(stores: Any) -> None:
    for number, verdict in enumerate(("block", "block", "allow")):
        target = Target(kind="comment", id=str(number))
        await stores.decisions.rule(ruling(f"m{number}", verdict, target))
    voided = ruling("v", "allow", Target(kind="comment", id="0"), at=NOW + timedelta(seconds=1))
    await stores.decisions.rule(voided)
    expired = record("x", "block", Target(kind="comment", id="9"), actor="mo", at=NOW - timedelta(days=31))
    await stores.decisions.record(expired)
    standing = await stores.decisions.standing("ada", NOW - timedelta(days=30))
    assert (standing.checked, standing.stopped, standing.strikes) == (3, 1, 1)


async def test_erasing_a_person_leaves_decisions_without_their_words(stores: Any) -> None:
    await stores.decisions.record(record("d1", span=(0, 2), image_hash="ab", context={"generation_id": "g1"}))
    await stores.cases.open(case("g1"))
    await stores.cases.report(Report(id="r1", reporter_id="ada", target=PROMPT, reason="spam", text="mine", at=NOW))
    later = NOW + timedelta(seconds=1)
    await stores.decisions.rule(ruling("d2", "allow", fingerprint="f", at=later, allowed=overturned("d2")))
    await stores.decisions.erase("ada")
    assert [(each.fingerprint, each.text) for each in await stores.decisions.overturned()] == [("f", None)]
    assert await stores.decisions.allowed("prompt", "f")
    kept = await stores.decisions.decision("d1")
    assert (kept.verdict, kept.owner_id, kept.text, kept.context) == ("block", "erased", None, {})
    assert (kept.span, kept.image_hash) == (None, None)
    assert await stores.cases.case(PROMPT) is None
    assert [each.text for each in await stores.cases.reports(PROMPT)] == [""]


async def test_an_erased_person_is_named_nowhere_and_remembered_as_erased(stores: Any) -> None:
    profile = Target(kind="profile", id="ada")
    await stores.decisions.record(record("d1", target=profile, stage="profile"))
    for name, reporter, target in (("r1", "ben", Target(kind="user", id="ada")), ("r2", "ada", PROMPT)):
        await stores.cases.report(
            Report(id=name, reporter_id=reporter, target=target, reason="spam", text=f"by {reporter}", at=NOW)
        )
    await stores.cases.open(case("g1", owner_id="ben", why=("reported: spam — by ada", "reported: spam — by cy")))
    assert not await stores.decisions.erased("ada")
    await stores.decisions.erase("ada")
    await stores.decisions.erase("ada")
    assert await stores.decisions.erased("ada")
    assert not await stores.decisions.erased("ben")
    assert await stores.decisions.history(profile) == []
    assert (await stores.decisions.decision("d1")).target == Target(kind="profile", id="erased")
    assert set((await stores.cases.case(PROMPT)).why) == {"reported: spam — by cy", "reported: spam"}
    assert await stores.cases.reports(Target(kind="user", id="ada")) == []
    assert [each.reporter_id for each in await stores.cases.reports(PROMPT)] == ["erased"]


async def test_blocked_pictures_are_known_everywhere_until_another_verdict(stores: Any) -> None:
    fingerprint, alike = f"{0x8F00FF3C5A0F9961:016x}", f"{0x8F00FF3C5A0F9961 ^ 0x8000_0400_2010_0801:016x}"
    picture = {"stage": "image", "target": Target(kind="image", id="i1"), "fingerprint": fingerprint}
    await stores.decisions.rule(ruling("d1", "block", known=True, **picture))
    assert await stores.elsewhere.is_known(fingerprint)
    await stores.decisions.rule(ruling("d2", "block", known=True, **picture))
    await stores.decisions.rule(ruling("d3", "block", fingerprint=fingerprint))
    assert await stores.elsewhere.is_known(alike)
    await stores.elsewhere.rule(ruling("d4", "allow", **picture))
    assert not await stores.decisions.is_known(fingerprint)


async def test_a_picture_is_known_by_all_but_six_bits_of_its_fingerprint(stores: Any) -> None:
    blocked = [random.Random(seed).getrandbits(64) for seed in range(30)]
    for at, bits in enumerate(blocked):
        target = Target(kind="image", id=f"i{at}")
        facts: dict[str, Any] = {"stage": "image", "target": target, "fingerprint": f"{bits:016x}"}
        await stores.decisions.rule(ruling(f"d{at}", "block", known=True, **facts))
    for seed, bits in enumerate(blocked):
        changed = random.Random(seed).sample(range(64), 7)
        six = bits ^ sum(1 << place for place in changed[:6])
        assert await stores.decisions.is_known(f"{six:016x}")
        assert not await stores.decisions.is_known(f"{six ^ 1 << changed[6]:016x}")


async def test_pictures_that_an_earlier_version_blocked_are_still_known(stores: Any) -> None:
    if not hasattr(stores, "database"):
        pytest.skip("only a database outlives a version")
    await stores.database["known_pictures"].insert_one({"_id": "8f00ff3c5a0f9961"})
    await stores.decisions.prepare()
    assert await stores.decisions.is_known("8f00ff3c5a0f9960")
