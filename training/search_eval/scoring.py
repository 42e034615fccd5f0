"""How good rankings are, and which weights give the best."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.search.points import Signal
from services.search.relevance import Evidence, fuse
from training.bootstrap import interval

Weights = Mapping[Signal, float]
STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)
PLACES = (1, 5, 10)


@dataclass(frozen=True)
class Asked:
    """A question with its right answers and what each signal said of it."""

    kind: str
    right: frozenset[str]
    evidence: Evidence

    def alone(self, signal: Signal) -> list[str]:
        """The ten best posts by one signal."""
        return [found.post_id for found in self.evidence[0].get(signal, ())[: PLACES[-1]]]

    def together(self, weights: Weights) -> list[str]:
        """The ten best posts by all of them."""
        return [one.found.post_id for one in fuse(*self.evidence, weights)[: PLACES[-1]]]


def recall(found: Sequence[str], right: frozenset[str], places: int) -> float:
    """How many of the right posts are in the first places, of as many as these could hold."""
    return len(right.intersection(found[:places])) / min(places, len(right))


def ndcg(found: Sequence[str], right: frozenset[str]) -> float:
    """Normalised discounted cumulative gain at 10 (Järvelin and Kekäläinen, 2002); a post is right or it is not."""
    gains = [1 / np.log2(place + 1) for place in range(1, PLACES[-1] + 1)]
    return float(sum(g for g, one in zip(gains, found, strict=False) if one in right) / sum(gains[: len(right)]))


def balanced(asked: Sequence[Asked], rankings: Iterable[Sequence[str]]) -> float:
    """nDCG@10, each kind of question counting the same however many there are of it."""
    by_kind: dict[str, list[float]] = {}
    for one, ranking in zip(asked, rankings, strict=True):
        by_kind.setdefault(one.kind, []).append(ndcg(ranking, one.right))
    return float(np.mean([np.mean(values) for values in by_kind.values()]))


def choose(asked: Sequence[Asked]) -> tuple[Weights, list[dict[str, float]]]:
    """The weights with the highest `balanced` on these questions, and what every choice had; the picture's is 1."""
    tried: list[dict[str, float]] = []
    for prompt, words in itertools.product(STEPS[:3], STEPS[1:]):
        weights = {Signal.IMAGE: 1.0, Signal.PROMPT: prompt, Signal.WORDS: words}
        value = balanced(asked, (one.together(weights) for one in asked))
        tried.append({**{signal.value: weight for signal, weight in weights.items()}, "ndcg@10": round(value, 4)})
    best = max(tried, key=lambda row: row["ndcg@10"])
    return {signal: best[signal.value] for signal in Signal}, tried


def table(asked: Sequence[Asked], weights: Weights) -> list[dict[str, float | str]]:
    """Recall and nDCG of each signal alone and of all together, by kind of question."""
    rows: list[dict[str, float | str]] = []
    for kind in sorted({one.kind for one in asked}):
        chosen = [one for one in asked if one.kind == kind]
        ways = {signal.value: [one.alone(signal) for one in chosen] for signal in Signal}
        ways["hybrid, all 1"] = [one.together(dict.fromkeys(Signal, 1.0)) for one in chosen]
        ways["hybrid"] = [one.together(weights) for one in chosen]
        gains = {
            way: np.asarray([ndcg(found, one.right) for found, one in zip(rankings, chosen, strict=True)])
            for way, rankings in ways.items()
        }
        best = max((gains[signal.value] for signal in Signal), key=lambda values: float(values.mean()))
        for way, rankings in ways.items():
            pairs = [(found, one.right) for found, one in zip(rankings, chosen, strict=True)]
            row: dict[str, float | str] = {"queries": kind, "by": way, "n": len(chosen)}
            row |= {f"recall@{k}": round(float(np.mean([recall(*pair, k) for pair in pairs])), 3) for k in PLACES}
            row["ndcg@10"] = round(float(gains[way].mean()), 3)
            _, low, high = interval(gains[way] - best, seed=1)
            row |= {"over best part, low": round(low, 3), "over best part, high": round(high, 3)}
            rows.append(row)
    return rows
