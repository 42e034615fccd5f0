"""Which form of a picture suits a client that names none in the address, but says what it reads (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re

from shared.media import MEDIA_TYPES, Extension

READY_FIRST: tuple[Extension, ...] = ("webp", "jpg", "avif", "png")
"""Among forms that a client likes equally: WebP and JPEG are stored, the others cost a core half a second once."""

FOR_ANYBODY: Extension = "jpg"
_WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)


def suited(accept: str | None) -> Extension:
    """The form that `Accept` likes best; JPEG where it names none of ours, also by a wildcard."""
    weights: dict[str, float] = {}
    for part in (accept or "").split(","):
        kind, *parameters = part.split(";")
        given = [float(found.group(1)) for one in parameters if (found := _WEIGHT.fullmatch(one))]
        weights[kind.strip().lower()] = given[0] if given else 1.0
    liked = [extension for extension in READY_FIRST if weights.get(MEDIA_TYPES[extension], 0) > 0]
    # The first of equals.
    return max(liked, key=lambda extension: weights[MEDIA_TYPES[extension]], default=FOR_ANYBODY)
