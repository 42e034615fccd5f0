"""A trace is found and drawn from what the real exporter wrote."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from opentelemetry import context, propagate, trace
from opentelemetry.exporter.otlp.json.file import FileSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from rich.console import Console

from deploy.tools.spans import Span, in_order, load_trace, read_spans, service_edges
from deploy.tools.trace import draw, main

MILLISECOND = 1_000_000


class Stack:
    """Services that write spans as the real ones do: each a provider with its own file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tracers: dict[str, trace.Tracer] = {}

    def __getitem__(self, service: str) -> trace.Tracer:
        if service not in self._tracers:
            provider = TracerProvider(resource=Resource.create({"service.name": service}))
            exporter = FileSpanExporter(str(self.folder / f"{service}.jsonl"))
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            self._tracers[service] = provider.get_tracer("test")
        return self._tracers[service]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def journey(stack: Stack, generation: str, post: str = "post-1") -> str:
    """A request through three services, carried by headers as over the broker; returns the trace's id."""
    carrier: dict[str, str] = {}
    with (
        stack["gateway"].start_as_current_span(
            "POST /v1/generations", attributes={"generation.id": generation}
        ) as span,
        stack["gateway"].start_as_current_span("evt.prompt.submitted.v1 publish"),
    ):
        propagate.inject(carrier)
    token = context.attach(propagate.extract(carrier))
    with stack["moderation"].start_as_current_span("evt.prompt.submitted.v1 process"):
        propagate.inject(carrier)
    context.detach(token)
    token = context.attach(propagate.extract(carrier))
    with stack["generation"].start_as_current_span("generation.render", attributes={"post.id": post}) as render:
        error = ValueError("out of memory \x1b[2J")
        render.record_exception(error)
        render.set_status(trace.StatusCode.ERROR)
    context.detach(token)
    return format(span.get_span_context().trace_id, "032x")


def drawn(spans: list[Span], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    draw(console, spans)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("wanted", ["the trace's id", "the trace's ID", "gen-1", "post-1", None])
def test_a_trace_is_found_by_its_id_by_what_it_is_about_or_as_the_latest(stack: Stack, wanted: str | None) -> None:
    journey(stack, "gen-0", "post-0")
    trace_id = journey(stack, "gen-1")
    with stack["gateway"].start_as_current_span("GET /readyz"):
        pass
    with stack["gateway"].start_as_current_span("GET /v1/generations/{id}", attributes={"generation.id": "gen-1"}):
        pass
    if wanted and wanted.startswith("the trace's"):
        wanted = trace_id.upper() if "ID" in wanted else trace_id
    assert {span.trace_id for span in load_trace(stack.folder, wanted)} == {trace_id}


def test_what_nobody_mentions_is_not_found(stack: Stack) -> None:
    journey(stack, "gen-1")
    assert load_trace(stack.folder, "gen") == []
    assert load_trace(stack.folder / "nothing", None) == []


def test_edges_are_parent_to_child_between_services(stack: Stack) -> None:
    journey(stack, "gen-1")
    spans = load_trace(stack.folder, "gen-1")
    assert service_edges(spans) == {("gateway", "moderation"), ("moderation", "generation")}


def test_damaged_and_half_written_lines_are_passed_over(stack: Stack) -> None:
    journey(stack, "gen-1")
    whole = len(list(read_spans(stack.folder)))
    with (stack.folder / "gateway.jsonl").open("ab") as file:
        file.write(
            b'\n\xff\xfe\n[1]\n{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}\n{"resourceSpans": [{"reso'
        )
    assert len(list(read_spans(stack.folder))) == whole


def span(name: str, start_ms: int, end_ms: int, parent: str | None = None, service: str = "gateway") -> Span:
    return Span("t", name, parent, service, name, start_ms * MILLISECOND, end_ms * MILLISECOND)


def test_parents_stand_before_children_siblings_by_start_and_orphans_at_the_top() -> None:
    spans = [
        span("late", 30, 40, "root"), span("root", 0, 50), span("early", 5, 10, "root"), span("leaf", 31, 32, "late"),
        span("orphan", 60, 70, "never written"),
    ]  # fmt: skip
    assert [(depth, found.name) for depth, found in in_order(spans)] == [
        (0, "root"), (1, "early"), (1, "late"), (2, "leaf"), (0, "orphan"),
    ]  # fmt: skip


def test_bars_begin_and_end_in_proportion_to_time() -> None:
    lines = drawn([span("root", 0, 1000), span("second half", 500, 1000, "root")], 100)
    whole, half = lines[2], lines[3]
    assert whole.endswith(" 1.00 s")
    assert half.endswith("500.0 ms")
    assert whole.count("█") == pytest.approx(2 * half.count("█"), abs=1)
    assert half.rindex("█") == whole.rindex("█")
    assert half.index("█") == pytest.approx((whole.index("█") + whole.rindex("█")) / 2, abs=1)


@pytest.mark.parametrize("width", [30, 40, 80, 120, 250])
def test_every_span_is_drawn_within_any_width(stack: Stack, width: int) -> None:
    journey(stack, "gen-1")
    spans = load_trace(stack.folder, "gen-1")
    lines = drawn(spans, width)
    assert max(map(len, lines)) <= width
    assert sum(bool(re.search(r"[█▏▎▍▌▋▊▉]", line)) for line in lines) == len(spans)
    assert sum(line.rstrip().endswith(("µs", " ms", " s")) for line in lines) >= len(spans)


def test_errors_are_marked_and_told_without_control_characters(stack: Stack) -> None:
    journey(stack, "gen-1")
    text = "\n".join(drawn(load_trace(stack.folder, "gen-1"), 120))
    assert "1 failed" in text
    assert "✗ generation.render" in text
    assert "ValueError: out of memory" in text
    assert "\x1b" not in text


def test_a_span_of_no_length_in_a_trace_of_no_length_is_still_seen() -> None:
    lines = drawn([span("instant", 5, 5)], 60)
    assert "▏" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "said"), [([], "No traces in .* yet"), (["abc"], "mentions the id abc")], ids=["latest", "by id"]
)
def test_an_empty_folder_is_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(SystemExit, match=said):
        main(arguments)


def test_the_command_reads_the_data_folder(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stack.folder = tmp_path / "traces"
    stack.folder.mkdir()
    trace_id = journey(stack, "gen-1")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    main(["gen-1"])
    assert f"trace {trace_id}" in capsys.readouterr().out
