"""What a collector from outside gets, when OTEL_EXPORTER_OTLP_ENDPOINT names one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# The providers can be set once in a process, so each test has a process of its own.
SERVICE = """
from opentelemetry import metrics, trace
from shared.settings import ServiceSettings
from shared.telemetry import configure_telemetry

provider = configure_telemetry("feed", ServiceSettings())
with trace.get_tracer("test").start_as_current_span("a page of the feed"):
    metrics.get_meter("test").create_counter("pages.made").add(3)
provider.shutdown()
"""


class Collector:
    """Keeps what is sent to it, by path."""

    def __init__(self) -> None:
        self.received: dict[str, list[bytes]] = {}
        kept = self.received

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/x-protobuf"
                kept.setdefault(self.path, []).append(body)
                self.send_response(200)
                self.end_headers()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def run_service(endpoint: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    return subprocess.run([sys.executable, "-c", SERVICE], env=environment, capture_output=True, text=True, timeout=60)


def test_spans_and_metrics_arrive_under_the_service_s_name(collector: Collector) -> None:
    done = run_service(collector.url)
    assert done.returncode == 0, done.stderr

    spans = ExportTraceServiceRequest.FromString(collector.received["/v1/traces"][0]).resource_spans[0]
    assert [span.name for span in spans.scope_spans[0].spans] == ["a page of the feed"]
    assert {a.key: a.value.string_value for a in spans.resource.attributes}["service.name"] == "feed"

    measured = ExportMetricsServiceRequest.FromString(collector.received["/v1/metrics"][-1]).resource_metrics[0]
    assert {a.key: a.value.string_value for a in measured.resource.attributes}["service.name"] == "feed"
    (counter,) = (metric for scope in measured.scope_metrics for metric in scope.metrics if metric.name == "pages.made")
    assert [point.as_int for point in counter.sum.data_points] == [3]


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"], ids=["none", "away"])
def test_a_service_works_without_a_collector(endpoint: str) -> None:
    assert run_service(endpoint).returncode == 0
