"""A real browser before the real stack: people with windows of their own, and what their pages complained about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.stack import ROOT, Stack
from tests.web.chromium import DESKTOP, chromium, installed
from tests.web.people import Person, let_in, unique

WEB = ROOT / "services" / "gateway" / "web"
PATIENCE_MS = 15_000


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, closed before other packages' tests want the process's event loop."""
    if not installed():
        pytest.skip("no `chromium` is installed: the page is not tested in a browser")
    if not (WEB / "dist" / "index.html").is_file():
        pytest.skip("the page has not been built: `make setup` builds it")
    # Expectations have a patience of their own.
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as browser:
        yield browser


class Windows:
    """Opens browser windows, and holds each page to complaining about nothing."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser, self._stack = browser, stack
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, person: Person | None = None, **options: Any) -> Page:
        """A page of a fresh window, signed in as somebody or not at all; nothing is loaded yet."""
        context = self._browser.new_context(base_url=self._stack.url, **{"viewport": DESKTOP} | options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        if person:
            let_in(context, person)
        page = context.new_page()
        page.on(
            "console", lambda message: self._note(message.type, f"{message.text} at {message.location.get('url', '?')}")
        )
        page.on("pageerror", lambda error: self._note("error", str(error)))
        return page

    def _note(self, kind: str, text: str) -> None:
        # A broken policy is a console error too.
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def forgive(self, part: str) -> None:
        """Drop complaints of a kind that the test provokes."""
        self.complaints = [complaint for complaint in self.complaints if part not in complaint]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def windows(browser: Browser, stack: Stack) -> Iterator[Windows]:
    windows = Windows(browser, stack)
    yield windows
    windows.close()
    assert not windows.complaints, f"the stack's last words:\n{stack.log[-6000:]}"


@pytest.fixture
def make_person(stack: Stack, browser: Browser) -> Iterator[Callable[[str], Person]]:
    people: list[Person] = []

    def make(name: str) -> Person:
        people.append(Person(stack.url, unique(name)))
        return people[-1]

    yield make
    for person in people:
        person.api.close()


@pytest.fixture(scope="package")
def gallery(stack: Stack, browser: Browser) -> Person:
    """Somebody who has published enough pictures to scroll through on a phone."""
    painter = Person(stack.url, unique("gallery"))
    things = ("fox", "castle", "sailboat", "owl", "fish", "tree", "rocket", "cactus", "whale", "mushroom")
    for thing in things:
        painter.publish(f"a {thing} on a teal background")
    return painter


@pytest.fixture(scope="package")
def axe() -> str:
    """The source of axe-core, which the page's packages bring along."""
    source: Path = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("axe-core is not installed: `make setup` installs it")
    return source.read_text()
