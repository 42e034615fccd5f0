"""What a stored point must satisfy, in a form that both of Qdrant's interfaces can be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.search.payload import fold
from services.search.points import Entry, Where, milliseconds
from shared.events import Target


@dataclass(frozen=True)
class Is:
    """The field, or one of its elements, has this value."""

    field: str
    value: str | int


@dataclass(frozen=True)
class Within:
    """The number lies in `at_least <= x < below`."""

    field: str
    at_least: int | None = None
    below: int | None = None


@dataclass(frozen=True)
class Among:
    """The point has one of these ids."""

    ids: Sequence[str]


@dataclass(frozen=True)
class All:
    """Every `must`, no `must_not`, and, if there are any, at least one `should`."""

    must: Sequence[Condition] = ()
    must_not: Sequence[Condition] = ()
    should: Sequence[Condition] = ()


Condition = Is | Within | Among | All


def passing(where: Where) -> All:
    """Posts in sight that satisfy a search's filter."""
    must: list[Condition] = [Is("kind", "post"), Is("withheld", 0)]
    if where.public_only:
        must.append(Is("visibility", "public"))
    wanted = (("author_id", where.author_id), ("aspect", where.aspect), ("model", where.model))
    must += [Is(name, value) for name, value in wanted if value is not None]
    if where.tag is not None:
        must.append(Is("tags", fold(where.tag)))
    if where.after or where.before:
        after, before = (milliseconds(moment) if moment else None for moment in (where.after, where.before))
        must.append(Within("published_at", after, before))
    return All(must, [Among(where.exclude)] if where.exclude else [])


def older_than(entry: Entry) -> All:
    """Stored posts that an entry replaces; says in Qdrant's terms what `Entry.replaces` says in Python's."""
    version = entry.post.version
    same: list[Condition] = [Is("version", version)]
    settled: list[Condition] = [Is("encoder", entry.encoder)]
    if entry.complete:
        settled.append(Is("complete", 1))
    return All(should=[Within("version", below=version), All(same, [All(settled)])])


def about(target: Target | None) -> All:
    """Posts that are, show, or were made by a post, image or user; without one, all posts."""
    if target is None:
        return All([Is("kind", "post")])
    if target.kind == "post":
        return All([Is("kind", "post"), Among([target.id])])
    return All([Is("kind", "post"), Is("image_ids" if target.kind == "image" else "author_id", target.id)])
