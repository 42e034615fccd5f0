"""The model on Modal's serverless GPUs: `make modal-deploy`, `make modal-run PROMPT="a red fox"`.

`MODEL` names one of the registry's models when this is deployed. Nothing here needs a token or torch to be imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import modal

from services.generation.registry import RECORDS, SDXL_LIGHTNING, find_model

RECORD = find_model(os.environ.get("MODEL") or SDXL_LIGHTNING.id)
SNAPSHOT = os.environ.get("MODAL_SNAPSHOT", "1") == "1"
"""Whether a container starts from a memory snapshot, the GPU's memory included. `0` if restores fail too often."""

COMPILE = os.environ.get("MODEL_COMPILE", "kernels" if RECORD.hardware else "no")
TINY_VAE = os.environ.get("MODEL_TINY_VAE", "0")
MAX_CONTAINERS = int(os.environ.get("MODAL_MAX_CONTAINERS", "10"))

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "/weights"
MODELS = "/root/models"
OWN_FOLDER = RECORD.id not in RECORDS and Path(RECORD.source).is_dir()
BATCH_WAIT_MS = 15

# The image names the packages it needs; Modal's own guess would take the whole of `services`, the web app's included.
app = modal.App("promptgram-generation", tags={"model": RECORD.id}, include_source=False)
weights = modal.Volume.from_name("promptgram-weights", create_if_missing=True)
hub_account = [modal.Secret.from_name("huggingface", required_keys=["HF_TOKEN"])] if RECORD.gated else []

image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install_from_pyproject(str(ROOT / "pyproject.toml"), optional_dependencies=["generation"])
    # For tokenisers that come as SentencePiece models only.
    .pip_install("sentencepiece==0.2.3")
    .env(
        {
            "MODEL": f"{MODELS}/{RECORD.id}" if OWN_FOLDER else RECORD.id if RECORD.id in RECORDS else RECORD.source,
            "MODEL_COMPILE": COMPILE,
            "MODEL_TINY_VAE": TINY_VAE,
            "MODAL_SNAPSHOT": "1" if SNAPSHOT else "0",
            "MODAL_MAX_CONTAINERS": str(MAX_CONTAINERS),
            "HF_HOME": f"{WEIGHTS}/hub",
            # Compiled kernels outlive their container, for those that start without a snapshot.
            "TORCHINDUCTOR_CACHE_DIR": f"{WEIGHTS}/kernels",
            "TORCHINDUCTOR_FX_GRAPH_CACHE": "1",
            "HF_XET_HIGH_PERFORMANCE": "1",
        }
    )
    .add_local_python_source("services.generation", "shared")
)
if Path(RECORD.source).is_dir():
    image = image.add_local_dir(RECORD.source, f"{MODELS}/{RECORD.id}")


@app.function(image=image, volumes={WEIGHTS: weights}, secrets=hub_account, timeout=3600)
def download() -> None:
    """Bring the model's files into the volume, at their pinned commits; what is there already is not fetched again."""
    from huggingface_hub import snapshot_download

    if RECORD.revision:
        suffix = f".{RECORD.variant}" if RECORD.variant else ""
        wanted = [f"*/*{suffix}.safetensors", f"*/*{suffix}-*.safetensors", "*.json", "*/*.json", "*/*.txt"]
        wanted += ["*/*.model", f"*/*{suffix}.safetensors.index*.json"]
        snapshot_download(RECORD.source, revision=RECORD.revision, allow_patterns=wanted)
    for part in (RECORD.denoiser, RECORD.vae, RECORD.tiny_vae):
        if part is not None:
            patterns = [part.file] if part.file else ["*.safetensors", "config.json"]
            snapshot_download(part.repository, revision=part.revision, allow_patterns=patterns)
    weights.commit()


@app.cls(
    image=image,
    gpu=list(RECORD.hardware.gpus) if RECORD.hardware else None,
    volumes={WEIGHTS: weights},
    # Weights come from the volume alone: a container must not depend on another company's servers to start.
    env={"HF_HUB_OFFLINE": "1"},
    enable_memory_snapshot=SNAPSHOT,
    experimental_options={"enable_gpu_snapshot": True} if SNAPSHOT and RECORD.hardware else {},
    # An order changes nothing but the bill, so whatever kills a container, it can be carried out again.
    retries=modal.Retries(max_retries=2, initial_delay=1.0, backoff_coefficient=2.0),
    timeout=120,
    startup_timeout=900,
    # What holds until the autoscaler speaks, and again after each deployment: nothing is kept warm.
    min_containers=0,
    buffer_containers=0,
    max_containers=MAX_CONTAINERS,
    scaledown_window=60,
)
class Studio:
    """Paints orders, as many at once as the model takes."""

    @modal.enter(snap=SNAPSHOT)
    def load(self) -> None:
        """Load the model onto the GPU and warm it up; the snapshot is taken afterwards."""
        # Imported here, where torch is: whoever deploys or calls this need not have it.
        from services.generation.diffusers_painter import DiffusersPainter
        from services.generation.pipelines import FastPath
        from services.generation.studio import Studio as Painting

        fast = FastPath(compile=COMPILE, tiny_vae=TINY_VAE == "1")  # type: ignore[arg-type]
        self.painting = Painting(lambda: DiffusersPainter(RECORD, threads=os.cpu_count() or 1, fast=fast))
        self.painting.load()

    @modal.enter(snap=False)
    def recover(self) -> None:
        """Runs after a restore too: a model that came back broken is loaded anew."""
        self.painting.recover()

    @modal.batched(max_batch_size=RECORD.max_batch, wait_ms=BATCH_WAIT_MS)
    def paint(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """See `services.generation.studio`."""
        return self.painting.paint(orders)


@app.local_entrypoint()
def main(prompt: str = "a red fox reading under a green tree", seed: int = 0, out: str = "picture.webp") -> None:
    """Paint one picture on a container of its own and keep it in a file."""
    from services.generation.ports import Canvas
    from services.generation.studio import order, picture

    width, height = next(iter(RECORD.sizes.values()))
    studio: Any = Studio()  # a batched method is called with one item and defined with a list, which no type tells
    painted = picture(studio.paint.remote(order(Canvas(prompt, None, seed, width, height))))
    Path(out).write_bytes(painted.files["original", "webp"])
    print(f"{out}: {painted.width}×{painted.height}, {painted.paint_ms} ms beside the GPU")  # noqa: T201
