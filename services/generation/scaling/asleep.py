"""Hours of the day in which nothing is kept warm for what may come."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time

from services.generation.scaling.ports import Target

SHORTEST_WINDOW_S = 2.0
SPAN = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


@dataclass(frozen=True)
class Asleep:
    """Spans of the clock, each from its first minute to before its last; one may go past midnight."""

    spans: tuple[tuple[time, time], ...]

    @classmethod
    def parse(cls, text: str) -> Asleep:
        """From `23:00-07:00`, or several with commas; nothing is never.

        Raises:
            ValueError: a span is not of that form, or is empty.
        """
        spans = []
        for part in filter(None, (each.strip() for each in text.split(","))):
            found = SPAN.fullmatch(part)
            if found is None:
                raise ValueError(f"{part!r} is no span of hours such as 23:00-07:00")
            begin, end = (time.fromisoformat(each) for each in found.groups())
            if begin == end:
                raise ValueError(f"{part!r} is empty")
            spans.append((begin, end))
        return cls(tuple(spans))

    def at(self, now: datetime) -> bool:
        """Whether this time of the day lies within a span."""
        clock = now.time()
        return any(begin <= clock < end if begin < end else clock >= begin or clock < end for begin, end in self.spans)

    def limit(self, target: Target, now: datetime) -> Target:
        """What is asked for then: containers come for requests alone, and leave soon after them."""
        if not self.at(now):
            return target
        return replace(target, min_containers=0, buffer_containers=0, scaledown_window_s=SHORTEST_WINDOW_S)
