"""Lets open_clip and transformers be imported beside a torchvision whose compiled operators do not load.

torchvision from PyPI is built for the CUDA build of torch. Beside a CPU build its library does not load, and then
importing it fails: it describes operators that nobody has declared. Declared by name they are enough for the import.
Search never calls them: it uses torchvision for its picture transforms alone. See docs/decisions/0030.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []


def make_torchvision_importable() -> None:
    """Declare torchvision's operators when its own library cannot; otherwise, and when called again, do nothing."""
    spec = importlib.util.find_spec("torchvision")
    if _declared or spec is None or spec.origin is None or hasattr(torch.ops.torchvision, "nms"):
        return
    for library in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return
    # A library object takes its declarations back when it is collected.
    names = torch.library.Library("torchvision", "DEF")
    for operator in _OPERATORS:
        names.define(operator)
    _declared.append(names)
