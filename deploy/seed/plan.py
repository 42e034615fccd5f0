"""What the seeded people do. The same numbers give the same acts, so a second run goes on where the first ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from deploy.seed.cast import CAPTIONS, CAST, COMMENTS, REPLIES, THEMES, Member

FIRST_SEED = 70_000
SEEDS_APART = 10
ALBUM_SHARE, QUIET_SHARE, HIDDEN_SHARE, REMIX_SHARE = 0.12, 0.25, 0.08, 0.08
FOLLOW_SHARE = 0.3
LIKED_ANYWAY, LIKED_FOR_THEME, LIKED_FOR_COLOUR = 0.04, 0.42, 0.18
KEPT_OF_LIKED, SAID_OF_LIKED, ANSWERED = 0.15, 0.16, 0.5
_SHAPES = (
    ("a {colour} {thing} on a {background} background", 4),
    ("a {thing} on a {background} background", 4),
    ("a {thing} and a {other} on a {background} background", 2),
    ("a big {thing} in front of a {background} wall", 1),
)


@dataclass(frozen=True)
class Wish:
    """One post to be: who paints what. `seed` tells it from all others."""

    number: int
    author: Member
    theme: str
    colour: str
    prompt: str
    caption: str
    pictures: int
    show_prompt: bool
    remix_of: int | None

    @property
    def seed(self) -> int:
        return FIRST_SEED + self.number * SEEDS_APART


@dataclass(frozen=True)
class Remark:
    """A comment, and perhaps the author's reply."""

    by: Member
    text: str
    reply: str | None


def wish(number: int) -> Wish:
    """The post of that number."""
    dice = Random(f"wish {number}")
    author = CAST[number % len(CAST)] if number < len(CAST) else dice.choice(CAST)
    theme = dice.choice(author.themes)
    thing, other = dice.sample(THEMES[theme], 2)
    background = dice.choice(author.colours)
    colour = dice.choice([one for one in ("red", "blue", "green", "purple", "orange", "pink") if one != background])
    shape = dice.choices([text for text, _ in _SHAPES], [weight for _, weight in _SHAPES])[0]
    prompt = shape.format(colour=colour, thing=thing, other=other, background=background)
    return Wish(
        number=number,
        author=author,
        theme=theme,
        colour=background,
        prompt=re.sub(r"\ba (?=[aeiou](?!ni))", "an ", prompt),
        caption="" if dice.random() < QUIET_SHARE else dice.choice(CAPTIONS[theme]),
        pictures=dice.choice((2, 3)) if dice.random() < ALBUM_SHARE else 1,
        show_prompt=dice.random() >= HIDDEN_SHARE,
        remix_of=_source(number, author, dice),
    )


def number_of(seed: int) -> int:
    """Which post has this seed."""
    return (seed - FIRST_SEED) // SEEDS_APART


def _source(number: int, author: Member, dice: Random) -> int | None:
    """The post that this one is a remix of: one of everybody's first, which are all there before the rest."""
    if number < len(CAST) or dice.random() >= REMIX_SHARE:
        return None
    return dice.choice([first for first in range(len(CAST)) if CAST[first] is not author])


def followed(member: Member) -> list[Member]:
    """Whom a person follows: more likely those of like taste."""
    dice = Random(f"follow {member.username}")
    return [
        other
        for other in CAST
        if other is not member and dice.random() < FOLLOW_SHARE * (2 if set(other.themes) & set(member.themes) else 0.6)
    ]


def likers(post: Wish) -> list[Member]:
    """Who likes a post, by taste."""
    dice = Random(f"like {post.number}")
    # Some pictures are luckier than others, as everywhere.
    luck = 0.5 + dice.random()
    found = []
    for member in CAST:
        liking = LIKED_ANYWAY + LIKED_FOR_THEME * (post.theme in member.themes)
        liking += LIKED_FOR_COLOUR * (post.colour in member.colours)
        if dice.random() < liking * luck and member is not post.author:
            found.append(member)
    return found


def keepers(post: Wish) -> list[Member]:
    """Who bookmarks it."""
    dice = Random(f"keep {post.number}")
    return [member for member in likers(post) if dice.random() < KEPT_OF_LIKED]


def remarks(post: Wish) -> list[Remark]:
    """What is said about it."""
    dice = Random(f"say {post.number}")
    speakers = [member for member in likers(post) if dice.random() < SAID_OF_LIKED]
    texts = dice.sample(COMMENTS, len(speakers))
    return [
        Remark(member, text, dice.choice(REPLIES) if dice.random() < ANSWERED else None)
        for member, text in zip(speakers, texts, strict=True)
    ]
