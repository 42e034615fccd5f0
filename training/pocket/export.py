"""Write the folder of weights from the newest checkpoints: ``python -m training.pocket.export``."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import structlog
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.pipeline import PocketPipeline
from services.generation.pocket.prior import PocketPrior
from services.generation.pocket.upsampler import PocketUpsampler
from training.pocket.checkpoint import load_checkpoint
from training.pocket.paths import DEFAULT_MODEL_DIR, TrainingFolder

log = structlog.get_logger()

LIMIT_BYTES = 40_000_000


def required(path: Path) -> dict[str, Any]:
    state = load_checkpoint(path)
    if state is None:
        raise SystemExit(f"There is no {path} yet: run `python -m training.pocket` first.")
    return state


def newest_decoder(stage: Path) -> Path:
    """The cooled-down decoder, unless training at the constant rate has gone on since."""
    candidates = [path for name in ("cooled.pt", "cooling.pt", "last.pt") if (path := stage / name).exists()]
    return max(candidates, key=lambda path: path.stat().st_mtime, default=stage / "last.pt")


def assemble(folder: TrainingFolder) -> tuple[PocketPipeline, dict[str, Any]]:
    """The pipeline with the averaged weights of the newest checkpoints, and how far each stage is trained."""
    prior_state = required(folder.stage("prior") / "last.pt")
    checkpoint = newest_decoder(folder.stage("decoder"))
    decoder_state = required(checkpoint)
    upsampler_state = required(folder.stage("upsampler") / "last.pt")

    prior = PocketPrior(concepts=len(prior_state["model"]["concept_keys"]))
    prior.load_state_dict(prior_state["model"])
    decoder = PocketDecoder.from_config(decoder_state["config"])
    decoder.load_state_dict({**decoder_state["model"], **decoder_state["average"]["values"]})
    upsampler = PocketUpsampler()
    upsampler.load_state_dict(upsampler_state["model"])
    pipeline = PocketPipeline(prior, decoder, upsampler, FlowMatchEulerDiscreteScheduler())
    record = {
        "decoder": {"checkpoint": checkpoint.name, **decoder_state["counters"]},
        "prior": {"epochs": prior_state["epoch"], "validation": prior_state["validation"]},
        "upsampler": {name: upsampler_state[name] for name in ("step", "error", "bicubic_error")},
    }
    return pipeline, record


def export(folder: TrainingFolder, target: Path) -> None:
    """Write ``target`` in half precision, replacing the weights but not the model card.

    Raises:
        SystemExit: if a stage has no checkpoint yet or the weights would be larger than 40 MB.
    """
    pipeline, record = assemble(folder)
    record["parameters"] = {
        name: sum(value.numel() for value in getattr(pipeline, name).parameters())
        for name in ("prior", "decoder", "upsampler")
    }
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(partial, safe_serialization=True)
    shutil.copy(folder.stage("decoder") / "losses.jsonl", partial)
    (partial / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    if size > LIMIT_BYTES:
        raise SystemExit(f"The weights take {size / 1e6:.1f} MB, more than {LIMIT_BYTES / 1e6:.0f} MB.")
    target.mkdir(parents=True, exist_ok=True)
    for entry in partial.iterdir():
        if entry.is_dir():
            shutil.rmtree(target / entry.name, ignore_errors=True)
        shutil.move(entry, target / entry.name)
    partial.rmdir()
    log.info("exported", folder=str(target), megabytes=round(size / 1e6, 1), **record["decoder"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pocket.export", description=__doc__)
    parser.add_argument("--output", type=Path, default=DEFAULT_MODEL_DIR)
    export(TrainingFolder.from_environment(), parser.parse_args().output)


if __name__ == "__main__":
    main()
