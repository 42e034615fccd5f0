"""Failing handlers are everyday business here: their tracebacks are kept short."""

from __future__ import annotations

import pytest
import structlog


@pytest.fixture(autouse=True, scope="package")
def _short_tracebacks() -> None:
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
