"""Measure the exported pocket model: ``python -m training.pocket.evaluate``, results in ``evaluation.json``."""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
import torch
from torch import Tensor

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS
from services.generation.pocket.pipeline import PocketPipeline, border_colour
from services.generation.pocket.scene import SceneBatch
from training.pocket.captions import CaptionWriter, article
from training.pocket.composition import compose
from training.pocket.decoder_stage import load_icons
from training.pocket.icons import Concept, prepare
from training.pocket.paraphrases import PARAPHRASES
from training.pocket.paths import DEFAULT_MODEL_DIR, TrainingFolder
from training.pocket.picture_features import (
    centre_of_object,
    gradient_features,
    nearest_colour,
    object_colour,
    pixel_features,
)
from training.pocket.scenes import held_out

log = structlog.get_logger()

SEED = 4
NAMES = 200
COLOUR_PROMPTS = 48
FEATURES: dict[str, Callable[[Tensor], Tensor]] = {"pixels": pixel_features, "gradients": gradient_features}


class Evaluation:
    """An exported pipeline and the true icons in the same features."""

    def __init__(self, folder: TrainingFolder, model: Path) -> None:
        self.concepts: list[Concept] = prepare(folder)
        self.writer = CaptionWriter(self.concepts)
        self.rng = random.Random(SEED)
        started = time.perf_counter()
        self.pipeline = PocketPipeline.from_pretrained(model)
        self.load_seconds = time.perf_counter() - started
        self.pipeline.set_progress_bar_config(disable=True)
        self.icons = load_icons(folder)
        true_pictures = [self.true_picture(index, 0) for index in range(len(self.concepts))]
        self.references = {
            name: torch.stack([features(picture) for picture in true_pictures]) for name, features in FEATURES.items()
        }

    def true_picture(self, concept: int, colour: int) -> Tensor:
        """An icon as training shows it, on mid grey, (3, 64, 64) in 0..1."""
        scene = SceneBatch.empty(1)
        scene.concept[0, 0], scene.colour[0, 0], scene.present[0, 0] = concept, colour, 1
        return compose(self.icons, scene, 64)[0][0] / 2 + 0.5

    def paint(self, prompt: str, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        picture: Tensor = self.pipeline(prompt, generator=generator, output_type="pt").images[0]
        return picture

    def nearest(self, picture: Tensor, distance: str) -> list[int]:
        """The five icons nearest to a picture."""
        features = FEATURES[distance](picture)
        distances = (self.references[distance] - features).norm(dim=-1)
        return distances.topk(5, largest=False).indices.tolist()

    def names(self) -> dict[str, float]:
        """Right icon for names, in carrier sentences that training does not use."""
        chosen = self.rng.sample(range(len(self.concepts)), NAMES)
        hits: dict[str, list[bool]] = {}
        for index in chosen:
            picture = self.paint(f"i would like to see {article(self.concepts[index].name)}", seed=index)
            for distance in FEATURES:
                near = self.nearest(picture, distance)
                hits.setdefault(f"{distance}_top1", []).append(near[0] == index)
                hits.setdefault(f"{distance}_top5", []).append(index in near)
        return {name: share(values) for name, values in hits.items()}

    def backgrounds(self) -> float:
        hits = []
        for seed, named in enumerate(list(BACKGROUNDS) * 5):
            concept = self.rng.choice(self.concepts)
            picture = self.paint(f"{article(concept.name)} on a {named} background", seed)
            hits.append(nearest_colour(border_colour(2 * picture - 1), dict(BACKGROUNDS)) == named)
        return share(hits)

    def object_colours(self, kept_out: bool) -> dict[str, float]:
        """Objects in a colour; the same measure on true pictures bounds what a perfect model could get."""
        pairs = [
            (concept, colour)
            for concept in range(len(self.concepts))
            for colour in range(1, 1 + len(OBJECT_COLOURS))
            if self.writer.tintable[concept] and bool(held_out(torch.tensor(concept), torch.tensor(colour))) == kept_out
        ]
        hits, bound = [], []
        for seed, (concept, colour) in enumerate(self.rng.sample(pairs, COLOUR_PROMPTS)):
            named = list(OBJECT_COLOURS)[colour - 1]
            picture = self.paint(f"{article(named)} {self.concepts[concept].name} on a light blue background", seed)
            hits.append(nearest_colour(object_colour(picture), dict(OBJECT_COLOURS)) == named)
            true = self.true_picture(concept, colour)
            bound.append(nearest_colour(object_colour(true), dict(OBJECT_COLOURS)) == named)
        return {"right": share(hits), "right_on_true_pictures": share(bound)}

    def places(self) -> float:
        hits = []
        for seed, (place, low, high) in enumerate([("left", 0.0, 0.42), ("right", 0.58, 1.0)] * 15):
            concept = self.rng.choice(self.concepts)
            x, _ = centre_of_object(self.paint(f"{article(concept.name)} on the {place}", seed))
            hits.append(low <= x <= high)
        return share(hits)

    def paraphrases(self) -> dict[str, float]:
        slugs = [concept.slug for concept in self.concepts]
        first, five = [], []
        for seed, (phrase, accepted) in enumerate(PARAPHRASES.items()):
            near = [slugs[index] for index in self.nearest(self.paint(phrase, seed), "pixels")]
            first.append(near[0] in accepted)
            five.append(any(slug in accepted for slug in near))
        return {"top1": share(first), "top5": share(five)}

    def seeds(self) -> dict[str, float]:
        """Mean absolute difference (0..1) of two seeds, and the share of repeats that are equal in every byte."""
        differences, equal = [], []
        for seed in range(12):
            prompt = f"{article(self.rng.choice(self.concepts).name)}"
            first, second = self.paint(prompt, seed), self.paint(prompt, 1000 + seed)
            differences.append(float((first - second).abs().mean()))
            equal.append(bool(torch.equal(first, self.paint(prompt, seed))))
        return {"difference": round(sum(differences) / len(differences), 3), "repeats_equal": share(equal)}

    def speed(self) -> dict[str, float]:
        """Median seconds of one picture and of a batch of four, on one thread, whatever else the machine does."""
        measured = {"load_seconds": round(self.load_seconds, 2)}
        for count in (1, 4):
            times = []
            for _ in range(5):
                started = time.perf_counter()
                self.pipeline(["a red fox on a green background"] * count)
                times.append(time.perf_counter() - started)
            measured[f"batch_{count}_seconds"] = round(sorted(times)[2], 3)
        return measured


def share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 3)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pocket.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_DIR)
    model: Path = parser.parse_args().model
    torch.set_num_threads(1)
    evaluation = Evaluation(TrainingFolder.from_environment(), model)
    measures: dict[str, Callable[[], object]] = {
        "names": evaluation.names,
        "background": evaluation.backgrounds,
        "object_colour": lambda: evaluation.object_colours(kept_out=False),
        "object_colour_held_out": lambda: evaluation.object_colours(kept_out=True),
        "place": evaluation.places,
        "paraphrases": evaluation.paraphrases,
        "seeds": evaluation.seeds,
        "speed": evaluation.speed,
    }
    results = {}
    for name, measure in measures.items():
        results[name] = measure()
        log.info("measured", what=name, result=results[name])
    (model / "evaluation.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
