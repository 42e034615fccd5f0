"""A seeded community that reads, likes and rejects, on the feed's own pipeline: what exploration costs and gives.

People love two of eight themes and dislike one; a post has a quality. Readers come at random, see a page of ten, and
react by chance; there is more than anybody can see. The stores are in memory and held to what the real ones do by the
contract tests; everything else is the service itself. `python -m training.feed_eval.simulation [--out file]` runs it
alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from services.feed.pool import EXPOSURE_GOAL, unexplored
from shared.queries import SteerTaste
from training.feed_eval.community import THEMES, Community, ids
from training.feed_eval.compare import MOST_DRAWS, POLICIES, estimates, read

PEOPLE, ROUNDS, FIRST_POSTS, POSTS_A_ROUND, PRESENT, PAGE = 800, 10, 300, 8, 0.8, 10
GROWN = 5
"""Rounds after which a post's exposure is judged."""
LOVED, NEUTRAL, DISLIKED = 0.45, 0.06, 0.01
KEENNESS = 1.5
ASKS_LESS, HIDES_BAD, BAD = 0.15, 0.35, 0.15
START = datetime(2026, 11, 1, tzinfo=UTC)
"""Before anything happens."""
Table = dict[str, object]


@dataclass(frozen=True)
class Person:
    """Chances of liking a post of each theme, in the order of `THEMES`, before its quality counts."""

    name: str
    tastes: dict[str, float]


async def run() -> dict[str, object]:
    """All tables of the simulation."""
    print(
        f"\na community of {PEOPLE}, {ROUNDS} rounds: likes a post shown, in the first round, the last three, and all;"
    )
    print(f"posts of {GROWN} rounds and more that {EXPOSURE_GOAL} have seen, or that were turned away; authors' Gini")
    settings = [("not personal", False, 0.15), *((f"exploration {share:.0%}", True, share) for share in (0, 0.15, 0.4))]
    rows = [await _life(name, personalised, share) for name, personalised, share in settings]
    return {"life": rows, "steering": await _steering()}


async def _life(name: str, personalised: bool, exploration: float) -> Table:
    community = Community(seed=3, exploration=exploration)
    chance = np.random.default_rng(5)
    people = [_person(number, chance) for number in range(PEOPLE)]
    quality = {post_id: _quality(chance) for post_id in await community.fill(FIRST_POSTS)}
    for person in people:
        await community.feed.steer(SteerTaste(viewer_id=person.name, personalised=personalised))
    born: dict[str, int] = {}
    shown, liked = np.zeros(ROUNDS), np.zeros(ROUNDS)
    for number in range(ROUNDS):
        for post_id in await community.fill(POSTS_A_ROUND, oldest=timedelta(hours=1)):
            quality[post_id], born[post_id] = _quality(chance), number
        for person in people:
            if chance.random() >= PRESENT:
                continue
            page = await community.page(person.name, limit=PAGE)
            await community.gesture(person.name, "seen", [(item.post_id, item.feed_context) for item in page.items])
            for post_id in ids(page):
                shown[number] += 1
                liked[number] += await _react(community, person, post_id, quality[post_id], chance)
        await community.feed.refresh_co_engagement(START, 20_000)
    posts = {post.id: post for post in await community.posts.get(quality)}
    grown = [posts[post_id] for post_id, at in born.items() if at < ROUNDS - GROWN]
    seen_by = [post.impressions for post in grown]
    judged = [not unexplored(post) for post in grown]
    impressions = Counter[str]()
    for post in posts.values():
        impressions[post.author_id] += post.impressions
    rates = liked / np.maximum(shown, 1)
    row: Table = {
        "setting": name,
        "likes by round": [round(float(rate), 4) for rate in rates],
        "likes": round(float(liked.sum() / shown.sum()), 4),
        "judged": round(float(np.mean(judged)), 3),
        "least seen": min(seen_by),
        "gini": round(_gini(list(impressions.values())), 3),
    }
    policies = await _from_the_log(community, people, quality) if personalised and exploration else {}
    row["policies"] = policies
    print(
        f"  {name:<18}{rates[0]:.3f} → {rates[-3:].mean():.3f}   all {liked.sum() / shown.sum():.3f}   "
        f"judged {np.mean(judged):.0%} "
        f"(least seen {min(seen_by)})   Gini {row['gini']}",
        flush=True,
    )
    for policy, found in policies.items():
        print(f"    places by chance, filled {policy}: " + "; ".join(f"{name} {told}" for name, told in found.items()))
    return row


async def _from_the_log(
    community: Community, people: list[Person], quality: dict[str, float]
) -> dict[str, dict[str, list[float]]]:
    """Likes a place of other ways to fill the explored ones: the estimates from the feed's log, and the truth."""
    drawn = await community.pages.shown_draws(START, MOST_DRAWS)
    log = await read(community.pages, community.encounters, START)
    tastes = {person.name: person.tastes for person in people}
    truths: dict[str, dict[str, list[float]]] = {name: {} for name in POLICIES}
    for kept, each in zip(drawn, log, strict=True):
        likely = [
            min(1.0, tastes[kept.viewer_id][community.theme[post_id]] * quality[post_id] * KEENNESS)
            for post_id, _ in kept.chances
        ]
        for name, policy in POLICIES.items():
            truths[name].setdefault(kept.viewer_id, []).append(float(policy(each.draw) @ np.array(likely)))
    rows = {
        policy: {name: [round(value, 4) for value in told] for name, told in found.items()}
        for policy, found in estimates(log).items()
    }
    for name, by_person in truths.items():
        rows[name]["truth"] = [round(float(np.mean([np.mean(values) for values in by_person.values()])), 4)]
    return rows


async def _steering() -> Table:
    """Shares of a theme on a page of 40 before and after five "less like this" and ten likes, over seeds and themes."""
    falls, rises = [], []
    for seed in range(5):
        for theme in THEMES[:3]:
            community = Community(seed=seed)
            await community.fill(300, themes=THEMES[:3])
            before = await community.page("bob", limit=40)
            wanted = [
                (item.post_id, item.feed_context) for item in before.items if community.theme[item.post_id] == theme
            ]
            await community.gesture("bob", "less", wanted[:5])
            after = await community.page("bob", limit=40, cursor=before.next_cursor)
            falls.append(1 - community.share(after, theme) / community.share(before, theme))
            community = Community(seed=seed)
            await community.fill(400)
            start = community.share(await community.page("eve", limit=40), theme)
            for post_id in [one for one, name in community.theme.items() if name == theme][:10]:
                await community.like("eve", post_id)
            rises.append(community.share(await community.page("eve", limit=40), theme) / max(start, 1 / len(THEMES)))
    row: Table = {
        "fall after five less": [round(float(np.mean(falls)), 3), round(min(falls), 3)],
        "rise after ten likes": [round(float(np.mean(rises)), 2), round(min(rises), 2)],
        "runs": len(falls),
    }
    print(f"  {len(falls)} runs: five “less” cost a theme {np.mean(falls):.0%} of its share (least {min(falls):.0%}); "
          f"ten likes make it {np.mean(rises):.1f}× (least {min(rises):.1f}×)", flush=True)  # fmt: skip
    return row


def _person(number: int, chance: np.random.Generator) -> Person:
    themes = list(chance.permutation(THEMES))
    chances = dict.fromkeys(THEMES, NEUTRAL) | dict.fromkeys(themes[:2], LOVED) | {themes[2]: DISLIKED}
    return Person(f"reader{number}", chances)


def _quality(chance: np.random.Generator) -> float:
    return float(chance.uniform(0.05, 1.0))


async def _react(
    community: Community, person: Person, post_id: str, quality: float, chance: np.random.Generator
) -> bool:
    """Whether it was liked; perhaps less of it is asked for, or it is hidden."""
    taste = person.tastes[community.theme[post_id]]
    if chance.random() < taste * quality * KEENNESS:
        await community.like(person.name, post_id)
        return True
    if taste == DISLIKED and chance.random() < ASKS_LESS:
        await community.gesture(person.name, "less", [(post_id, None)])
    elif quality < BAD and chance.random() < HIDES_BAD:
        await community.gesture(person.name, "hidden", [(post_id, None)])
    return False


def _gini(values: list[int]) -> float:
    ordered = np.sort(np.array(values, float))
    count = len(ordered)
    return float((2 * np.arange(1, count + 1) - count - 1) @ ordered / (count * max(ordered.sum(), 1e-9)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make simulate-community")
    parser.add_argument("--out", type=Path, help="file for the tables as JSON")
    out: Path | None = parser.parse_args().out
    tables = asyncio.run(run())
    if out:
        out.write_text(json.dumps(tables, indent=2) + "\n")
