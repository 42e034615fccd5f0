"""The model card of the heads, made of figures measured in the training run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from services.moderation.policy import Policy
from training.moderation.corpus import BENIGN, CATEGORIES
from training.moderation.fit import BLOCK_SCORE, HOLD_SCORE, Floats, Material

MEASURED = (
    ("openai", ("sexual", "violence", "hate", "harassment", "self_harm")),
    ("hatecheck", ("hate",)),
    ("surge", ("harassment",)),
)
INTRODUCTION = """# Moderation heads `{version}`

Written by `python -m training.moderation`; do not edit.

Six heads ({categories}) over frozen all-MiniLM-L6-v2 (the pooled states of five layers) and the hashed words, pairs
of words and letter runs of the plain reading of a text: a logistic regression for each, one network with a hidden
layer that all share, and, for all but hate, a regression of whether a text is harmful at all, added. They are put on
one scale, on which 1 % of the worst benign source reaches {hold} and 0.25 % reaches {block}, or less; for hate and
harassment moreover 4 % and 1 % of texts about groups and quarrels that attack nobody, and 1.5 % and 0.5 % of the
development look-alikes (`training/moderation/sets/`, not trained on; the test set beside it took no part in anything).
The service adds rules to the heads; these figures are of the heads alone.

## Benign sources that the heads had not seen

Each source is scored by heads fitted without it. Because the common scale is set on these same scores, the worst source
of each category meets its target by construction; `python -m training.moderation.evaluate` measures other sets.
"""
PRECISION = """
## Average precision

*Unseen source*: nothing of the source was trained on. *Other half*: trained on a random half of each source, measured
on the other. A dash: not measured in this run.
"""
IDENTITY = """
## Identity terms

HateCheck's texts that must not be flagged, by the group they name, other half: share with a hate score of {hold} or
more, and share that the policy in the repository would stop in a prompt, at {stopped} or more.
"""
LIMITS = """
## Limits

English only; words of other languages are caught by rules, if at all. Explicit prompts were learnt from templates, so
unusual ways to ask for them are weaker. Texts about minors in a sexual context were never used; rules and the sexual
head together find them.
"""
LICENCES = """| source | licence | used for |
|---|---|---|
| openai/moderation-api-release | MIT | all categories |
| paul-rottger/hatecheck-data | CC-BY-4.0 | hate |
| surge-ai/toxicity | MIT | harassment |
| I2P (copy in chiayi-hsu/Ring-A-Bell) | MIT | clear negatives only |
| google-research/parti, TencentQQGYLab/ELLA | Apache-2.0 | negatives |
| COCO captions (via rohitgandikota/erasing) | MIT; COCO terms | negatives |
| `training/moderation/templates.toml` | this project | all categories, negatives |
| all-MiniLM-L6-v2 | Apache-2.0 | frozen embeddings |"""


def _probabilities(logits: Floats, slopes: Floats, shifts: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(logits * slopes + shifts))))


def _precision(material: Material, scores: Floats, source: str, category: str, among: np.ndarray) -> str:
    labels = material.labels(category)
    use = among & (material.sources == source) & (labels >= 0)
    column = CATEGORIES.index(category)
    use &= ~np.isnan(scores[:, column])
    if labels[use].sum() < 5 or (labels[use] == 0).sum() < 5:
        return "–"
    return f"{average_precision_score(labels[use], scores[use, column]):.3f}"


def write_card(
    material: Material,
    unseen: Floats,
    halves: Floats,
    half: npt.NDArray[np.bool_],
    slopes: Floats,
    shifts: Floats,
    version: str,
    path: Path,
) -> Path:
    """Write the card. `unseen`: logits of heads that saw nothing of the example's source; `halves`: of heads that saw
    a half of it, the half where `half` is false."""
    scores = _probabilities(unseen, slopes, shifts)
    halves = _probabilities(halves, slopes, shifts)
    everyone = np.ones(len(material.examples), bool)
    stopped = Policy.load().holds_from("prompt", "hate") or 1.0

    lines = [
        INTRODUCTION.format(version=version, categories=", ".join(CATEGORIES), hold=HOLD_SCORE, block=BLOCK_SCORE),
        "| source | texts | " + " | ".join(f"{each} ≥ {HOLD_SCORE} / ≥ {BLOCK_SCORE}" for each in CATEGORIES) + " |",
        "|---|---|" + "---|" * len(CATEGORIES),
    ]
    for source in BENIGN:
        rows = scores[material.sources == source]
        if len(rows):
            cells = [f"{(column >= HOLD_SCORE).mean():.2%} / {(column >= BLOCK_SCORE).mean():.2%}" for column in rows.T]
            lines.append(f"| {source} | {len(rows)} | " + " | ".join(cells) + " |")
    lines += [
        PRECISION,
        "| source | category | unseen source | other half |",
        "|---|---|---|---|",
    ]
    for source, categories in MEASURED:
        for category in categories:
            before = _precision(material, scores, source, category, everyone)
            after = _precision(material, halves, source, category, half)
            lines.append(f"| {source} | {category} | {before} | {after} |")
    lines += [
        IDENTITY.format(hold=HOLD_SCORE, stopped=stopped),
        f"| group | texts | ≥ {HOLD_SCORE} | ≥ {stopped} |",
        "|---|---|---|---|",
    ]
    groups = np.array([example.group for example in material.examples])
    innocent = half & (material.sources == "hatecheck") & (material.labels("hate") == 0)
    for group in sorted(set(groups[innocent])):
        row = halves[innocent & (groups == group), CATEGORIES.index("hate")]
        rates = f"{(row >= HOLD_SCORE).mean():.1%} | {(row >= stopped).mean():.1%}"
        lines.append(f"| {group or '(none)'} | {len(row)} | {rates} |")
    lines += ["", "## Data and licences", "", LICENCES, LIMITS]
    path.write_text("\n".join(lines), "utf-8")
    return path
