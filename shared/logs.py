"""Structured logs: JSON lines for machines, short coloured lines for people. Each carries service and trace id."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.settings import ServiceSettings

_COLOURS = {"gateway": 36, "moderation": 33, "generation": 35, "search": 32, "feed": 34}


def configure_logs(service: str, settings: ServiceSettings) -> None:
    """Send this process's own and its libraries' log records to standard output in one format."""
    console = settings.log_format == "console"
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
        _with_trace,
    ]
    render: list[Processor] = (
        # structlog's default traceback prints the local variables of every frame: slow, and passwords are among them.
        [
            structlog.dev.ConsoleRenderer(
                colors=_coloured(), pad_event_to=30, exception_formatter=structlog.dev.plain_traceback
            )
        ]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    formatter = _Prefixed(
        service if console else None,
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _named(service, console), *render],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    # At INFO libraries tell of their inner workings; whoever wants that asks for DEBUG.
    root.setLevel(logging.WARNING if settings.log_level == "INFO" else settings.log_level)
    for ours in ("services", "shared", "deploy"):
        logging.getLogger(ours).setLevel(settings.log_level)
    for noisy in ("httpx", "pymongo", "urllib3", "faststream", "uvicorn.access", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for uvicorn in ("uvicorn", "uvicorn.error"):
        logging.getLogger(uvicorn).handlers = []
        logging.getLogger(uvicorn).propagate = True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class _Prefixed(structlog.stdlib.ProcessorFormatter):
    """Puts the service's name before each line, so that many services share one terminal."""

    def __init__(self, service: str | None, **options: Any) -> None:
        super().__init__(**options)
        self._prefix = ""
        if service:
            name = f"{service:<10} │ "
            self._prefix = f"\x1b[{_COLOURS.get(service, 37)}m{name}\x1b[0m" if _coloured() else name

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return "\n".join(self._prefix + line for line in text.splitlines()) if self._prefix else text


def _coloured() -> bool:
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def _with_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
    return event


def _named(service: str, console: bool) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if not console:
            event["service"] = service
        return event

    return add
