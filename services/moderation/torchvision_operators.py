"""Lets torchvision be imported beside a CPU build of torch, with which its compiled operators do not load.

open_clip and transformers import torchvision, and that import fails for operators that nobody declared. Nothing here
calls them. See docs/decisions/0030.
"""

from __future__ import annotations

import importlib.util

import torch

_DECLARED = torch.library.Library("torchvision", "FRAGMENT")


def declare() -> None:
    """Declare what torchvision's import asks for; nothing happens where it is declared or there is no torchvision."""
    if importlib.util.find_spec("torchvision") is not None and not hasattr(torch.ops.torchvision, "nms"):
        for name in ("nms", "qnms"):
            _DECLARED.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
