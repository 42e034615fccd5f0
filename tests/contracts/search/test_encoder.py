"""What every encoder must do: the fake of the tests, and open_clip with the weights of the repository."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from PIL import Image

from services.search.encoder import OpenClipEncoder
from services.search.points import Signal
from services.search.ports import Encoder
from services.search.settings import SHIPPED_ENCODER
from tests.contracts.search.fake_encoder import FakeEncoder, picture


@pytest.fixture(scope="module")
def shipped() -> OpenClipEncoder:
    return OpenClipEncoder.load(str(SHIPPED_ENCODER))


@pytest.fixture(params=["fake", "shipped"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return FakeEncoder() if request.param == "fake" else request.getfixturevalue("shipped")


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


async def test_vectors_have_unit_length_and_the_stated_width(encoder: Encoder) -> None:
    image, prompt = await encoder.encode_query("a red fox")
    (seen,) = await encoder.encode_images([picture("red")])
    assert seen is not None
    assert len(image) == len(seen) == encoder.image_width
    assert len(prompt) == len(await encoder.encode_prompt("a red fox")) == encoder.prompt_width
    for vector in (image, prompt, seen):
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-3)


async def test_the_same_input_gives_the_same_vector_alone_or_among_others(encoder: Encoder) -> None:
    red, green = picture("red"), picture("green")
    together = await encoder.encode_images([red, green])
    apart = [(await encoder.encode_images([data]))[0] for data in (red, green)]
    for left, right in zip(together, apart, strict=True):
        assert left == pytest.approx(right, abs=1e-4)
    assert together[0] != pytest.approx(together[1], abs=1e-2)


async def test_bytes_that_are_no_picture_give_none_and_harm_no_other(encoder: Encoder) -> None:
    found = await encoder.encode_images([b"", picture("red"), b"\x89PNG\r\n\x1a\n" + b"x" * 40, b"<svg/>"])
    assert [vector is not None for vector in found] == [False, True, False, False]


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "🦊" * 5000, "fox " * 5000, "a\u0301" * 99, "狐"])
async def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    for vector in (*await encoder.encode_query(text), await encoder.encode_prompt(text)):
        assert all(math.isfinite(value) for value in vector)


async def test_the_same_words_are_nearer_than_others(encoder: Encoder) -> None:
    said = list(await encoder.encode_prompt("a red fox in the snow"))
    _, same = await encoder.encode_query("red fox snow")
    _, other = await encoder.encode_query("city skyline at night")
    assert cosine(said, list(same)) > cosine(said, list(other)) + 0.2


async def test_the_reference_has_the_width_of_its_signal(encoder: Encoder) -> None:
    for signal, width in ((Signal.IMAGE, encoder.image_width), (Signal.PROMPT, encoder.prompt_width)):
        rows = encoder.reference(signal)
        assert len(rows) >= 64
        assert {len(row) for row in rows} == {width}


async def test_the_shipped_encoder_refuses_a_picture_bomb(shipped: OpenClipEncoder) -> None:
    buffer = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(buffer, "PNG")
    assert await shipped.encode_images([buffer.getvalue()]) == [None]


async def test_the_shipped_encoder_reads_transparent_gray_and_paletted_pictures(shipped: OpenClipEncoder) -> None:
    for mode in ("RGBA", "L", "P", "LA", "1"):
        buffer = io.BytesIO()
        Image.new(mode, (50, 90)).save(buffer, "PNG")
        (vector,) = await shipped.encode_images([buffer.getvalue()])
        assert vector is not None


def test_the_encoders_name_carries_the_revision_of_its_weights(shipped: OpenClipEncoder) -> None:
    model, _, revision = shipped.name.partition("@")
    assert model == "clip"
    assert len(revision.split("+")[0]) == 12


def test_a_folder_or_name_that_is_no_encoder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"training\.clip"):
        OpenClipEncoder.load(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="SEARCH_ENCODER"):
        OpenClipEncoder.load("nothing-of-the-kind")
    with pytest.raises(RuntimeError):
        OpenClipEncoder.load("no-such-architecture/laion2b")
