"""Which methods an address takes: for 405 answers, whose `Allow` has to name all of them.

The router itself names those of the first route it met, and the web app's route takes every GET that no other took.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.routing import Route


def methods_at(routers: Sequence[APIRouter], path: str) -> list[str]:
    """The methods of the routes at this path, sorted; empty where no route is. A literal path goes before a pattern."""
    routes = [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and route.path_regex.match(path)
    ]
    literal = [route for route in routes if route.path == path]
    methods = {method for route in literal or routes for method in route.methods or ()}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
