"""What can be configured in the feed."""

from __future__ import annotations

from pydantic import Field

from shared.settings import MongoSettings


class FeedSettings(MongoSettings):
    """Settings of the feed service."""

    feed_pool_size: int = Field(
        50_000, ge=100, description="How many of the newest posts are considered; about 1 KB of memory each."
    )
    feed_exploration: float = Field(
        0.15, ge=0, le=0.5, description="Share of a personal page given to posts that few people have seen yet."
    )
