"""Where spans and metrics go: to a collector by the standard OTEL_* variables, and to files that `make trace` reads."""

from __future__ import annotations

import os

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.json.file import FileSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared.settings import ServiceSettings

FILE_DELAY_MS = 300
FILE_LIMIT_BYTES = 64 << 20


def configure_telemetry(service: str, settings: ServiceSettings) -> TracerProvider:
    """Set this process's global providers, once. Shut the returned provider down at the end to flush it."""
    resource = Resource.create({"service.name": service, "service.namespace": "promptgram"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(_StableReplyNames())
    provider.add_span_processor(_NoQueries())
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))
    if settings.otel_traces_file:
        settings.otel_traces_file.mkdir(parents=True, exist_ok=True)
        path = settings.otel_traces_file / f"{service}.jsonl"
        if path.exists() and path.stat().st_size > FILE_LIMIT_BYTES:
            path.replace(path.with_suffix(".old.jsonl"))
        provider.add_span_processor(
            BatchSpanProcessor(FileSpanExporter(str(path)), schedule_delay_millis=FILE_DELAY_MS)
        )
    trace.set_tracer_provider(provider)
    return provider


class _StableReplyNames(SpanProcessor):
    """Replies are named after a random inbox; without this the set of span names would grow for ever."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if span.name.startswith("_INBOX"):
            span.update_name(f"reply {span.name.rpartition(' ')[2]}")
            span.set_attribute("messaging.destination_name", "reply")


class _NoQueries(SpanProcessor):
    """What people search for, and the signatures of their pictures, stand in queries: neither belongs in a trace."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "REDACTED")
