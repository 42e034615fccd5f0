"""Spans as the services wrote them: finding the trace that a person means, and who called whom in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ERROR = 2
"""`STATUS_CODE_ERROR` of OTLP."""

TAIL_BYTES = 4 << 20
"""How much of each file is searched for the latest trace."""


@dataclass(frozen=True)
class Span:
    """One piece of work. `start` and `end` are nanoseconds since the epoch."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    start: int
    end: int
    error: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def load_trace(folder: Path, wanted: str | None) -> list[Span]:
    """The spans of the trace that is meant (see `find_trace`), of all that services wrote to a folder.

    Files grow to many megabytes, so only the lines that matter are parsed.
    """
    if wanted is None:
        latest = find_trace(read_spans(folder, last_bytes=TAIL_BYTES), None)
        return load_trace(folder, latest[0].trace_id) if latest else []
    words = {wanted, wanted.lower()}
    candidates = {span.trace_id for span in read_spans(folder, words)}
    return find_trace(read_spans(folder, words | candidates), wanted) if candidates else []


def read_spans(folder: Path, words: Collection[str] = (), *, last_bytes: int | None = None) -> Iterator[Span]:
    """The spans of the OTLP JSON lines files in a folder; lines that are damaged or half written are passed over.

    Args:
        folder: where the files lie.
        words: only lines in which one of these stands; none means all.
        last_bytes: how much of each file's end is read.
    """
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            if last_bytes is not None:
                lines.seek(max(file.stat().st_size - last_bytes, 0))
            for line in lines:
                if words and not any(word.encode() in line for word in words):
                    continue
                try:
                    yield from _spans_of(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue


def find_trace(spans: Iterable[Span], wanted: str | None) -> list[Span]:
    """The spans of the trace that is meant, in no order; empty when there is none.

    Args:
        spans: all there are.
        wanted: a trace's id; or the id of a thing (generation, post, …) that stands in some span's attributes, and then
            the trace that went through the most services; or None for the latest that went through more than one
            service, since looking after a stack leaves many short ones.
    """
    traces: dict[str, list[Span]] = defaultdict(list)
    mentioned: set[str] = set()
    for span in spans:
        traces[span.trace_id].append(span)
        if wanted is not None and wanted in span.attributes.values():
            mentioned.add(span.trace_id)
    if wanted is not None and (exact := traces.get(wanted.lower())):
        return exact
    if wanted is None:
        journeys = [trace for trace in traces.values() if len(services(trace)) > 1] or list(traces.values())
        return max(journeys, key=start_of, default=[])
    found = [traces[trace_id] for trace_id in mentioned]
    return max(found, key=lambda trace: (len(services(trace)), len(trace), start_of(trace)), default=[])


def service_edges(spans: Iterable[Span]) -> set[tuple[str, str]]:
    """Which service's span is the parent of which other service's span: `{("gateway", "moderation"), …}`."""
    by_id = {span.span_id: span for span in spans}
    return {
        (by_id[span.parent_id].service, span.service)
        for span in by_id.values()
        if span.parent_id in by_id and by_id[span.parent_id].service != span.service
    }


def in_order(spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """Depth and span, each parent before its children and siblings by their start.

    A span whose parent was never written (it is still open, or belongs to the caller outside) stands at depth 0.
    """
    by_id = {span.span_id: span for span in spans}
    children: dict[str | None, list[Span]] = defaultdict(list)
    for span in by_id.values():
        children[span.parent_id if span.parent_id in by_id else None].append(span)
    pending = [(0, span) for span in sorted(children[None], key=_latest_first)]
    while pending:
        depth, span = pending.pop()
        yield depth, span
        pending += [(depth + 1, child) for child in sorted(children[span.span_id], key=_latest_first)]


def services(spans: Iterable[Span]) -> list[str]:
    """The services that took part, in the order of their first span."""
    return list(dict.fromkeys(span.service for span in sorted(spans, key=lambda span: span.start)))


def start_of(spans: Iterable[Span]) -> int:
    """When the first span began."""
    return min(span.start for span in spans)


def _latest_first(span: Span) -> int:
    return -span.start


def _spans_of(request: dict[str, Any]) -> Iterator[Span]:
    """The spans of one `ExportTraceServiceRequest` in its JSON form."""
    for resource_spans in request["resourceSpans"]:
        resource = _attributes(resource_spans.get("resource", {}))
        for scope in resource_spans["scopeSpans"]:
            for span in scope["spans"]:
                yield Span(
                    trace_id=span["traceId"].lower(),
                    span_id=span["spanId"].lower(),
                    parent_id=span.get("parentSpanId", "").lower() or None,
                    service=str(resource.get("service.name", "unknown")),
                    name=span["name"],
                    start=int(span["startTimeUnixNano"]),
                    end=int(span["endTimeUnixNano"]),
                    error=_error(span),
                    attributes=_attributes(span),
                )


def _attributes(holder: dict[str, Any]) -> dict[str, Any]:
    """Attributes by name; of OTLP's `{"stringValue": "x"}` only the value is kept, and lists and maps are left out."""
    return {
        entry["key"]: value
        for entry in holder.get("attributes", ())
        for value in entry["value"].values()
        if isinstance(value, str | int | float | bool)
    }


def _error(span: dict[str, Any]) -> str | None:
    if span.get("status", {}).get("code") != ERROR:
        return None
    if message := span["status"].get("message"):
        return str(message)
    for event in span.get("events", ()):
        if event.get("name") == "exception":
            told = _attributes(event)
            return f"{told.get('exception.type', 'error')}: {told.get('exception.message', '')}"
    return "error"
