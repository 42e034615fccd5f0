"""Who lives in a seeded Promptgram, and what they like. All are invented."""

from __future__ import annotations

from dataclasses import dataclass

THEMES: dict[str, tuple[str, ...]] = {
    "forest": ("fox", "owl", "hedgehog", "squirrel", "bear", "deer", "mushroom", "evergreen tree"),
    "sea": ("octopus", "whale", "dolphin", "turtle", "tropical fish", "crab", "sailboat", "spiral shell"),
    "pets": ("cat", "dog", "rabbit", "hamster", "parrot", "goldfish"),
    "garden": ("sunflower", "tulip", "rose", "cactus", "butterfly", "bee", "snail", "lady beetle"),
    "sky": ("crescent moon", "sun", "rainbow", "star", "cloud", "comet", "hot air balloon"),
    "travel": ("rocket", "airplane", "bicycle", "locomotive", "bus", "tent", "motor scooter"),
    "kitchen": ("strawberry", "avocado", "pizza", "doughnut", "cupcake", "watermelon", "teapot", "croissant"),
    "music": ("guitar", "violin", "trumpet", "drum", "saxophone", "musical keyboard"),
    "wonders": ("dragon", "unicorn", "ghost", "robot", "alien", "snowman", "castle", "crystal ball"),
    "things": ("umbrella", "crown", "gem stone", "key", "lantern", "open book", "teddy bear", "alarm clock"),
}
"""Theme → what is painted. Everything here is in the pocket model's vocabulary; larger models paint it too."""

CAPTIONS: dict[str, tuple[str, ...]] = {
    "forest": ("Met on the way home.", "The woods are quiet today.", "One more neighbour under the trees."),
    "sea": ("Low tide, high spirits.", "Somewhere between two waves.", "I could look at the water all day."),
    "pets": ("Who rescued whom?", "This one runs the household.", "Asked for a treat, got a portrait."),
    "garden": ("First one this year!", "The balcony is doing well.", "Grown from patience, mostly."),
    "sky": ("Looked up at the right moment.", "Weather report: beautiful.", "For everybody who is still awake."),
    "travel": ("Where shall we go?", "Packed too much again.", "The long way round, please."),
    "kitchen": ("Breakfast, improved.", "Lasted four minutes on the table.", "Secret ingredient: more of it."),
    "music": ("Practice, day 41.", "Turn it up.", "Found in grandmother's attic."),
    "wonders": ("It said hello first.", "Not in my biology book.", "Pictures or it didn't happen."),
    "things": ("A small still life.", "Every object has a story.", "Looking for its owner."),
}

COMMENTS: tuple[str, ...] = (
    "The colours are lovely.", "This made my morning.", "I want this as a sticker!", "How did you get that light?",
    "More of these, please.", "So calm. I like it.", "My daughter says: again!", "That background is perfect.",
    "I tried the same words and got something quite different.", "Straight into my bookmarks.",
    "The little details!", "Could you do one in blue?", "Now I have to paint one too.", "Delightful.",
)  # fmt: skip

REPLIES: tuple[str, ...] = (
    "Thank you!", "Glad you like it.", "It took three tries.", "Just the words you see.", "I'll try that next.",
    "Go on, I'd love to see yours.",
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One person: what they paint and like (`themes`), and the colours they come back to."""

    username: str
    name: str
    bio: str
    themes: tuple[str, ...]
    colours: tuple[str, ...]


CAST: tuple[Member, ...] = (
    Member(
        "mira_okafor",
        "Mira Okafor",
        "Forest walks, ink and tea. Lagos → Oslo.",
        ("forest", "garden"),
        ("green", "teal"),
    ),
    Member(
        "jonas_lind",
        "Jonas Lind",
        "Sailor. I paint what the sea won't show me.",
        ("sea", "sky"),
        ("navy", "light blue"),
    ),
    Member("yuki_t", "Yuki Tanaka", "Three cats, one human.", ("pets", "kitchen"), ("pink", "beige")),
    Member("amara", "Amara Diallo", "Gardener on a fourth-floor balcony.", ("garden", "kitchen"), ("orange", "green")),
    Member("leo_brandt", "Leo Brandt", "Night trains and early flights.", ("travel", "sky"), ("navy", "red")),
    Member(
        "sofia_r", "Sofía Rojas", "Violin teacher. Colours have a sound.", ("music", "things"), ("purple", "yellow")
    ),
    Member(
        "tomasz", "Tomasz Nowak", "Dragons are just misunderstood lizards.", ("wonders", "forest"), ("purple", "teal")
    ),
    Member("ines_faria", "Inês Faria", "Baker. Up since four.", ("kitchen", "pets"), ("beige", "pink")),
    Member("kofi", "Kofi Mensah", "Physics by day, moons by night.", ("sky", "wonders"), ("navy", "yellow")),
    Member(
        "hanna_v", "Hanna Virtanen", "Lake swimmer. Minimalist by laziness.", ("sea", "forest"), ("light blue", "white")
    ),
    Member(
        "ravi_iyer", "Ravi Iyer", "Jazz, trains and far too many bicycles.", ("music", "travel"), ("orange", "blue")
    ),
    Member(
        "noor", "Noor Haddad", "I collect small things and large stories.", ("things", "wonders"), ("teal", "yellow")
    ),
    Member("elif_k", "Elif Kaya", "Tea, tulips, Istanbul ferries.", ("garden", "sea"), ("red", "light blue")),
    Member("sam_whitlock", "Sam Whitlock", "Dad of two tiny art directors.", ("wonders", "pets"), ("green", "orange")),
    Member("chiara", "Chiara Moretti", "Still life, but moving.", ("kitchen", "things"), ("red", "beige")),
    Member("dmitri", "Dmitri Volkov", "Bears. Sometimes a hedgehog.", ("forest", "pets"), ("gray", "green")),
    Member("lucia_p", "Lucía Peña", "Astronomer who can't draw.", ("sky", "travel"), ("purple", "navy")),
    Member("olu", "Olu Adeyemi", "Trumpet. Occasionally in tune.", ("music", "kitchen"), ("yellow", "blue")),
    Member("freya", "Freya Jensen", "Tide pools and wool sweaters.", ("sea", "pets"), ("teal", "beige")),
    Member("bao", "Bao Nguyen", "Robots with feelings.", ("wonders", "things"), ("light blue", "gray")),
    Member("maelle", "Maëlle Laurent", "Botanical illustrator on holiday.", ("garden", "forest"), ("pink", "green")),
    Member("zane", "Zane Carter", "If it has wheels, I'm in.", ("travel", "music"), ("red", "yellow")),
    Member("priya_s", "Priya Shah", "Finding the quiet in loud colours.", ("sky", "garden"), ("orange", "purple")),
    Member("walter", "Walter Hughes", "Retired clockmaker, new at this.", ("things", "travel"), ("beige", "navy")),
)
