"""The training pictures: Fluent Emoji as premultiplied RGBA arrays, with their names and keywords."""

import io
import json
import re
import shutil
import subprocess
import tarfile
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

import cairosvg
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from training.pocket.paths import TrainingFolder

ICON_PACKAGE = "@iconify-json/fluent-emoji@1.2.7"
NAME_PACKAGE = "emojibase-data@17.0.0"
ICON_SIZE = 256
SKIN_TONES = ("-medium-light", "-medium-dark", "-light", "-medium", "-dark")

# Fluent's slugs that do not follow the Unicode label.
LABELS = {
    "blackbird": "black bird",
    "hugging-face": "smiling face with open hands",
    "keycap-asterisk": "keycap: *",
    "keycap-hashtag": "keycap: #",
    "knocked-out-face": "face with crossed-out eyes",
    "man-blonde-hair": "man: blond hair",
    "man-deaf": "deaf man",
    "man-merpeople": "merman",
    "man-with-bunny-ears": "men with bunny ears",
    "man-wrestling": "men wrestling",
    "person-blonde-hair": "person: blond hair",
    "person-deaf": "deaf person",
    "person-elf": "elf",
    "person-fairy": "fairy",
    "person-genie": "genie",
    "person-mage": "mage",
    "person-merpeople": "merperson",
    "person-superhero": "superhero",
    "person-supervillain": "supervillain",
    "person-vampire": "vampire",
    "person-with-bunny-ears": "people with bunny ears",
    "person-wrestling": "people wrestling",
    "person-zombie": "zombie",
    "phoenix-bird": "phoenix",
    "piata": "piñata",
    "pouting-face": "enraged face",
    "red-triangle": "red triangle pointed up",
    "woman-blonde-hair": "woman: blond hair",
    "woman-deaf": "deaf woman",
    "woman-merpeople": "mermaid",
    "woman-with-bunny-ears": "women with bunny ears",
    "woman-wrestling": "women wrestling",
}


@dataclass(frozen=True)
class Concept:
    """One icon: its slug in the icon set, its English name and its keywords."""

    slug: str
    name: str
    keywords: tuple[str, ...]


def slug_of(label: str) -> str:
    """The icon set's way of writing a Unicode label: ASCII, lower case, hyphens."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")


def fetch_package(package: str, folder: Path) -> Path:
    """Download and unpack one npm package once; returns its folder."""
    name = re.sub(r"[^a-z0-9]+", "-", package).strip("-")
    target = folder / name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--json", "--silent", package]
    listing = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    archive = folder / json.loads(listing.stdout)[0]["filename"]
    unpacked = folder / f"{name}.partial"
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    (unpacked / "package").rename(target)
    shutil.rmtree(unpacked)
    return target


def read_concepts(icon_package: Path, name_package: Path) -> list[Concept]:
    """All icons without skin tone, each with name and keywords, in the order of their slugs."""
    icons = json.loads((icon_package / "icons.json").read_text())["icons"]
    labels = {slug_of(entry["label"]): entry for entry in json.loads((name_package / "en/data.json").read_text())}
    concepts = []
    for slug in sorted(icons):
        tone = next((suffix for suffix in SKIN_TONES if slug.endswith(suffix)), None)
        if tone and slug.removesuffix(tone) in icons and f"{slug.removesuffix(tone)}-medium-dark" in icons:
            continue
        entry = labels.get(slug_of(LABELS.get(slug, slug)))
        name = entry["label"] if entry else LABELS.get(slug, slug.replace("-", " "))
        concepts.append(Concept(slug, name.lower(), tuple(tag.lower() for tag in (entry or {}).get("tags", ()))))
    return concepts


def render(svg_body: str, view_box: int) -> NDArray[np.uint8]:
    """Rasterise one icon to premultiplied RGBA of shape (256, 256, 4)."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {view_box} {view_box}">{svg_body}</svg>'
    png = cairosvg.svg2png(bytestring=svg.encode(), output_width=ICON_SIZE, output_height=ICON_SIZE)
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(np.uint16)
    rgba[..., :3] = (rgba[..., :3] * rgba[..., 3:] + 127) // 255
    return rgba.astype(np.uint8)


def halve(icon: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average 2×2 blocks; premultiplied colours make this exact at edges."""
    side = icon.shape[0] // 2
    averaged: NDArray[np.uint8] = icon.reshape(side, 2, side, 2, 4).mean(axis=(1, 3)).round().astype(np.uint8)
    return averaged


def prepare(folder: TrainingFolder) -> list[Concept]:
    """Fetch, render and cache all icons; goes on where an interrupted run stopped."""
    icon_package = fetch_package(ICON_PACKAGE, folder.packages)
    name_package = fetch_package(NAME_PACKAGE, folder.packages)
    if folder.concepts.exists():
        return [Concept(**entry) for entry in json.loads(folder.concepts.read_text())]

    concepts = read_concepts(icon_package, name_package)
    icon_set = json.loads((icon_package / "icons.json").read_text())
    shape = (len(concepts), ICON_SIZE, ICON_SIZE, 4)
    partial = folder.icons.with_suffix(".partial.npy")
    mode = "r+" if partial.exists() else "w+"
    pixels = np.lib.format.open_memmap(partial, mode=mode, dtype=np.uint8, shape=shape)
    for index, concept in enumerate(tqdm(concepts, desc="rendering icons", mininterval=5)):
        if not pixels[index].any():
            try:
                pixels[index] = render(icon_set["icons"][concept.slug]["body"], icon_set.get("width", 32))
            except MemoryError:  # how cairo reports a path that it cannot handle
                tqdm.write(f"left out, cairo cannot draw it: {concept.slug}")
    drawn = [index for index in range(len(concepts)) if pixels[index].any()]
    concepts = [concepts[index] for index in drawn]
    np.save(folder.icons, pixels[drawn])
    np.save(folder.icons_half, np.stack([halve(pixels[index]) for index in drawn]))
    partial.unlink()
    folder.concepts.write_text(json.dumps([asdict(concept) for concept in concepts], ensure_ascii=False, indent=1))
    return concepts
