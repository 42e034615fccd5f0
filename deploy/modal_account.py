"""Says what is about to be deployed, and stops early without an account: `python -m deploy.modal_account`."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from services.generation.registry import RECORDS, SDXL_LIGHTNING, find_model


def main() -> int:
    """Exit code 1 when nothing can be deployed."""
    console = Console(highlight=False)
    name = os.environ.get("MODEL") or SDXL_LIGHTNING.id
    record = find_model(name)
    if record.id not in RECORDS:
        console.print(f"[red]{name} has no record.[/] What can be deployed has a pinned revision: {', '.join(RECORDS)}")
        return 1
    console.print(f"[bold]{record.title}[/] · {record.source} at {record.revision or 'this checkout'}")
    console.print(f"licence: {record.licence} {record.licence_url or ''}")
    if record.licence_note:
        console.print(f"[{'yellow' if record.commercial_use else 'red'}]{record.licence_note}[/]")
    if record.gated:
        console.print('Needs a Modal secret "huggingface" whose HF_TOKEN belongs to somebody who accepted the licence.')
    if record.hardware:
        console.print(f"GPU: {', or '.join(record.hardware.gpus)} (about {record.hardware.vram_gb:g} GB, calculated)")
    if not _has_token():
        console.print("[red]No Modal token.[/] Run `modal token new`, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.")
        return 1
    return 0


def _has_token() -> bool:
    from modal.config import config

    return bool(config.get("token_id") and config.get("token_secret"))


if __name__ == "__main__":
    sys.exit(main())
