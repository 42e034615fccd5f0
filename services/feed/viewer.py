"""One person as the feed knows them: whom they follow, whom they must not meet, and what they have done with posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.feed.records import Encounter, Post, Relation, Steering


@dataclass(slots=True)
class Viewer:
    """`id` is None for someone who is not signed in: they know nobody and have seen nothing."""

    id: str | None
    encounters: dict[str, Encounter] = field(default_factory=dict)
    _relations: dict[tuple[str, str, str], tuple[datetime, bool]] = field(default_factory=dict)
    follows: set[str] = field(default_factory=set)
    hidden_people: set[str] = field(default_factory=set)
    """Blocked, blocked by, or muted."""
    steering: Steering = field(default_factory=Steering)

    def learn(self, encounters: Iterable[Encounter], relations: Iterable[Relation]) -> None:
        """Take in what the record has newly said of this person."""
        for encounter in encounters:
            self.encounters[encounter.post_id] = encounter
        changed = False
        for relation in relations:
            key = (relation.kind, relation.user_id, relation.target_id)
            known = self._relations.get(key)
            if known is None or known[0] < relation.at:
                self._relations[key] = (relation.at, relation.on)
                changed = True
        if changed:
            standing = [key for key, (_, on) in self._relations.items() if on]
            self.follows = {target for kind, user, target in standing if kind == "follow" and user == self.id}
            self.hidden_people = {
                target if user == self.id else user for kind, user, target in standing if kind in ("block", "mute")
            }

    def may_see(self, post: Post) -> bool:
        """Whether the post may stand before this person at all."""
        if post.gone or post.author_id in self.hidden_people:
            return False
        if post.visibility == "public":
            return True
        return post.visibility == "followers" and (post.author_id in self.follows or post.author_id == self.id)

    def turned_away(self, post_id: str) -> bool:
        """Whether the person asked for less of this very post, or hid it."""
        encounter = self.encounters.get(post_id)
        return encounter is not None and encounter.unwanted_at is not None

    def has_met(self, post_id: str) -> bool:
        """Whether the person has seen the post or reacted to it."""
        return post_id in self.encounters

    def has_seen(self, post_id: str) -> bool:
        """Whether the post has stood before the person's eyes on a page."""
        encounter = self.encounters.get(post_id)
        return encounter is not None and encounter.seen
