"""Rules: words near words, outside innocent phrases."""

from __future__ import annotations

import pytest

from services.moderation.text.rules import RuleSet, words_of


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
