"""How many pictures each person has had painted today, and how long painting took for all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pymongo.errors import DuplicateKeyError

from shared.mongo import Mongo


def day_of(moment: datetime) -> str:
    """The day in UTC, as 2026-11-25."""
    return moment.astimezone(UTC).date().isoformat() if moment.tzinfo else moment.date().isoformat()


def day_ends_in_s(now: datetime) -> int:
    """Seconds until the day in UTC is over, at least 1."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, int((midnight - now).total_seconds()))


class Quotas:
    """One row `{_id: "<person>:<day>", used}` for each person and day, gone two days later.

    A row, not a count of the records: what is painted and deleted again has cost as much as what is kept.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["picture_quotas"]

    async def create_indexes(self) -> None:
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def take(self, user_id: str, now: datetime, pictures: int, *, limit: int) -> bool:
        """Take so many of today's pictures, all or none; False when fewer are left."""
        if pictures > limit:
            return False
        fits = {"_id": f"{user_id}:{day_of(now)}", "used": {"$lte": limit - pictures}}
        change = {"$inc": {"used": pictures}, "$setOnInsert": {"expires_at": now + timedelta(days=2)}}
        try:
            await self._rows.update_one(fits, change, upsert=True)
        except DuplicateKeyError:
            # The row is there and did not fit, or somebody made it between looking and inserting.
            return bool((await self._rows.update_one(fits, change)).matched_count)
        return True

    async def give_back(self, user_id: str, taken_at: datetime, pictures: int) -> None:
        """Give back pictures that were taken on that day."""
        row = {"_id": f"{user_id}:{day_of(taken_at)}", "used": {"$gte": pictures}}
        await self._rows.update_one(row, {"$inc": {"used": -pictures}})

    async def used(self, user_id: str, now: datetime) -> int:
        """How many were taken today."""
        row = await self._rows.find_one({"_id": f"{user_id}:{day_of(now)}"})
        return int(row["used"]) if row else 0

    async def delete_of(self, user_id: str) -> None:
        """Forget a person."""
        await self._rows.delete_many({"_id": {"$regex": f"^{user_id}:"}})


class GpuBudget:
    """One row `{_id: <day>, painted_ms}` for each day."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["gpu_budget"]

    async def spend(self, painted_ms: float) -> None:
        """Painting took so long."""
        await self._rows.update_one(
            {"_id": day_of(datetime.now(UTC))}, {"$inc": {"painted_ms": painted_ms}}, upsert=True
        )

    async def spent_s(self) -> float:
        """How long painting took today, in seconds."""
        row = await self._rows.find_one({"_id": day_of(datetime.now(UTC))})
        return float(row["painted_ms"]) / 1000 if row else 0.0
