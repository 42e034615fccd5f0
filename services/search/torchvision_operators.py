"""Imports torchvision, which open_clip and transformers need, also when its compiled operators do not load.

torchvision from PyPI is built for the CUDA build of torch. Beside a CPU build its library does not load, and then
importing it fails: it describes operators that nobody has declared. Declared by name while it is being imported they
are enough. Search never calls them: it uses torchvision for its picture transforms alone. See docs/decisions/0030.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import torch

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> None:
    """Import torchvision; its operators are declared for the moment of the import if its own library cannot do so."""
    if _operators_load() or hasattr(torch.ops.torchvision, "nms"):
        importlib.import_module("torchvision")
        return
    declared = torch.library.Library("torchvision", "DEF")
    try:
        for operator in _OPERATORS:
            declared.define(operator)
        importlib.import_module("torchvision")
    finally:
        # Whoever else mends the import in this process must be able to declare them too.
        declared._destroy()


def _operators_load() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True
    for library in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return True
    return False
