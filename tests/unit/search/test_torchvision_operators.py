"""torchvision can be imported whichever build of torch is installed, and nothing is left behind."""

from __future__ import annotations

import importlib

from services.generation.pocket.torchvision_operators import declare_missing_operators
from services.search.torchvision_operators import import_torchvision


def test_torchvision_is_imported_however_often_and_whoever_else_mends_it() -> None:
    import_torchvision()
    declare_missing_operators()
    import_torchvision()
    assert importlib.import_module("torchvision.transforms").Compose
