"""Captions with the scene that each describes: the prior's training examples."""

import random
import re
from dataclasses import dataclass

from services.generation.pocket.palette import BACKGROUNDS, NATURAL, OBJECT_COLOURS
from services.generation.pocket.prior import PLACES, SIZES
from training.pocket.icons import Concept

SYNONYMS = {
    "gray": ("gray", "grey"),
    "purple": ("purple", "violet"),
    "teal": ("teal", "turquoise", "cyan"),
    "pink": ("pink", "magenta"),
    "navy": ("navy", "dark blue", "navy blue", "midnight blue"),
    "light blue": ("light blue", "sky blue", "pale blue"),
    "beige": ("beige", "cream", "sand"),
    "yellow": ("yellow", "golden"),
}
OPENINGS = (
    ("", 8), ("a picture of", 2), ("an icon of", 2), ("an emoji of", 1), ("a drawing of", 1), ("an illustration of", 1),
    ("a cute", 1), ("a photo of", 1), ("a 3d render of", 1), ("a sticker of", 1), ("please draw", 1),
    ("image of", 1),
)  # fmt: skip
ENDINGS = (
    ("", 14), (", high quality", 1), (", 3d", 1), (", cute", 1), (" icon", 2), (" emoji", 1), (", digital art", 1),
)  # fmt: skip
BACKGROUND_PHRASES = (
    "on a {} background",
    "with a {} background",
    "on {}",
    "against a {} background",
    "{} background",
    "on a {} backdrop",
    "in front of a {} wall",
    "over a plain {} background",
)
PLACE_PHRASES = {
    "left": ("on the left", "on the left side", "at the left", "to the left"),
    "right": ("on the right", "on the right side", "at the right", "to the right"),
    "top": ("at the top", "at the top of the picture"),
    "bottom": ("at the bottom", "at the bottom of the picture"),
}
SIZE_WORDS = {"small": ("small", "tiny", "little"), "large": ("big", "huge", "large", "giant")}
PAIR_PHRASES = (
    ("{0} and {1}", 5), ("{0} next to {1}", 3), ("{0} beside {1}", 2), ("{0} with {1}", 2), ("{0}, {1}", 1),
    ("{0} on the left and {1} on the right", 3), ("{0} to the left of {1}", 2), ("{1} to the right of {0}", 2),
    ("{0} under {1}", 1), ("{0} near {1}", 1), ("{0} and {1} side by side", 2),
)  # fmt: skip
COLOUR_WORD = re.compile(r"\b(" + "|".join([*OBJECT_COLOURS, *sum(SYNONYMS.values(), ())]) + r")\b")


@dataclass(frozen=True)
class Caption:
    """A text and the indices of what it describes; see :class:`services.generation.pocket.prior.SceneLogits`."""

    text: str
    concepts: tuple[int, int]
    colours: tuple[int, int]
    background: int
    place: int
    size: int


def weighted(choices: tuple[tuple[str, int], ...], rng: random.Random) -> str:
    return rng.choices([text for text, _ in choices], [weight for _, weight in choices])[0]


def article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


class CaptionWriter:
    """Writes random captions about the concepts."""

    def __init__(self, concepts: list[Concept]) -> None:
        self.concepts = concepts
        self.tintable = [not COLOUR_WORD.search(concept.name) for concept in concepts]

    def noun(self, concept: Concept, rng: random.Random) -> str:
        """What to call a concept: mostly its name, else one or two of its keywords."""
        name = re.sub(r"[:“”!]", "", concept.name)
        tags = concept.keywords
        kind = rng.random()
        if kind < 0.6 or not tags:
            return name
        if kind < 0.7:
            return f"{rng.choice(tags)} {name}"
        if len(tags) == 1 or kind < 0.8:
            return rng.choice(tags)
        if kind < 0.97:
            joint = rng.choice(("{} {}", "{} {}", "{} and {}", "{} in {}", "{} with {}", "{}, {}"))
            return joint.format(*rng.sample(tags, 2))
        return " ".join(rng.sample(tags, min(3, len(tags))))

    def coloured(self, index: int, rng: random.Random, share: float) -> tuple[str, int]:
        """A noun phrase, sometimes with a colour, and the index of that colour."""
        noun = self.noun(self.concepts[index], rng)
        if not self.tintable[index] or COLOUR_WORD.search(noun) or rng.random() >= share:
            return noun, 0
        names = [NATURAL, *OBJECT_COLOURS]
        colour = rng.randrange(1, len(names))
        return f"{rng.choice(SYNONYMS.get(names[colour], (names[colour],)))} {noun}", colour

    def write(self, index: int, rng: random.Random) -> Caption:
        """One caption whose first object is the given concept."""
        nothing = len(self.concepts)
        paired = rng.random() < 0.22
        place, size = "middle", "normal"
        first, colour = self.coloured(index, rng, share=0.4)
        second, second_index, second_colour = "", nothing, 0
        if paired:
            second_index = rng.randrange(nothing)
            second, second_colour = self.coloured(second_index, rng, share=0.4)
            text = weighted(PAIR_PHRASES, rng).format(article(first), article(second))
        else:
            if rng.random() < 0.2:
                size = rng.choice(list(SIZE_WORDS))
                first = f"{rng.choice(SIZE_WORDS[size])} {first}"
            text = article(first) if rng.random() < 0.5 else first
            if rng.random() < 0.2:
                place = rng.choice(list(PLACE_PHRASES))
                text = f"{text} {rng.choice(PLACE_PHRASES[place])}"
        background = 0
        if rng.random() < 0.5:
            names = list(BACKGROUNDS)
            background = rng.randrange(1, 1 + len(names))
            named = names[background - 1]
            named = rng.choice(SYNONYMS.get(named, (named,)))
            text = f"{text} {rng.choice(BACKGROUND_PHRASES).format(named)}".replace(" a orange", " an orange")
        text = f"{weighted(OPENINGS, rng)} {text}{weighted(ENDINGS, rng)}".strip()
        if rng.random() < 0.2:
            text = text.capitalize()
        return Caption(
            text, (index, second_index), (colour, second_colour), background, PLACES.index(place), SIZES.index(size)
        )

    def corpus(self, per_concept: int, seed: int) -> list[Caption]:
        """The same captions for the same seed: so many about each concept, and its bare name once, shuffled."""
        rng = random.Random(seed)
        nothing = len(self.concepts)
        captions = [
            Caption(concept.name, (index, nothing), (0, 0), 0, 0, 0) for index, concept in enumerate(self.concepts)
        ]
        captions += [self.write(index, rng) for _ in range(per_concept) for index in range(nothing)]
        rng.shuffle(captions)
        return captions
