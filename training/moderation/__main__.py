"""Trains the heads: `python -m training.moderation --data FOLDER`. Writes the heads and their model card."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from services.moderation.text.heads import DEFAULT_HEADS, TENSORS, Heads
from training.moderation.card import write_card
from training.moderation.corpus import LOOKALIKES, load, lookalikes
from training.moderation.features import Embedder
from training.moderation.fit import Material, fit, heads, other_half, out_of_source, scale
from training.moderation.synthetic import examples as template_examples

DEFAULT_DATA = Path("..") / "shared" / "data" / "moderation"


def save(trained: Heads, path: Path) -> None:
    """Write heads as safetensors with half-precision weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: getattr(trained, name).astype(np.float16) for name in TENSORS}
    facts = {
        "categories": json.dumps(trained.categories),
        "version": trained.version,
        "trained_on": json.dumps(sorted(trained.trained_on)),
    }
    save_file(tensors, path, metadata=facts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.moderation", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="folder of the TSV files (default: %(default)s)"
    )
    folder: Path = parser.parse_args().data
    if not folder.is_dir():
        parser.error(f"no folder {folder}; give the one with hatecheck.tsv and the others as --data")

    examples = [*load(folder), *template_examples(), *lookalikes()]
    embedder = Embedder()
    print(f"{len(examples):,} examples; reading and embedding them")
    plain = [embedder.plain(example.text) for example in examples]
    material = Material.of(examples, plain, embedder.embed(plain))
    print("fitting without each source in turn")
    unseen = out_of_source(material)
    print("fitting on one half of each source")
    halves, half = other_half(material)
    slopes, shifts = scale(material, unseen, halves, half)
    print("fitting on all sources")
    digest = hashlib.sha256("\n".join(sorted(example.text for example in examples)).encode()).hexdigest()
    trained = heads(fit(material, material.sources != LOOKALIKES), slopes, shifts, f"heads-3-{digest[:8]}")
    files = frozenset(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.tsv"))
    trained = replace(trained, trained_on=files)
    save(trained, DEFAULT_HEADS)
    card = write_card(
        material, unseen, halves, half, slopes, shifts, trained.version, DEFAULT_HEADS.with_name("README.md")
    )
    print(f"{DEFAULT_HEADS}: {DEFAULT_HEADS.stat().st_size:,} bytes\n{card}")


if __name__ == "__main__":
    main()
