"""The seeded community is the same each time, so that a second run finds what the first has made."""

from __future__ import annotations

import itertools

from deploy.seed import plan
from deploy.seed.cast import CAST, THEMES

WISHES = [plan.wish(number) for number in range(300)]


def test_the_plan_is_the_same_each_time() -> None:
    assert [plan.wish(number) for number in range(300)] == WISHES
    assert plan.likers(WISHES[7]) == plan.likers(WISHES[7])
    assert plan.remarks(WISHES[7]) == plan.remarks(WISHES[7])


def test_each_post_is_told_from_all_others_by_its_seed_and_its_pictures_seeds_do_not_meet() -> None:
    seeds = [wish.seed + picture for wish in WISHES for picture in range(wish.pictures)]
    assert len(set(seeds)) == len(seeds)
    assert all(plan.number_of(wish.seed) == wish.number for wish in WISHES)


def test_everybody_posts_first_and_remixes_only_what_is_there_before() -> None:
    assert [wish.author for wish in WISHES[: len(CAST)]] == list(CAST)
    remixes = [wish for wish in WISHES if wish.remix_of is not None]
    assert remixes
    for wish in remixes:
        assert wish.number >= len(CAST) > (wish.remix_of or 0)
        assert plan.wish(wish.remix_of or 0).author != wish.author


def test_prompts_are_english() -> None:
    words = " ".join(wish.prompt for wish in WISHES).split()
    for article, noun in itertools.pairwise(words):
        if article == "a":
            assert noun[0] not in "aeiou" or noun == "unicorn"
        if article == "an":
            assert noun[0] in "aeiou"
            assert noun != "unicorn"


def test_people_like_what_is_to_their_taste() -> None:
    liked = {True: 0, False: 0}
    seen = {True: 0, False: 0}
    for wish in WISHES:
        likers = plan.likers(wish)
        assert wish.author not in likers
        for member in CAST:
            theirs = wish.theme in member.themes
            seen[theirs] += 1
            liked[theirs] += member in likers
    assert liked[True] / seen[True] > 3 * liked[False] / seen[False]


def test_names_are_ones_own_and_what_they_like_exists() -> None:
    assert len({member.username for member in CAST}) == len(CAST)
    assert all(set(member.themes) <= THEMES.keys() for member in CAST)
