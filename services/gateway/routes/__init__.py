"""The public API, one router file for each resource."""

from __future__ import annotations

from fastapi import APIRouter

from services.gateway.routes import (
    accounts,
    comments,
    feed,
    generations,
    issuer,
    me,
    media,
    models,
    moderation,
    notifications,
    post_lists,
    posts,
    prompts,
    reactions,
    safety,
    search,
    sessions,
    share,
    status,
    taste,
    users,
)

ROUTERS: tuple[APIRouter, ...] = (
    accounts.router,
    sessions.router,
    issuer.router,
    me.router,
    users.router,
    generations.router,
    prompts.router,
    models.router,
    posts.router,
    reactions.router,
    post_lists.router,
    comments.router,
    feed.router,
    taste.router,
    search.router,
    notifications.router,
    safety.router,
    moderation.router,
    status.router,
    media.router,
    share.router,
)
"""In the order of the reference page."""
