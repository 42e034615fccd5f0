"""Detoxify's scorer on a small checkpoint in Detoxify's own format, in a process of its own: it loads PyTorch."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import sys, json
from pathlib import Path
import torch
from services.moderation.text import detoxify_scorer
transformers = detoxify_scorer._transformers()
folder = Path(sys.argv[1])
letters = [chr(33 + i) for i in range(94)] + ["\\u0120"]
tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters]
(folder / "vocab.json").write_text(json.dumps({token: at for at, token in enumerate(tokens)}))
(folder / "merges.txt").write_text("#version: 0.2\\n")
config = transformers.RobertaConfig(vocab_size=len(tokens), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=16, max_position_embeddings=40, num_labels=7)
config.save_pretrained(folder)
torch.manual_seed(0)
model = transformers.RobertaForSequenceClassification(config)
classes = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit"]
args = {"model_type": "roberta-base", "model_name": "RobertaForSequenceClassification",
        "tokenizer_name": "RobertaTokenizer", "num_classes": 7}
state = {**model.state_dict(), "roberta.embeddings.position_ids": torch.arange(40)[None]}
config = {"arch": {"args": args}, "dataset": {"args": {"classes": classes}}}
torch.save({"config": config, "state_dict": state}, folder / "tiny.ckpt")
"""
SCORE = """
import sys, json
from pathlib import Path
from services.moderation.scorers import text_scorer
from services.moderation.settings import ModerationSettings
folder = Path(sys.argv[1])
settings = {"detoxify_checkpoint": folder / "tiny.ckpt", "detoxify_config": folder, "detoxify_sha256": sys.argv[2]}
scorer = text_scorer(ModerationSettings(**settings))
(found,) = scorer.assess([("hello " * 100, "comment")])
rules = sorted(finding.rule for finding in found.findings if finding.rule.startswith("detoxify."))
print(json.dumps({"rules": rules, "scores": found.scores, "versions": found.versions}))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=110)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("detoxify")
    made = run(MAKE, str(path))
    assert made.returncode == 0, made.stderr
    return path


def test_its_scores_stand_beside_the_others(folder: Path) -> None:
    digest = hashlib.sha256((folder / "tiny.ckpt").read_bytes()).hexdigest()
    scored = run(SCORE, str(folder), digest)
    assert scored.returncode == 0, scored.stderr
    found = json.loads(scored.stdout)
    assert found["rules"] == ["detoxify.harassment", "detoxify.hate", "detoxify.sexual"]
    assert found["versions"]["DetoxifyScorer"] == digest[:8]
    assert all(0 <= score <= 1 for score in found["scores"].values())


def test_another_checkpoint_than_the_expected_one_is_refused(folder: Path) -> None:
    scored = run(SCORE, str(folder), "0" * 64)
    assert scored.returncode != 0
    assert "does not begin with" in scored.stderr
