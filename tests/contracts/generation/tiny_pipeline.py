"""A Stable Diffusion pipeline with a few thousand random weights."""

from __future__ import annotations

from pathlib import Path

from services.generation.pocket.pipeline import PocketPipeline as _  # noqa: F401 mends torchvision before diffusers
from services.generation.registry import ModelRecord

from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel  # isort: skip
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer  # isort: skip


def tiny_stable_diffusion(folder: Path) -> ModelRecord:
    """A Stable Diffusion pipeline with a few thousand random weights, saved as any hub model is."""
    vocabulary = {
        token: number for number, token in enumerate(["<|startoftext|>", "<|endoftext|>", "a</w>", "a", "fox</w>"])
    }
    (folder / "words").mkdir(parents=True)
    (folder / "words" / "vocab.json").write_text(str(vocabulary).replace("'", '"'))
    (folder / "words" / "merges.txt").write_text("#version: 0.2\n")
    text = CLIPTextConfig(
        vocab_size=1000, hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=4,
        pad_token_id=1, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    StableDiffusionPipeline(
        unet=UNet2DConditionModel(
            block_out_channels=(32, 32), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
            cross_attention_dim=32, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear"),
        vae=AutoencoderKL(
            block_out_channels=[32, 32], in_channels=3, out_channels=3, latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer(
            str(folder / "words" / "vocab.json"), str(folder / "words" / "merges.txt"), model_max_length=16
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "model", safe_serialization=True)  # fmt: skip
    return ModelRecord(
        id="tiny-sd", title="Tiny", source=str(folder / "model"), licence="none", commercial_use=True, steps=2,
        guidance_scale=2.0, negative_prompt=True, sizes={"1:1": (16, 16)},
    )  # fmt: skip
