"""Lets diffusers and transformers be imported beside a torchvision whose compiled operators do not load.

PyPI's torchvision is built against the CUDA torch. Beside a CPU build of torch its library fails to load, and then
``import torchvision`` fails because it describes operators that nobody declared. Declaring their names is enough for
the import; nothing here calls them.
"""

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # a library withdraws its declarations when it is collected


def declare_missing_operators() -> None:
    """Declare torchvision's operators by name if its own library cannot; does nothing when called again."""
    spec = importlib.util.find_spec("torchvision")
    if _declared or spec is None or spec.origin is None:
        return
    for library in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return
    names = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        names.define(schema)
    _declared.append(names)
