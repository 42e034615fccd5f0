"""A made-up community: pictures whose contents are known, and posts that tell the truth of them, nothing, or a lie."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import torch
from torch import Tensor

from shared.events import PostImage, PostPublished
from shared.media import nearest_kept, rendition_key
from training.clip.examination import SIDE, painted
from training.clip.pictures import scenes_of
from training.clip.texts import is_examined, taught
from training.pocket.captions import Caption, CaptionWriter
from training.pocket.icons import Concept

HONEST, HIDDEN, CONTRARY = "honest", "hidden", "contrary"
KINDS = (HONEST, HONEST, HIDDEN, CONTRARY)
"""What the posts about one object are: the prompt says what the picture shows, is hidden, or is another post's."""
OBJECTS = 400
"""How many objects each community knows."""
SERIES_OF = 4
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
START = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = str(UUID(int=0))


@dataclass(frozen=True)
class Question:
    """Words somebody looks for pictures with, and the posts that are right: they show it, or are of that series.

    Attributes:
        kind: an object's `name`; a `keyword` that for some object was kept out of the encoder's training and out of
            the prompts (other objects may have it too); or the made-up name of a `series`, which stands in captions
            and has nothing to do with what pictures show.
    """

    text: str
    kind: str
    right: frozenset[str]


@dataclass(frozen=True)
class Community:
    """Posts, the bytes of their pictures by key of the object store, and what people look for."""

    posts: list[PostPublished]
    pictures: dict[str, bytes]
    questions: list[Question]


def halves(concepts: list[Concept]) -> tuple[list[int], list[int]]:
    """Objects to choose with and objects to report on, out of the two halves that the cutoffs were chosen by too."""
    rng = random.Random(len(concepts))
    first, second = (range(start, len(concepts), 2) for start in (0, 1))
    chosen = (sorted(rng.sample(half, min(OBJECTS, len(half)))) for half in (first, second))
    return next(chosen), next(chosen)


def community(concepts: list[Concept], icons: tuple[Tensor, Tensor], rows: list[int], seed: int) -> Community:
    """A community that knows the objects in these rows and no others.

    Args:
        icons: uint8, (concepts, 4, S, S), and the same at half the resolution.
    """
    known = [concepts[row] for row in rows]
    writer, rng = CaptionWriter(taught(known)), random.Random(seed)
    captions = [writer.write(index, rng) for index in range(len(known)) for _ in KINDS]
    kinds = [kind for _ in known for kind in KINDS]
    scenes = scenes_of(captions, len(known), torch.Generator().manual_seed(seed))
    data = painted((icons[0][rows], icons[1][rows]), scenes)
    series = _series(len(captions), rng)
    prompts = _prompts(captions, kinds, rng)
    posts = [_post(number, prompt, of) for number, (prompt, of) in enumerate(zip(prompts, series, strict=True))]
    keys = [rendition_key(post.images[0].hash, nearest_kept("320", SIDE), "jpg") for post in posts]
    return Community(posts, dict(zip(keys, data, strict=True)), _questions(known, captions, posts, series))


def _prompts(captions: list[Caption], kinds: list[str], rng: random.Random) -> list[str | None]:
    contrary = [number for number, kind in enumerate(kinds) if kind == CONTRARY]
    shuffled = rng.sample(contrary, len(contrary))
    # Along one circle through all of them, so that nobody keeps the own prompt.
    others = dict(zip(shuffled, [*shuffled[1:], shuffled[0]], strict=True))
    return [None if kind == HIDDEN else captions[others.get(number, number)].text for number, kind in enumerate(kinds)]


def _series(count: int, rng: random.Random) -> list[str]:
    """For each post the series it is of: a made-up word that a few posts at random have in common."""
    words = {"".join(rng.sample(_SYLLABLES, 4)) for _ in range(count)}
    places = rng.sample(range(count), count)
    ordered = sorted(words)
    return [ordered[place // SERIES_OF] for place in places]


def _post(number: int, prompt: str | None, series: str) -> PostPublished:
    post_id = str(UUID(int=number + 1))
    image = PostImage(
        image_id=post_id, hash=f"{number:032x}", width=SIDE, height=SIDE, seed=number, alt="", prompt=prompt
    )
    return PostPublished(
        post_id=post_id, version=1, author_id=AUTHOR, author_username="painter", images=(image,),
        caption=f"from my series {series}", model="pocket", aspect="1:1", visibility="public",
        published_at=START + timedelta(minutes=number),
    )  # fmt: skip


def _questions(
    known: list[Concept], captions: list[Caption], posts: list[PostPublished], series: list[str]
) -> list[Question]:
    shown: list[set[str]] = [set() for _ in known]
    for caption, post in zip(captions, posts, strict=True):
        for concept in caption.concepts:
            if concept < len(known):
                shown[concept].add(post.post_id)
    names: dict[str, set[str]] = {}
    keywords: dict[str, set[str]] = {}
    for index, concept in enumerate(known):
        names.setdefault(concept.name, set()).update(shown[index])
    unseen = {word for concept in known for word in concept.keywords if is_examined(concept, word)}
    for index, concept in enumerate(known):
        for word in unseen.intersection(concept.keywords):
            keywords.setdefault(word, set()).update(shown[index])
    members: dict[str, set[str]] = {}
    for name, post in zip(series, posts, strict=True):
        members.setdefault(name, set()).add(post.post_id)
    return [
        Question(text, kind, frozenset(right))
        for kind, asked in (("name", names), ("keyword", keywords), ("series", members))
        for text, right in sorted(asked.items())
        if kind == "name" or text not in names
    ]
