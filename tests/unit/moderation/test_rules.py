"""Rules: words near words, outside innocent phrases."""

from __future__ import annotations

import tomllib

import pytest

from services.moderation.text.normalise import read
from services.moderation.text.phrases import words_of
from services.moderation.text.rules import DEFAULT_RULES, RuleSet
from services.moderation.text.windows import flatten
from services.moderation.text.words import Vocabulary


def categories(rules: RuleSet, text: str, stage: str = "prompt") -> set[str]:
    return {hit.category for hit in rules.find(words_of(text), stage)} - {"mention"}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("topless woman on a beach", "sexual"),
        ("a woman wearing absolutely nothing", "sexual"),
        ("a corpse with its intestines on the floor", "violence"),
        ("he is about to commit suicide", "self_harm"),
        ("cooking meth in a trailer", "illegal"),
        ("a politician, elon musk, beheaded", "real_person"),
        ("a wall painted with swastikas", "hate"),
    ],
)
def test_harm_is_found(rules: RuleSet, text: str, category: str) -> None:
    assert category in categories(rules, text)


@pytest.mark.parametrize(
    "text",
    [
        "shoot a photo of a blood moon",
        "breast of chicken with herbs",
        "a killer whale and a great tit",
        "michelangelo's david in florence",
        "a naked mole rat beside nude heels",
        "poster for the suicide squad film",
        "children playing at school",
        "a 12 year old girl reading a book",
        "bare trees, dead leaves, bleeding heart flowers",
        "elon musk giving a talk",
        "",
    ],
)
def test_the_innocent_passes(rules: RuleSet, text: str) -> None:
    assert categories(rules, text) == set()


@pytest.mark.parametrize("age", ["12 year old", "12yo", "aged 15", "16 yrs", "child", "schoolgirl", "little girl"])
def test_minors_in_a_sexual_context_are_absolute(rules: RuleSet, age: str) -> None:
    assert "sexual_minor" in categories(rules, f"a {age} in lingerie")


@pytest.mark.parametrize("age", ["25 year old woman", "a 1200 year old tree woman", "18yo", "year 12 of the reign"])
def test_adults_are_not_minors(rules: RuleSet, age: str) -> None:
    assert "sexual_minor" not in categories(rules, f"{age} in lingerie")


def test_words_too_far_apart_do_not_make_a_rule_fire(rules: RuleSet) -> None:
    apart = " ".join(["word"] * 40)
    assert "sexual_minor" in categories(rules, "child word word nude")
    assert "sexual_minor" not in categories(rules, f"child {apart} nude")


def test_a_rule_may_hold_at_some_stages_only(rules: RuleSet) -> None:
    assert categories(rules, "you are pathetic", "comment") == {"harassment"}
    assert categories(rules, "you are pathetic", "prompt") == set()


def test_a_hit_says_where_it_is(rules: RuleSet) -> None:
    text = "an oil painting, severed head on a plate"
    (hit,) = [each for each in rules.find(words_of(text), "prompt") if each.category == "violence"]
    assert text[hit.start : hit.end] == "severed head"


@pytest.mark.parametrize(
    "text", ["great tits at a bird feeder", "paint stripper on a shelf", "nude lipstick", "a rugby hooker in the scrum"]
)
def test_words_of_two_meanings_in_harmless_company(rules: RuleSet, text: str) -> None:
    assert categories(rules, text) == set()


def test_harmless_company_hides_no_plain_word(rules: RuleSet) -> None:
    assert "sexual" in categories(rules, "a bird feeder beside a blowjob")
    assert "sexual" in categories(rules, "a bird on a branch above the house by the old lake, big tits")


def test_a_slur_counts_only_with_the_head(rules: RuleSet) -> None:
    (hit,) = [each for each in rules.find(words_of("they called me a faggot"), "prompt") if each.rule == "hate.slur"]
    assert hit.with_model > 0


@pytest.mark.parametrize(
    "text",
    [
        "Голая девушка на пляже, 8k",
        "фото: обнажённая грудь крупным планом",
        "ベッドの上の裸の女性、高画質",
        "一个裸女的写真",
        "섹스하는 사람들",
        "mujer desnuda, tetas al aire",
        "çıplak kadın, fotoğraf",
        "امرأة عارية على الشاطئ",
    ],
)
def test_words_of_other_languages_are_found_in_their_own_letters(
    rules: RuleSet, vocabulary: Vocabulary, text: str
) -> None:
    assert "sexual" in categories(rules, flatten(read(text, vocabulary)).text)


@pytest.mark.parametrize("text", ["裸の少女", "голая школьница", "una niña desnuda", "여고생 섹스"])
def test_minors_are_named_in_other_languages_too(rules: RuleSet, vocabulary: Vocabulary, text: str) -> None:
    assert "sexual_minor" in categories(rules, flatten(read(text, vocabulary)).text)


def test_names_that_mean_a_child_elsewhere_are_names(rules: RuleSet, vocabulary: Vocabulary) -> None:
    assert "sexual_minor" not in categories(rules, flatten(read("Nina in lingerie, nude, adult", vocabulary)).text)


def test_a_hit_in_a_script_without_spaces_says_where_it_is(rules: RuleSet) -> None:
    text = "美しい裸の女性"
    (hit,) = rules.find(words_of(text), "prompt")
    assert text[hit.start : hit.end] == "裸の女"


@pytest.mark.parametrize(
    "text", ["голые деревья зимой", "裸眼の視力", "a bath bomb recipe", "how to build a birdhouse"]
)
def test_the_innocent_of_other_languages_and_recipes_pass(rules: RuleSet, vocabulary: Vocabulary, text: str) -> None:
    assert categories(rules, flatten(read(text, vocabulary)).text) == set()


@pytest.mark.parametrize("group", ["explicit", "explicit_tags", "explicit_elsewhere"])
def test_what_is_listed_is_found_after_reading(rules: RuleSet, vocabulary: Vocabulary, group: str) -> None:
    listed = tomllib.loads(DEFAULT_RULES.read_text("utf-8"))["groups"][group]
    lost = [
        phrase
        for phrase in listed
        if "sexual" not in categories(rules, flatten(read(f"a picture of {phrase}", vocabulary)).text)
    ]
    assert lost == []


def test_words_of_two_meanings_count_only_with_the_head(rules: RuleSet) -> None:
    hits = rules.find(words_of("a nude-coloured vase"), "prompt")
    assert {hit.category for hit in hits} == {"sexual"}
    assert all(hit.with_model > 0 for hit in hits)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("a naked mole rat in its tunnel", ["naked"]),
        ("blood oranges beside nude lipstick, soft light", ["blood", "nude"]),
        ("a naked mole rat and a naked giant", []),
        ("nude tones, erotic", []),
        ("a mermaid, nude tones", []),
        ("a female model, nude tones", []),
        ("12 year old, nude tones", []),
        ("a fox in a field", []),
    ],
)
def test_innocent_phrases_mislead_no_model_and_hide_nothing(rules: RuleSet, text: str, left_out: list[str]) -> None:
    assert [word.text for word in rules.misleading(words_of(text))] == left_out


@pytest.mark.parametrize("stage", ["comment", "profile"])
@pytest.mark.parametrize(
    "text", ["i'll kill you", "One day I kill them all.", "hope you die", "you will all bleed", "kill yourself"]
)
def test_a_threat_is_found_in_what_people_say(rules: RuleSet, text: str, stage: str) -> None:
    words = words_of(text.lower())
    assert "harassment.threat" in {hit.rule for hit in rules.find(words, stage)}
    assert "harassment.threat" not in {hit.rule for hit in rules.find(words, "prompt")}


@pytest.mark.parametrize(
    "text",
    [
        "I shoot everyone from babies to grandmothers",
        "I'll shoot you a message",
        "can I shoot you in my studio?",
        "I would kill for this sofa",
        "beat you to it",
        "did you cut yourself on that paper?",
    ],
)
def test_photographers_and_wags_threaten_nobody(rules: RuleSet, text: str) -> None:
    assert {hit.rule for hit in rules.find(words_of(text.lower()), "comment")} == set()


def test_slurs_are_looked_for_wherever_people_write(rules: RuleSet) -> None:
    for stage in ("prompt", "comment", "profile"):
        assert {hit.rule for hit in rules.find(words_of("trannies"), stage)} == {"hate.slur"}


def test_a_word_said_in_jest_counts_only_with_the_head(rules: RuleSet) -> None:
    (hit,) = rules.find(words_of("the bitch won first place in the dog show"), "comment")
    assert (hit.rule, hit.with_model) == ("harassment.insulting_word", 0.3)
    assert rules.find(words_of("the bitch won first place in the dog show"), "prompt") == []
