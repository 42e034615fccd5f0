"""In a process of its own: what is frozen stays so."""

from __future__ import annotations

import subprocess
import sys

import pytest

STEPS = """
import gc
from shared import garbage
class Ring: pass
def dropped():
    ring = Ring(); ring.itself = ring
def rings(): return sum(isinstance(each, Ring) for each in gc.get_objects())
garbage.rest_while_loading()
for _ in range(5000): dropped()
print(rings())
loaded = Ring()
garbage.spare_what_is_loaded()
print(rings(), gc.get_freeze_count() > 1000)
for _ in range(5000): dropped()
print(rings() < 5000)
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    ran = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def test_nothing_is_collected_while_loading(said: list[str]) -> None:
    assert said[0] == "5000"


def test_what_is_loaded_is_not_looked_at_again(said: list[str]) -> None:
    assert said[1] == "0 True"


def test_what_is_dropped_later_is_collected(said: list[str]) -> None:
    assert said[2] == "True"
