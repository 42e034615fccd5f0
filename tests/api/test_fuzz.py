"""Requests that schemathesis makes up from the OpenAPI document, sent to a gateway that listens on a real port.

`make fuzz MINUTES=10` gives it more time than a test run does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.api.conftest import Person

SECONDS = int(float(os.environ.get("FUZZ_MINUTES", "0.4")) * 60)
NOT_CHECKED = "positive_data_acceptance,use_after_free"
"""That what fits the document is accepted: a taken name, a reserved one or a made-up cursor fits, and is refused.
And that what was deleted is gone: deleting a generation that is under way cancels it, and it can still be read."""


@pytest.mark.timeout(SECONDS + 120)
async def test_no_request_that_fits_or_breaks_the_document_surprises(
    url: str, neighbours: None, ada: Person, tmp_path: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis", "run", f"{url}/openapi.json",
        "--header", f"Authorization: {ada.http.headers['Authorization']}",
        "--max-time", str(SECONDS),
        "--exclude-checks", NOT_CHECKED,
        # Streams that only end with their generation; and signing out would end the run's own sign-in.
        "--exclude-path-regex", "/events$|^/v1/sessions/current$",
        "--request-timeout", "40", "--no-color", "--continue-on-failure",
        *(["--generation-database", ":memory:"] if "FUZZ_MINUTES" in os.environ else ["--generation-deterministic"]),
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode(errors="replace")[-20_000:]
