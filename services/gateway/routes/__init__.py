"""The public API, one router file for each resource; each exposes `router`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter

NAMES = (
    "accounts",
    "sessions",
    "me",
    "users",
    "generations",
    "prompts",
    "models",
    "posts",
    "reactions",
    "post_lists",
    "comments",
    "feed",
    "search",
    "notifications",
    "safety",
    "moderation",
    "status",
    "media",
    "share",
)


def routers() -> list[APIRouter]:
    """Every router, in the order of the reference page."""
    found = (f"{__name__}.{name}" for name in NAMES)
    return [import_module(module).router for module in found if find_spec(module)]
