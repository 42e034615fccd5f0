import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from services.generation.pictures import StoredGallery, content_hash
from shared.media import MediaStore, nearest_kept, rendition_key, widths_kept


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore((tmp_path / "media").as_uri())


def gradient(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


async def test_a_large_picture_is_kept_at_every_width_in_two_formats(media: MediaStore) -> None:
    painted = await StoredGallery(media).keep(gradient(800, 600), "one")
    for width, expected in (("320", (320, 240)), ("640", (640, 480)), ("original", (800, 600))):
        for extension, kind in (("webp", "WEBP"), ("jpg", "JPEG")):
            data = await media.get(rendition_key(painted.hash, width, extension))  # type: ignore[arg-type]
            picture = Image.open(io.BytesIO(data or b""))
            assert (picture.size, picture.format) == (expected, kind)
            assert b"trainedAlgorithmicMedia" in (data or b"")
    assert len(base64.b64decode(painted.thumbhash)) > 4


async def test_no_width_is_larger_than_the_picture(media: MediaStore) -> None:
    painted = await StoredGallery(media).keep(gradient(256, 256), "one")
    assert widths_kept(256) == ("original",)
    assert nearest_kept("640", 256) == "original"
    assert not await media.exists(rendition_key(painted.hash, "320", "webp"))
    assert await media.exists(rendition_key(painted.hash, "original", "webp"))


async def test_the_same_picture_of_two_people_has_two_names_and_again_the_same(media: MediaStore) -> None:
    gallery = StoredGallery(media)
    first = await gallery.keep(gradient(32, 32), "one")
    assert (await gallery.keep(gradient(32, 32), "one")).hash == first.hash
    assert (await gallery.keep(gradient(32, 32), "two")).hash != first.hash
    assert await gallery.source(first.hash) is not None
    assert await gallery.source("0" * 32) is None


def test_a_name_is_32_hex_digits() -> None:
    assert len(content_hash("id", b"data")) == 32
    assert int(content_hash("id", b"data"), 16)
