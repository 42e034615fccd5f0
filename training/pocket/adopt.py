"""Make checkpoints of shipped weights, so that training goes on where another machine stopped:
``python -m training.pocket.adopt``."""

import argparse
import json
import shutil
from pathlib import Path

import structlog
from diffusers.models.modeling_utils import ModelMixin

from services.generation.pocket.pipeline import PocketPipeline
from training.pocket.checkpoint import save_checkpoint
from training.pocket.decoder_stage import DecoderRecipe, DecoderRun, load_icons
from training.pocket.icons import prepare
from training.pocket.paths import DEFAULT_MODEL_DIR, TrainingFolder

log = structlog.get_logger()


def adopt(folder: TrainingFolder, source: Path) -> None:
    """Write ``last.pt`` of every stage from the weights in ``source``; the optimizers start afresh.

    Raises:
        SystemExit: if a stage has a checkpoint already.
    """
    places = {stage: folder.stage(stage) / "last.pt" for stage in ("prior", "upsampler", "decoder")}
    if taken := [path for path in places.values() if path.exists()]:
        raise SystemExit(f"There is training that would be lost: {', '.join(map(str, taken))}.")
    prepare(folder)
    pipeline = PocketPipeline.from_pretrained(source)
    record = json.loads((source / "training.json").read_text())

    prior = {"model": weights(pipeline.prior), "epoch": record["prior"]["epochs"]}
    save_checkpoint(places["prior"], {**prior, "validation": record["prior"]["validation"]})
    save_checkpoint(places["upsampler"], {"model": weights(pipeline.upsampler), **record["upsampler"]})

    run = DecoderRun(DecoderRecipe(0, 0), load_icons(folder))
    run.model.load_state_dict(weights(pipeline.decoder))
    run.average.load_state_dict({"steps": 0, "values": dict(run.model.named_parameters())})
    counters = record["decoder"]
    run.step, run.samples, run.seconds = counters["step"], counters["samples"], counters["seconds"]
    save_checkpoint(places["decoder"], run.state_dict())
    shutil.copy(source / "losses.jsonl", folder.stage("decoder"))
    log.info("adopted", source=str(source), **counters)


def weights(model: ModelMixin) -> dict:
    """The state of a model in single precision."""
    return model.float().state_dict()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pocket.adopt", description=__doc__)
    parser.add_argument("--source", type=Path, default=DEFAULT_MODEL_DIR)
    adopt(TrainingFolder.from_environment(), parser.parse_args().source)


if __name__ == "__main__":
    main()
