"""What a person's encounters say of their taste: what they like and how much, what they turned away and when.

Weights follow the usual order of explicit over implicit signs (Hu, Koren, Volinsky 2008, confidence of implicit
feedback). Taste fades with a half-life of 45 days. "Less like this" acts in full for 14 days and then fades out
linearly until 140 days have passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.feed.records import Encounter, Gesture, Post, ReactionKind

REACTION_WEIGHTS: dict[ReactionKind, float] = {"remix": 1.6, "bookmark": 1.2, "like": 1.0, "share": 1.0, "comment": 0.8}
GESTURE_WEIGHTS: dict[Gesture, float] = {"more": 1.5, "dwelled": 0.4, "opened": 0.2}
TASTE_HALF_LIFE = timedelta(days=45)
HARD = timedelta(days=14)
SOFT = timedelta(days=140)
HIDDEN_STRENGTH = 0.5
MOST_LIKED = 100
MOST_DISLIKED = 40
MOST_FORGOTTEN = 1_000
"""Liked posts that are looked at when an interest is to be forgotten whole."""
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dislike:
    """A post that was turned away. `strength` is in (0, 1]; `hard` while its nearest kin must not be shown at all."""

    post_id: str
    strength: float
    hard: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Taste:
    """`liked` holds weights by post id, the dearest first; `latest` the same by when the last sign was given, the
    latest first; `dislikes` the freshest first."""

    liked: dict[str, float]
    latest: dict[str, float]
    dislikes: tuple[Dislike, ...]
    authors: Mapping[str, float]
    words: Mapping[str, float]
    unwanted_words: Mapping[str, float]

    @property
    def confidence(self) -> float:
        """How much is known of what this person likes, 0…1 (the total weight; ten likes count as enough)."""
        return min(1.0, sum(self.liked.values()) / 10.0)


NO_TASTE: Final = Taste({}, {}, (), {}, {}, {})
"""Of someone who has done nothing yet, or who wants no personal pages."""


def taste_of(
    encounters: Iterable[Encounter],
    now: datetime,
    post: Callable[[str], Post | None],
    reset_at: datetime | None = None,
    *,
    most_liked: int = MOST_LIKED,
) -> Taste:
    """Read a taste out of encounters; `post` finds posts that are still known, for authors and words.

    What was done until `reset_at`, or until the encounter was forgotten, says nothing.
    """
    liked: dict[str, float] = {}
    moments: dict[str, datetime] = {}
    dislikes: list[tuple[datetime, Dislike]] = []
    for encounter in encounters:
        cut = max(reset_at or NEVER, encounter.forgotten_at or NEVER)
        unwanted = encounter.unwanted_at
        if unwanted is not None and unwanted > cut:
            dislike = _dislike(encounter, unwanted, now)
            if dislike.strength > 0:
                dislikes.append((unwanted, dislike))
            continue
        signs = [(REACTION_WEIGHTS[kind], at) for kind, at in encounter.reactions.items() if at > cut]
        signs += [(GESTURE_WEIGHTS.get(name, 0.0), at) for name, at in encounter.gestures.items() if at > cut]
        weight = sum(sign * _fade(at, now) for sign, at in signs)
        if weight > 0.01:
            liked[encounter.post_id] = weight
            moments[encounter.post_id] = max(at for sign, at in signs if sign > 0)
    dearest = dict(sorted(liked.items(), key=lambda item: (-item[1], item[0]))[:most_liked])
    latest = sorted(moments, key=lambda post_id: (moments[post_id], post_id), reverse=True)[:most_liked]
    dislikes.sort(key=lambda item: item[0], reverse=True)
    freshest = tuple(dislike for _, dislike in dislikes[:MOST_DISLIKED])
    authors: dict[str, float] = defaultdict(float)
    words: dict[str, float] = defaultdict(float)
    unwanted_words: dict[str, float] = defaultdict(float)
    for post_id, weight in dearest.items():
        if (known := post(post_id)) is not None:
            authors[known.author_id] += weight
            for word in known.words:
                words[word] += weight
    for dislike in freshest:
        if (known := post(dislike.post_id)) is not None:
            for word in known.words:
                unwanted_words[word] += dislike.strength
    return Taste(dearest, {post_id: liked[post_id] for post_id in latest}, freshest, authors, words, unwanted_words)


def _fade(at: datetime, now: datetime) -> float:
    return float(0.5 ** max(0.0, (now - at) / TASTE_HALF_LIFE))


def _dislike(encounter: Encounter, at: datetime, now: datetime) -> Dislike:
    age = now - at
    full = 1.0 if "less" in encounter.gestures else HIDDEN_STRENGTH
    left = 1.0 if age <= HARD else max(0.0, (SOFT - age) / (SOFT - HARD))
    return Dislike(encounter.post_id, full * left, hard="less" in encounter.gestures and age <= HARD, since=at)
