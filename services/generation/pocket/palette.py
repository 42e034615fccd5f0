"""The colours that the pocket model knows by name."""

from types import MappingProxyType
from typing import Final

Rgb = tuple[float, float, float]


def _rgb(code: str) -> Rgb:
    red, green, blue = bytes.fromhex(code)
    return (red / 255, green / 255, blue / 255)


NATURAL: Final = "natural"
"""The object colour that leaves an icon as it is."""

OBJECT_COLOURS: Final = MappingProxyType(
    {
        "red": _rgb("d92b2b"),
        "orange": _rgb("f28320"),
        "yellow": _rgb("f7d027"),
        "green": _rgb("35a345"),
        "teal": _rgb("1fa7a0"),
        "blue": _rgb("2f6fe0"),
        "purple": _rgb("8646c9"),
        "pink": _rgb("f06fb0"),
        "brown": _rgb("8a5433"),
        "black": _rgb("2b2b30"),
        "white": _rgb("ececf0"),
        "gray": _rgb("8d9097"),
    }
)
"""Object colours, sRGB in 0..1; the order is part of the weights (index 0 is :data:`NATURAL`)."""

BACKGROUNDS: Final = MappingProxyType(
    {
        "white": _rgb("fafafa"),
        "black": _rgb("17171a"),
        "gray": _rgb("9a9da3"),
        "red": _rgb("d93a3a"),
        "orange": _rgb("f59a3c"),
        "yellow": _rgb("f9dc55"),
        "green": _rgb("58b368"),
        "teal": _rgb("3db5ad"),
        "light blue": _rgb("a9d6f5"),
        "blue": _rgb("3f7fe8"),
        "navy": _rgb("1d2a5c"),
        "purple": _rgb("9160d3"),
        "pink": _rgb("f7a3cb"),
        "brown": _rgb("8f6242"),
        "beige": _rgb("f0e2c8"),
    }
)
"""Background colours, sRGB in 0..1; the order is part of the prior's weights."""

SHADE_JITTER: Final = 0.035
"""Standard deviation of the lightness jitter that gives two seeds two shades of one named background."""

FREE_BACKGROUNDS: Final[tuple[str, ...]] = (
    "white",
    "gray",
    "orange",
    "yellow",
    "green",
    "teal",
    "light blue",
    "blue",
    "purple",
    "pink",
    "beige",
)
"""Backgrounds to choose from when a prompt asks for none."""
