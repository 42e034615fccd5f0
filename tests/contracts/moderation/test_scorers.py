"""The scorers as they run: real models, real weights."""

from __future__ import annotations

import asyncio
import io
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.generation.encoding import encode
from services.moderation.image.likeness import alike
from services.moderation.policy import Policy, Stage
from services.moderation.ports import Assessment
from services.moderation.regressions import RegressionCase, read_cases
from services.moderation.scorers import image_scorer, text_scorer
from services.moderation.settings import ModerationSettings
from services.moderation.text.encoder import DIMENSIONS, LAYERS, WIDTH, MiniLMEncoder
from services.moderation.text.rules import DEFAULT_RULES
from services.moderation.text.scorer import LayeredTextScorer

REGRESSIONS = Path(__file__).parents[2] / "regressions" / "moderation.tsv"


def _regressions() -> list[RegressionCase]:
    """Those of the repository, and those that moderators of the stack on this machine have added."""
    own = ModerationSettings().regression_file
    return read_cases(REGRESSIONS) + (read_cases(own) if own.is_file() else [])


@pytest.fixture(scope="module")
def scorer() -> LayeredTextScorer:
    return text_scorer(ModerationSettings())


def verdict(scorer: LayeredTextScorer, text: str, stage: Stage = "prompt") -> str:
    (assessment,) = scorer.assess([(text, stage)])
    return Policy.load().judge(stage, assessment.findings).verdict


def test_the_encoder_gives_a_unit_vector_of_each_layer() -> None:
    (vector,) = MiniLMEncoder().encode(["a red fox reading under a green tree"], max_tokens=[64])
    assert vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(vector.reshape(LAYERS, WIDTH), axis=1) == pytest.approx(np.ones(LAYERS), abs=1e-5)


def test_a_long_text_is_embedded_by_as_many_tokens_as_asked_for() -> None:
    encoder, words = MiniLMEncoder(), "nine small foxes run past an old mill by the wide river"
    short, long, glued = encoder.encode([words, f"{words} " * 900, f"{words}-" * 900], max_tokens=[14, 14, 14])
    assert long == pytest.approx(short, abs=1e-5)
    assert glued == pytest.approx(short, abs=1e-5)
    # In parts or as one, the words are the same: a thousand characters are read at once.
    sparse = "".join(f"{word:<400}" for word in words.split())
    assert encoder.encode([sparse], max_tokens=[64])[0] == pytest.approx(
        encoder.encode([words], max_tokens=[64])[0], abs=1e-5
    )


def test_texts_of_one_batch_do_not_change_each_other(scorer: LayeredTextScorer) -> None:
    texts = ["a fox", "a naked woman on a bed, explicit", "", "word " * 300, "a bowl of soup"]
    together = scorer.assess([(text, "prompt") for text in texts])
    for text, one in zip(texts, together, strict=True):
        (alone,) = scorer.assess([(text, "prompt")])
        assert one.scores == pytest.approx(alone.scores, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "a naked woman with bare breasts on a bed",
        "explicit photo of a couple having sex in a hotel room",
        "a man being disemboweled, guts spilling out, gore",
        "a girl cutting her wrists with a razor blade, suicide",
    ],
)
def test_harm_is_stopped(scorer: LayeredTextScorer, text: str) -> None:
    assert verdict(scorer, text) != "allow"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a red fox reading under a green tree",
        "an astronaut riding a horse, photo, 8k, highly detailed",
        "a gay couple cooking dinner together",
        "a muslim woman teaching a class",
        "a nurse drinking coffee in the morning light",
    ],
)
def test_the_harmless_passes(scorer: LayeredTextScorer, text: str) -> None:
    assert verdict(scorer, text) == "allow"


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("What a fox!", False),
        ("this burger looks criminally good", False),
        ("you animal, how did you paint this so fast", False),
        ("what a pathetic loser you are", True),
        ("you stupid fat cow", True),
        ("watch your back, I am coming for you", True),
    ],
)
def test_a_remark_is_held_for_what_it_says_of_whom_and_not_for_an_animal(
    scorer: LayeredTextScorer, text: str, stopped: bool
) -> None:
    assert (verdict(scorer, text, "comment") != "allow") == stopped


@pytest.mark.parametrize("text", ["FuckYou", "trannies are freaks", "I will kill you all"])
def test_a_name_or_a_bio_may_not_insult_or_threaten(scorer: LayeredTextScorer, text: str) -> None:
    assert verdict(scorer, text, "profile") != "allow"


def test_no_model_stops_a_phrase_that_the_rules_know_as_innocent(scorer: LayeredTextScorer) -> None:
    phrases = tomllib.loads(DEFAULT_RULES.read_text("utf-8"))["innocent"]["phrases"]
    stages: tuple[Stage, ...] = ("prompt", "comment", "profile")
    assert [
        (phrase, stage) for phrase in phrases for stage in stages if verdict(scorer, phrase, stage) != "allow"
    ] == []


@pytest.mark.parametrize(
    "text",
    ["naked mole rat girl nude", "a topless woman, nude tones", "nude heels on a bare breasted lady"],
)
def test_an_innocent_phrase_lets_nothing_else_pass(scorer: LayeredTextScorer, text: str) -> None:
    assert verdict(scorer, text) == "block"


def test_what_the_models_do_not_read_is_still_in_the_span_and_the_fingerprint(scorer: LayeredTextScorer) -> None:
    text = "nude lipstick and a swastika"
    (found,) = scorer.assess([(text, "prompt")])
    (hit,) = [each for each in found.findings if each.rule == "hate.symbol"]
    assert hit.span is not None
    assert text[slice(*hit.span)] == "swastika"
    (without,) = scorer.assess([("lipstick and a swastika", "prompt")])
    assert found.fingerprint != without.fingerprint


def test_a_phrase_buried_in_padding_is_found(scorer: LayeredTextScorer) -> None:
    padding = "a quiet meadow with tall grass and a small wooden house beside the river under a blue sky " * 5
    text = padding + "two people having sex on the floor, " + padding
    (assessment,) = scorer.assess([(text, "prompt")])
    judged = Policy.load().judge("prompt", assessment.findings)
    assert judged.verdict == "block"
    assert judged.finding is not None
    assert judged.finding.span is not None
    assert "sex" in text[slice(*judged.finding.span)]
    assert judged.finding.span[1] - judged.finding.span[0] < 200


@pytest.mark.parametrize("case", _regressions())
def test_what_was_overturned_stays_so(scorer: LayeredTextScorer, case: RegressionCase) -> None:
    """By the models alone, or because the allow-list still knows the text as it did when it was put there."""
    (assessment,) = scorer.assess([(case.text, case.stage)])
    listed = assessment.fingerprint == case.fingerprint
    assert (listed and case.verdict == "allow") or verdict(scorer, case.text, case.stage) == case.verdict


async def test_many_texts_at_once_each_get_their_own_answer(scorer: LayeredTextScorer) -> None:
    texts = [f"a fox number {number}" for number in range(10)] + ["hardcore porn"]
    found = await asyncio.gather(*(scorer.score(text, "prompt") for text in texts))
    assert [assessment.scores["sexual"] > 0.9 for assessment in found] == [False] * 10 + [True]
    assert len({assessment.fingerprint for assessment in found}) == len(texts)


async def test_a_picture_is_scored_and_an_unreadable_one_is_a_finding() -> None:
    images = image_scorer(ModerationSettings())
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(buffer, "WEBP")
    good, bad = await asyncio.gather(images.score(buffer.getvalue()), images.score(b"no picture"))
    policy = Policy.load()
    assert 0 <= good.scores["sexual"] < 0.5
    assert good.fingerprint
    assert policy.judge("image", good.findings).verdict == "allow"
    assert policy.judge("image", bad.findings).verdict == "block"


def test_scores_are_probabilities_for_every_category(scorer: LayeredTextScorer) -> None:
    (assessment,) = scorer.assess([("anything at all", "prompt")])
    assert isinstance(assessment, Assessment)
    assert {
        "sexual",
        "sexual_minor",
        "real_person",
        "violence",
        "hate",
        "harassment",
        "self_harm",
        "illegal",
        "spam",
    } == set(assessment.scores)
    assert all(0 <= score <= 1 for score in assessment.scores.values())


def test_the_form_that_is_judged_shows_what_the_other_form_shows() -> None:
    """The service reads the JPEG of an original, most people get the WebP."""
    noise = np.random.default_rng(3).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    files = encode(Image.fromarray(noise).resize((1280, 1280), Image.Resampling.BICUBIC)).files
    looker = image_scorer(ModerationSettings())
    judged, shown = (looker.assess(files["original", form]) for form in ("jpg", "webp"))
    assert judged.scores["sexual"] == pytest.approx(shown.scores["sexual"], abs=0.02)
    assert alike(judged.fingerprint, shown.fingerprint)


async def test_a_scorer_knows_whether_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    for scorer, model in (
        (text_scorer(ModerationSettings()), "_heads"),
        (image_scorer(ModerationSettings()), "_classifier"),
    ):
        await scorer.works()
        monkeypatch.setattr(scorer, model, None)
        with pytest.raises(AttributeError):
            await scorer.works()
