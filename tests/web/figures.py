"""How light and smooth the built page is, on this machine: `python -m tests.web.figures` prints a table.

Loading is measured with a cold cache, five times, and the median is told. Scrolling is measured over cards of real
pictures which the feed is made to repeat without end, because what is measured is the page and not the server.
"""

from __future__ import annotations

import base64
import itertools
import os
import secrets
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Route
from rich.console import Console
from rich.table import Table

from tests.stack import ROOT, running_stack
from tests.web.chromium import DESKTOP, chromium, installed
from tests.web.people import Person

DIST = ROOT / "services" / "gateway" / "web" / "dist"
LOADS = 5
CARDS, MANY_CARDS = 500, 1000
PICTURES = 12
PAGE = 24
TASK, TASKS = "RunTask", "disabled-by-default-devtools.timeline"
WATCH = """
window.figures = { lcp: 0, cls: 0, long: [] };
new PerformanceObserver(list => list.getEntries().forEach(entry => (figures.lcp = entry.startTime)))
    .observe({ type: 'largest-contentful-paint', buffered: true });
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) figures.cls += entry.value;
})).observe({ type: 'layout-shift', buffered: true });
new PerformanceObserver(list => list.getEntries().forEach(entry => figures.long.push(entry.duration)))
    .observe({ type: 'longtask', buffered: true });
"""
SCRIPTS = "performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.endsWith('.js'))"


def main() -> int:
    if not installed():
        sys.exit("Chromium is needed: install Debian's `chromium`.")
    with tempfile.TemporaryDirectory(prefix="promptgram-figures-") as folder, running_stack(Path(folder)) as stack:
        painter = Person(stack.url, "figures")
        for number in range(PICTURES):
            painter.publish(f"a {('fox', 'castle', 'fish', 'tree')[number % 4]} on a teal background")
        with chromium() as browser:
            rows = [*_loading(browser, stack.url), *_scrolling(browser, stack.url)]
    table = Table("figure", "measured", "goal")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    Console().print(f"{cores} cores; load {load:.1f}" + (": others use them, so times are too long" * (load > cores)))
    return 0


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(base_url=url, viewport=DESKTOP).new_page()
    page.add_init_script(WATCH)
    return page


def _loading(browser: Browser, url: str) -> list[tuple[str, str, str]]:
    seen: list[dict[str, float]] = []
    scripts: list[str] = []
    for _ in range(LOADS):
        page = _open(browser, url)
        page.goto("/")
        page.locator("[data-post] img[data-state=here]").first.wait_for()
        page.wait_for_timeout(1500)
        seen.append(page.evaluate("figures"))
        scripts = page.evaluate(SCRIPTS)
        page.context.close()
    gzipped = sum(_gzipped(name) for name in scripts)
    return [
        ("largest contentful paint", f"{statistics.median(one['lcp'] for one in seen):.0f} ms", "≤ 1200 ms"),
        ("cumulative layout shift", f"{max(one['cls'] for one in seen):.4f}", "≤ 0.02"),
        ("JavaScript of the first page, gzipped", f"{gzipped / 1000:.0f} kB", "≤ 160 kB"),
    ]


def _gzipped(address: str) -> int:
    """Size of a script as the gateway sends it; those that the build did not make are not compressed."""
    path = DIST / address.split("/", 3)[3]
    compressed = path.with_name(path.name + ".gz")
    return (compressed if compressed.is_file() else path).stat().st_size


def _scrolling(browser: Browser, url: str) -> list[tuple[str, str, str]]:
    page = _open(browser, url)
    entries = httpx.get(f"{url}/v1/feed", params={"mode": "explore"}).json()["items"]
    page.route("**/v1/feed?*", _endless(entries))
    devtools = page.context.new_cdp_session(page)
    page.goto("/")
    _scroll_to(page, 48)
    early = _heap(devtools)
    page.evaluate("figures.long.length = 0")
    with _tasks(browser) as tasks:
        _scroll_to(page, CARDS)
    longest = max(page.evaluate("figures.long"), default=0)
    _scroll_to(page, MANY_CARDS)
    late = _heap(devtools)
    nodes = page.evaluate(
        "Math.max(...[...document.querySelectorAll('[data-post]')].map(card => card.querySelectorAll('*').length + 1))"
    )
    shown = page.locator("[data-post]").count()
    page.context.close()
    return [
        (f"longest task while scrolling {CARDS} cards", f"{longest:.0f} ms", "≤ 100 ms"),
        ("most that a task then worked itself", f"{max(tasks, default=0):.0f} ms", "≤ 100 ms"),
        ("nodes of a card", str(nodes), "≤ 40"),
        (f"cards in the document after {MANY_CARDS}", str(shown), "few"),
        (
            f"memory after 48 cards, and after {MANY_CARDS}",
            f"{early['mb']:.1f} MB, {late['mb']:.1f} MB",
            "flat but for the data",
        ),
        ("nodes in the document then", f"{early['nodes']}, {late['nodes']}", "flat"),
    ]


@contextmanager
def _tasks(browser: Browser) -> Iterator[list[float]]:
    """Fills the list with the processor time of each task in ms: it does not grow while others use the cores."""
    tasks: list[float] = []
    ended = False

    def take(data: dict[str, Any]) -> None:
        tasks.extend(event["tdur"] / 1000 for event in data["value"] if event["name"] == TASK and event.get("tdur"))

    def end(_: dict[str, Any]) -> None:
        nonlocal ended
        ended = True

    devtools = browser.new_browser_cdp_session()
    devtools.on("Tracing.dataCollected", take)
    devtools.on("Tracing.tracingComplete", end)
    devtools.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": [TASKS]}})
    yield tasks
    devtools.send("Tracing.end")
    while not ended:
        devtools.send("Tracing.getCategories")
    devtools.detach()


def _endless(entries: list[dict[str, Any]]) -> Callable[[Route], None]:
    """Answers every look at the feed with posts like the real ones, and says that there are more."""
    posts = itertools.cycle(entries)

    def another(entry: dict[str, Any]) -> dict[str, Any]:
        (picture, *others) = entry["post"]["images"]
        # A hash of its own, or the page would have decoded it long ago.
        thumbhash = base64.b64decode(picture["thumbhash"])[:-2] + secrets.token_bytes(2)
        images = [picture | {"thumbhash": base64.b64encode(thumbhash).decode()}, *others]
        return {**entry, "post": {**entry["post"], "id": str(uuid.uuid4()), "images": images}}

    def answer(route: Route) -> None:
        items = [another(entry) for entry in itertools.islice(posts, PAGE)]
        route.fulfill(json={"items": items, "next_cursor": "more"})

    return answer


def _scroll_to(page: Page, cards: int) -> None:
    """Scroll as a hand on a wheel does until so many cards have been passed."""
    while page.evaluate("scrollY") < cards / 5 * 290:
        page.mouse.move(700, 500)
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(40)


def _heap(devtools: Any) -> dict[str, float]:
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    counters = devtools.send("Memory.getDOMCounters")
    return {"mb": devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6, "nodes": counters["nodes"]}


if __name__ == "__main__":
    sys.exit(main())
