"""Which form of a picture a client gets that says what it reads."""

from __future__ import annotations

import pytest

from services.gateway.pictures.negotiation import suited


@pytest.mark.parametrize(
    ("accept", "extension"),
    [
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "webp"),
        ("image/webp;q=0.5, image/avif", "avif"),
        ("image/jpeg, image/webp;q=0.9", "jpg"),
        ("IMAGE/PNG ; Q=0.3", "png"),
        ("image/webp;q=0, image/avif;q=0.1", "avif"),
        ("image/webp;q=0", "jpg"),
        ("image/jpeg;q=0, image/*", "webp"),
        ("image/jpeg;q=0, image/webp;q=0, image/avif;q=0, image/png;q=0", "jpg"),
        ("*/*", "jpg"),
        ("image/*", "jpg"),
        ("text/html", "jpg"),
        ("", "jpg"),
        (None, "jpg"),
        ("image/webp;q=high", "webp"),
        (";;;,,,=q;q=1;" * 200, "jpg"),
    ],
)
def test_the_most_liked_form_is_given_and_the_ready_one_among_equals(accept: str | None, extension: str) -> None:
    assert suited(accept) == extension
