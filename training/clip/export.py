"""Export the trained image tower as search loads it: open_clip's configuration, fp16 weights, and reference vectors."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.swa_utils import update_bn

from services.search.encoder import CONFIG, REFERENCE, TOWER
from training.clip.learning import AVERAGE_DECAY, Student
from training.clip.pictures import paint, scenes_of, worn
from training.clip.texts import Vocabulary, embedded, vocabulary
from training.clip.tower import CONFIG as OPEN_CLIP_CONFIG
from training.pocket.checkpoint import MovingAverage, load_checkpoint
from training.pocket.decoder_stage import load_icons
from training.pocket.icons import Concept
from training.pocket.paths import TrainingFolder

SEED = 501
REFERENCES = 512
BATCH = 64
CALIBRATION_BATCHES = 16


def batches(vocab: Vocabulary, folder: TrainingFolder, count: int, seed: int) -> Iterator[Tensor]:
    """Pictures of random captions, (64, 3, 64, 64) in -1..1, as the training sees them."""
    icons = load_icons(folder)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        rows = torch.randint(len(vocab.captions), (BATCH,), generator=generator).tolist()
        scene = scenes_of([vocab.captions[row][0] for row in rows], len(vocab.keywords), generator)
        yield worn(paint(icons, scene), generator)


def export(folder: TrainingFolder, concepts: list[Concept], target: Path) -> int:
    """Write the newest checkpoint's averaged weights to `target`; returns the step that they come from.

    Raises:
        FileNotFoundError: there is no checkpoint yet.
    """
    state = load_checkpoint(folder.stage("clip") / "checkpoint.pt")
    if state is None:
        raise FileNotFoundError("nothing to export: run `python -m training.clip` first")
    student = Student()
    student.load_state_dict(state["student"])
    average = MovingAverage(student, AVERAGE_DECAY)
    average.load_state_dict(state["average"])
    average.copy_to(student)
    vocab = vocabulary(concepts)
    with torch.no_grad():
        update_bn(batches(vocab, folder, CALIBRATION_BATCHES, SEED), student)
    student.eval()

    with torch.inference_mode():
        seen = torch.cat([student(batch) for batch in batches(vocab, folder, REFERENCES // BATCH, SEED + 1)])
    texts = embedded(vocab.texts, folder.stage("clip") / "texts.npz")
    generator = torch.Generator().manual_seed(SEED)
    rows = [vocab.captions[row][1] for row in torch.randperm(len(vocab.captions), generator=generator)[:REFERENCES]]

    target.mkdir(parents=True, exist_ok=True)
    tower = {name: _half(value) for name, value in student.visual.state_dict().items()}
    save_file(tower, target / TOWER)
    save_file({"image": _half(seen), "prompt": _half(F.normalize(texts[rows], dim=-1))}, target / REFERENCE)
    for file in (TOWER, REFERENCE):
        (target / file).chmod(0o644)
    (target / CONFIG).write_text(json.dumps(OPEN_CLIP_CONFIG, indent=2) + "\n")
    return int(state["step"])


def _half(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() else value).contiguous()
