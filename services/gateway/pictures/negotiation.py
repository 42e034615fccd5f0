"""Which form of a picture suits a client that names none in the address, but says what it reads (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re

from shared.media import MEDIA_TYPES, Extension

READY_FIRST: tuple[Extension, ...] = ("webp", "jpg", "avif", "png")
"""Among forms that a client likes equally: WebP and JPEG are stored, the others cost a core half a second once."""

FOR_ANYBODY: tuple[Extension, ...] = ("jpg", "webp", "png", "avif")
"""What a client gets that names none of ours: the first that it does not refuse."""
_WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)


def suited(accept: str | None) -> Extension:
    """The form that `Accept` likes best; where it names none of ours, as with a wildcard, one that anybody reads."""
    weights: dict[str, float] = {}
    for part in (accept or "").split(","):
        kind, *parameters = part.split(";")
        given = [float(found.group(1)) for one in parameters if (found := _WEIGHT.fullmatch(one))]
        weights[kind.strip().lower()] = given[0] if given else 1.0
    named = {extension: weights[kind] for extension, kind in MEDIA_TYPES.items() if kind in weights}
    liked = [extension for extension in READY_FIRST if named.get(extension, 0) > 0]
    if liked:
        return max(liked, key=lambda extension: named[extension])  # the first of equals
    return next((extension for extension in FOR_ANYBODY if extension not in named), FOR_ANYBODY[0])
