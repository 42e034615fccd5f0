"""A label goes into a file's container: the picture stays the same to the last pixel, and readers find the label."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from services.gateway.pictures.labels import Unlabelled, labelled, xmp
from services.generation.encoding import encode
from shared.media import Extension

HOSTILE = 'a <fox> & "owl" ]]> \U0001f98a ' + "<" * 900


@pytest.fixture(scope="module")
def files() -> dict[Extension, bytes]:
    """One picture as the generator and the gateway encode it."""
    picture = Image.effect_noise((96, 64), 80).convert("RGB")
    made = encode(picture).files
    png = io.BytesIO()
    picture.save(png, "PNG")
    avif = io.BytesIO()
    picture.save(avif, "AVIF", xmp=xmp())
    return {
        "webp": made["original", "webp"], "jpg": made["original", "jpg"], "png": png.getvalue(),
        "avif": avif.getvalue(),
    }  # fmt: skip


@pytest.mark.parametrize("extension", ["webp", "jpg", "png"])
@pytest.mark.parametrize("prompt", ["a red fox", "even", HOSTILE, None])
def test_a_label_takes_the_place_of_the_one_before(
    files: dict[Extension, bytes], extension: Extension, prompt: str | None
) -> None:
    packet = xmp(creator="Ada & Co", prompt=prompt)
    first = labelled(files[extension], extension, xmp(creator="Somebody", prompt="something else"))
    made = Image.open(io.BytesIO(labelled(first, extension, packet)))
    assert made.info["xmp"] == packet
    assert made.tobytes() == Image.open(io.BytesIO(files[extension])).tobytes()
    told = made.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert told["DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert told.get("AIPromptInformation") == prompt
    assert told["AIPromptWriterName"] == "Ada & Co"
    assert b"Somebody" not in labelled(first, extension, packet)


def test_an_avif_keeps_its_label(files: dict[Extension, bytes]) -> None:
    assert labelled(files["avif"], "avif", xmp(prompt="a red fox")) == files["avif"]


@pytest.mark.parametrize("extension", ["webp", "jpg", "png"])
@pytest.mark.parametrize("cut", [0, 3, 12, 16, 29])
def test_what_is_no_picture_is_refused(files: dict[Extension, bytes], extension: Extension, cut: int) -> None:
    with pytest.raises(Unlabelled):
        labelled(files[extension][:cut], extension, xmp())


def test_a_label_that_has_no_room_is_refused(files: dict[Extension, bytes]) -> None:
    with pytest.raises(Unlabelled):
        labelled(files["jpg"], "jpg", xmp(prompt="\U0001f98a" * 20_000))
