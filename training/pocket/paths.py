"""Where the training of the pocket model keeps its files."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_TRAIN_DIR = Path("var/training/pocket")
DEFAULT_MODEL_DIR = Path("models/pocket")


@dataclass(frozen=True)
class TrainingFolder:
    """One folder that holds everything a training run reads and writes, apart from the exported weights."""

    root: Path

    @classmethod
    def from_environment(cls) -> "TrainingFolder":
        """The folder named by ``TRAIN_DIR``, by default ``var/training/pocket``."""
        return cls(Path(os.environ.get("TRAIN_DIR", DEFAULT_TRAIN_DIR)))

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def icons(self) -> Path:
        """Rendered icons, ``uint8`` of shape (icons, 256, 256, 4), premultiplied RGBA."""
        return self.root / "icons-256.npy"

    @property
    def icons_half(self) -> Path:
        """The same at 128 pixels."""
        return self.root / "icons-128.npy"

    @property
    def concepts(self) -> Path:
        return self.root / "concepts.json"

    def stage(self, name: str) -> Path:
        """The folder of one stage: its checkpoint, log and contact sheets."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
