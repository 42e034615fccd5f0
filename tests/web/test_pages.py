"""Every page, in both themes, from the narrowest phone to a desk: nothing inaccessible, nothing cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import serious
from tests.web.chromium import DESKTOP, PHONE
from tests.web.conftest import Windows
from tests.web.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]

NARROWEST = 360
PAGES = {
    "landing": "/",
    "log in": "/login",
    "sign up": "/signup",
    "somebody": "/u/{name}",
    "post": "/post/{post}",
    "search": "/search?q=fox",
    "status": "/status",
    "nothing": "/no/such/page",
}
OWN_PAGES = {
    "home": "/",
    "create": "/create",
    "own post": "/post/{post}",
    "own profile": "/u/{name}",
    "saved": "/saved",
    "notifications": "/notifications",
    "settings": "/settings",
    "taste": "/settings/taste",
    "moderation": "/moderation",
}
CUT_OFF = """[...document.querySelectorAll('[role=dialog], [role=dialog] *')]
    .filter(box => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth)
    .map(box => box.outerHTML.slice(0, 200))"""
"""What lies over the page and can be scrolled sideways; for nothing is that meant."""
DIALOGS = {"c": "Create", "?": "Keyboard shortcuts"}


def settle(page: Page) -> None:
    """Wait until what was asked for is there and has stopped moving."""
    page.wait_for_function(
        """() => {
            const main = document.querySelector('main');
            const waits = [...(main?.querySelectorAll('[role=status]') ?? [])];
            return main?.innerText.trim() && !waits.some(note => /Loading/.test(note.ariaLabel + note.innerText));
        }"""
    )
    page.evaluate(
        """async () => {
            for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
            await Promise.allSettled(document.getAnimations().map(animation => animation.finished));
        }"""
    )


def examine(page: Page, axe: str, arrive: Callable[[], None]) -> None:
    """Light on a phone, then dark on a desk; no dialog is cut off, and no page is wider than the narrowest phone."""
    for scheme, viewport in (("light", PHONE), ("dark", DESKTOP)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        arrive()
        settle(page)
        assert serious(page, axe) == []
        assert page.evaluate(CUT_OFF) == []
    page.set_viewport_size({"width": NARROWEST, "height": 740})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST


def address(path: str, gallery: Person) -> str:
    return path.format(name=gallery.name, post=gallery.posts[0])


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_stranger_s_pages(windows: Windows, gallery: Person, axe: str, path: str) -> None:
    page = windows.open(reduced_motion="reduce")
    examine(page, axe, lambda: page.goto(address(path, gallery)))


@pytest.mark.parametrize("path", OWN_PAGES.values(), ids=OWN_PAGES.keys())
def test_one_s_own_pages(windows: Windows, gallery: Person, axe: str, path: str) -> None:
    page = windows.open(gallery, reduced_motion="reduce")
    examine(page, axe, lambda: page.goto(address(path, gallery)))


@pytest.mark.parametrize("key", DIALOGS, ids=DIALOGS.values())
def test_what_lies_over_the_page(windows: Windows, gallery: Person, axe: str, key: str) -> None:
    page = windows.open(gallery, reduced_motion="reduce")

    def arrive() -> None:
        page.goto("/?feed=explore")
        page.locator("[data-post]").first.wait_for()
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=DIALOGS[key])).to_be_visible()

    examine(page, axe, arrive)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
