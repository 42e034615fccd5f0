"""Examinations of the exported encoder, on pictures, colours and words that it was not trained on."""

import asyncio
import io
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from services.generation.pocket.palette import BACKGROUNDS, OBJECT_COLOURS
from services.generation.pocket.scene import SceneBatch
from services.search.encoder import OpenClipEncoder
from services.search.relevance import cutoff
from training.clip.texts import embed, is_examined
from training.pocket.captions import CaptionWriter
from training.pocket.composition import compose
from training.pocket.icons import Concept
from training.pocket.scenes import draw_scenes, held_out

Vectors = NDArray[np.float32]
SIDE = 128
CHUNK = 32
SEED = 9001
DEVIATIONS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)


@dataclass(frozen=True)
class Ranks:
    """The rank of the first right answer for each query, from 1, and how many there were to choose from."""

    ranks: Vectors
    gallery: int

    def within(self, places: int) -> float:
        return float((self.ranks <= places).mean())

    @property
    def mean_reciprocal(self) -> float:
        return float((1 / self.ranks).mean())


def single(concept: Tensor, colour: Tensor | None = None, *, seed: int = SEED) -> SceneBatch:
    """Scenes of one object each on random backgrounds, in natural colours unless others are given."""
    generator = torch.Generator().manual_seed(seed)
    scene = draw_scenes(len(concept), int(concept.max()) + 1, generator)
    scene.concept[:, 0], scene.present[:, 0], scene.present[:, 1] = concept, 1.0, 0.0
    scene.colour[:, 0] = 0 if colour is None else colour
    scene.box[:, 0] = torch.tensor([0.5, 0.5, 0.9, 0.0])
    return scene


def read(encoder: OpenClipEncoder, icons: tuple[Tensor, Tensor], scene: SceneBatch) -> Vectors:
    """What search makes of the scenes' pictures, read by its own encoder."""
    found = asyncio.run(encoder.encode_images(painted(icons, scene)))
    return np.stack([np.asarray(vector, dtype=np.float32) for vector in found if vector is not None])


def painted(icons: tuple[Tensor, Tensor], scene: SceneBatch) -> list[bytes]:
    """The scenes' pictures as they are stored: JPEG, 128 pixels wide."""
    pictures: list[bytes] = []
    for start in range(0, len(scene), CHUNK):
        part = SceneBatch(**{name: value[start : start + CHUNK] for name, value in vars(scene).items()})
        pixels = ((compose(icons, part, SIDE)[0].permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255).byte().numpy()
        pictures += [_jpeg(one) for one in pixels]
    return pictures


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def ranks_of(queries: Vectors, gallery: Vectors, right: list[set[int]]) -> Ranks:
    """Rank of the best right row of the gallery for each query."""
    order = np.argsort(-(queries @ gallery.T), axis=1, kind="stable")
    first = [
        next(place for place, row in enumerate(ranking, 1) if row in answers)
        for ranking, answers in zip(order.tolist(), right, strict=True)
    ]
    return Ranks(np.asarray(first, dtype=np.float32), len(gallery))


def names(gallery: Vectors, texts: Vectors) -> Ranks:
    """Each icon's name, among one new picture of every icon."""
    return ranks_of(texts, gallery, [{index} for index in range(len(gallery))])


def unseen_keywords(concepts: list[Concept], gallery: Vectors, name_texts: Vectors) -> tuple[Ranks, Ranks]:
    """Keywords that were kept out of training for some icon; right is an icon for which it was.

    Returns the encoder's ranks and, to compare, those of a search in the icons' names by the text model alone.
    """
    wanted: dict[str, set[int]] = {}
    for index, concept in enumerate(concepts):
        for word in concept.keywords:
            if is_examined(concept, word) and word not in concept.name:
                wanted.setdefault(word, set()).add(index)
    texts = embed(list(wanted)).numpy()
    right = list(wanted.values())
    return ranks_of(texts, gallery, right), ranks_of(texts, name_texts, right)


def unseen_colours(
    encoder: OpenClipEncoder, icons: tuple[Tensor, Tensor], concepts: list[Concept], count: int
) -> Ranks:
    """`<colour> <name>` for colour–object pairs kept out of training, among the object's pictures in all colours."""
    tintable = CaptionWriter(concepts).tintable
    generator = torch.Generator().manual_seed(SEED)
    colours = list(OBJECT_COLOURS)
    ranks: list[float] = []
    for index in torch.randperm(len(concepts), generator=generator).tolist():
        if len(ranks) >= count:
            break
        pairs = [number for number in range(1, 1 + len(colours)) if held_out(torch.tensor(index), torch.tensor(number))]
        if not tintable[index] or not pairs:
            continue
        scene = single(torch.full((len(colours),), index), torch.arange(1, 1 + len(colours)), seed=SEED + index)
        gallery = read(encoder, icons, scene)
        texts = embed([f"{colours[number - 1]} {concepts[index].name}" for number in pairs]).numpy()
        ranks += ranks_of(texts, gallery, [{number - 1} for number in pairs]).ranks.tolist()
    return Ranks(np.asarray(ranks, dtype=np.float32), len(colours))


def backgrounds(encoder: OpenClipEncoder, icons: tuple[Tensor, Tensor], concepts: list[Concept], count: int) -> Ranks:
    """`<name> on a <colour> background`, among the object's pictures on all named backgrounds."""
    generator = torch.Generator().manual_seed(SEED + 1)
    colours = list(BACKGROUNDS)
    ranks: list[float] = []
    for index in torch.randperm(len(concepts), generator=generator)[:count].tolist():
        scene = single(torch.full((len(colours),), index), seed=SEED + index)
        scene.background[:] = torch.tensor(list(BACKGROUNDS.values()))
        gallery = read(encoder, icons, scene)
        texts = embed([f"{concepts[index].name} on a {colour} background" for colour in colours]).numpy()
        ranks += ranks_of(texts, gallery, [{number} for number in range(len(colours))]).ranks.tolist()
    return Ranks(np.asarray(ranks, dtype=np.float32), len(colours))


def cutoffs(
    background: Vectors, queries: Vectors, gallery: Vectors, chosen: list[int]
) -> dict[float, tuple[float, float]]:
    """For each number of deviations: the share of right answers that pass, and how many wrong ones pass, a query.

    Row i of the gallery answers row i of the queries; `chosen` are the rows that are asked.
    """
    table = {}
    scores = queries[chosen] @ gallery.T
    for deviations in DEVIATIONS:
        limits = np.array([cutoff(queries[row].tolist(), background, deviations) for row in chosen])
        passing = scores >= limits[:, None]
        right = passing[np.arange(len(chosen)), chosen]
        table[deviations] = (float(right.mean()), float((passing.sum(axis=1) - right).mean()))
    return table
