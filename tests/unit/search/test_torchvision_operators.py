"""torchvision can be imported whichever build of torch is installed."""

from __future__ import annotations

import importlib

from services.search.torchvision_operators import make_torchvision_importable


def test_torchvision_imports_after_the_mending_which_may_be_repeated() -> None:
    make_torchvision_importable()
    make_torchvision_importable()
    transforms = importlib.import_module("torchvision.transforms")
    assert transforms.Compose
