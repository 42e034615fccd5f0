"""The decoder without Python between its operations, so that several threads really run at the same time."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from services.generation.pocket.decoder import PocketDecoder
from services.generation.pocket.scene import SceneBatch

Predict = Callable[[Tensor, Tensor, SceneBatch], Tensor]


class _Flat(nn.Module):
    """The decoder with tensors alone as arguments, and the picture alone as its answer."""

    def __init__(self, decoder: PocketDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, sample: Tensor, sigma: Tensor, *scene: Tensor) -> Tensor:
        picture: Tensor = self.decoder(sample, sigma, SceneBatch(*scene))[0]
        return picture


def traced(decoder: PocketDecoder, rows: int) -> Predict:
    """The decoder's prediction of the clean picture for exactly so many rows: the same kernels, hence the same values.

    Between two operations eager code takes Python's lock, and threads lose what a second core gains them by waiting
    for it; a traced graph runs without.
    """
    scene = SceneBatch.empty(rows)
    side = decoder.config.sample_size
    example = (torch.zeros(rows, 3, side, side), torch.full((rows,), 0.5), *vars(scene).values())
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = torch.jit.trace(_Flat(decoder).eval(), example, check_trace=False)

    def predict(sample: Tensor, sigma: Tensor, scene: SceneBatch) -> Tensor:
        predicted: Tensor = graph(sample, sigma, *vars(scene).values())
        return predicted

    return predict
