"""The concept head, on a small model in open_clip's own format that was taught what red and blue are."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from services.moderation.image import concepts
from services.moderation.image.concepts import ConceptScorer
from services.moderation.image.scorer import LayeredImageScorer
from services.moderation.policy import Policy
from services.moderation.scorers import image_scorer
from services.moderation.settings import ModerationSettings

SHAPE: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
MEAN = [0.5, 0.5, 0.5]
RED, BLUE = (220, 30, 30), (30, 30, 220)
WORDS = """
version = "test"
templates = ["{}", "a photo of {}"]
neutral = ["blue", "all blue"]
[concepts]
violence = ["red"]
hate = ["all red"]
"""


def taught() -> dict[str, torch.Tensor]:
    """Weights after a moment of contrastive learning: "red" with red pictures, "blue" with blue ones."""
    torch.manual_seed(3)
    model = concepts.open_clip.CLIP(SHAPE["embed_dim"], SHAPE["vision_cfg"], SHAPE["text_cfg"])
    tokens = concepts.open_clip.SimpleTokenizer()(["red", "all red", "a photo of red", "blue", "all blue"])
    is_red = torch.tensor([1.0, 1, 1, 0, 0])
    learner = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        tints = torch.rand(4, 3, 16, 16) * 0.3
        tints[:2, 0] += 0.7
        tints[2:, 2] += 0.7
        seen = model.encode_image((tints - 0.5) / 0.5, normalize=True)
        said = model.encode_text(tokens, normalize=True)
        right = torch.stack([is_red, is_red, 1 - is_red, 1 - is_red])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(5 * seen @ said.T, right)
        learner.zero_grad()
        loss.backward()
        learner.step()
    return {name: value.contiguous() for name, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-clip")
    preprocess = {"mean": MEAN, "std": MEAN, "interpolation": "bilinear", "resize_mode": "squash"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": SHAPE, "preprocess_cfg": preprocess}))
    save_file(taught(), folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture
def head(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConceptScorer:
    words = tmp_path / "concepts.toml"
    words.write_text(WORDS)
    monkeypatch.setattr(concepts, "WORDS", words)
    return ConceptScorer(str(folder))


def picture(colour: tuple[int, int, int]) -> Image.Image:
    chance = random.Random(1)
    image = Image.new("RGB", (40, 30), colour)
    image.putpixel((chance.randrange(40), chance.randrange(30)), (0, 0, 0))
    return image


def test_a_picture_gets_the_categories_whose_words_fit_it(head: ConceptScorer) -> None:
    red, blue = head.score(picture(RED)), head.score(picture(BLUE))
    assert red.keys() == blue.keys() == {"violence", "hate"}
    assert sum(red.values()) > 0.9
    assert sum(blue.values()) < 0.1
    assert all(0 <= score <= 1 for score in (*red.values(), *blue.values()))


def test_it_stands_beside_open_nsfw_and_is_only_recorded_until_somebody_measured_it(head: ConceptScorer) -> None:
    buffer = io.BytesIO()
    picture(RED).save(buffer, "PNG")
    found = LayeredImageScorer([head]).assess(buffer.getvalue())
    assert found.scores.keys() == {"sexual", "violence", "hate"}
    assert found.versions["ConceptScorer"] == f"{head.version}"
    assert {finding.rule for finding in found.findings} == {
        "model.open_nsfw", "concept.violence", "concept.hate",
    }  # fmt: skip
    strongest = max(("violence", "hate"), key=found.scores.__getitem__)
    raised = [finding.model_copy(update={"score": 1.0}) for finding in found.findings if finding.category == strongest]
    judgement = Policy.load().judge("image", tuple(raised))
    assert (judgement.verdict, judgement.shadowed) == ("allow", (strongest,))


def test_the_services_own_words_are_categories_of_the_policy(folder: Path) -> None:
    settings = ModerationSettings(moderation_concepts=str(folder))
    buffer = io.BytesIO()
    picture(BLUE).save(buffer, "PNG")
    found = image_scorer(settings).assess(buffer.getvalue())
    policy = Policy.load()
    for category in found.scores.keys() - {"sexual"}:
        raised = [each.model_copy(update={"score": 1.0}) for each in found.findings if each.category == category]
        assert policy.judge("image", tuple(raised)).shadowed == (category,)


def test_without_a_model_there_is_no_head() -> None:
    buffer = io.BytesIO()
    picture(BLUE).save(buffer, "PNG")
    assert image_scorer(ModerationSettings()).assess(buffer.getvalue()).scores.keys() == {"sexual"}


def test_what_is_no_model_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder"):
        ConceptScorer("nothing-of-the-kind")
    with pytest.raises((FileNotFoundError, ValueError, RuntimeError)):
        ConceptScorer(str(tmp_path))
