"""The encoder's configuration in open_clip's format, and its image tower before training."""

from typing import Any

from services.generation.pocket.torchvision_operators import declare_missing_operators

declare_missing_operators()

from open_clip.model import CLIPVisionCfg, _build_vision_tower  # noqa: E402
from torch import nn  # noqa: E402

from training.clip.pictures import SIDE  # noqa: E402

TEXT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
VISION: dict[str, Any] = {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 16, "head_width": 16}
CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 384,
        "vision_cfg": VISION,
        "text_cfg": {
            "hf_model_name": TEXT_MODEL,
            "hf_tokenizer_name": TEXT_MODEL,
            "hf_proj_type": None,
            "hf_pooler_type": "mean_pooler",
        },
        "custom_text": True,
    },
    "preprocess_cfg": {
        "size": [SIDE, SIDE],
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}


def new_tower() -> nn.Module:
    """An untrained image tower: (B, 3, 64, 64) in -1..1 to (B, 384)."""
    tower: nn.Module = _build_vision_tower(CONFIG["model_cfg"]["embed_dim"], CLIPVisionCfg(**VISION))
    return tower
