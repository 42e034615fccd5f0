"""The feed: a position that is sacred, hands that are heard at once, and a keyboard that reaches everything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.chromium import PHONE
from tests.web.conftest import Windows
from tests.web.patience import eventually
from tests.web.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]

WHOLE_CARD = """() => [...document.querySelectorAll('[data-post]')].find(card => {
    const box = card.getBoundingClientRect();
    return box.top > 120 && box.bottom < innerHeight - 90;
})?.dataset.post"""
"""A card that nothing covers and that a click need not bring into sight first."""


def scrolled(page: Page) -> float:
    return float(page.evaluate("scrollY"))


def test_a_stranger_s_first_pictures_are_asked_for_once(windows: Windows, gallery: Person) -> None:
    page = windows.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/feed?" in request.url else None)
    page.goto("/")
    page.locator("[data-post] img[data-state=here]").first.wait_for()
    # Had the feed not taken what was asked for early, it would have asked itself before any picture came.
    assert [url for url in asked if "cursor" not in url] == [asked[0]]
    preloads = page.locator("link[rel=preload][as=fetch]")
    expect(preloads).to_have_count(1)
    page.goto("/status")
    expect(preloads).to_have_count(0)


def test_going_back_finds_the_feed_where_it_was_left(windows: Windows, gallery: Person) -> None:
    page = windows.open(viewport=PHONE)
    page.goto("/?feed=explore")
    page.locator("[data-post]").first.wait_for()
    page.evaluate("scrollTo(0, 700)")
    post = page.wait_for_function(WHOLE_CARD).json_value()
    card = page.locator(f'[data-post="{post}"]')
    before, top = scrolled(page), card.bounding_box()
    assert before > 400
    card.get_by_role("img").click()
    page.wait_for_url(f"**/post/{post}")
    page.locator("article h2, article dl").first.wait_for()
    page.go_back()
    card.wait_for()
    page.wait_for_function("before => Math.abs(scrollY - before) <= 2", arg=before)
    again = card.bounding_box()
    assert top is not None
    assert again is not None
    assert again["y"] == pytest.approx(top["y"], abs=2)


def test_new_pictures_wait_behind_a_pill(windows: Windows, gallery: Person, make_person) -> None:
    page = windows.open()
    page.clock.install()
    page.goto("/")
    page.locator("[data-post]").first.wait_for()
    shown = page.locator("[data-post]").first.get_attribute("data-post")
    fresh = make_person("fresh").publish("a red rocket on a dark background")
    explore = {"mode": "explore", "limit": 24}
    eventually(lambda: fresh in gallery.api.get("/v1/feed", params=explore).text)
    page.clock.fast_forward(46_000)
    pill = page.get_by_role("button", name="new picture")
    expect(pill).to_be_visible()
    assert page.locator("[data-post]").first.get_attribute("data-post") == shown
    pill.click()
    expect(page.locator(f'[data-post="{fresh}"]')).to_be_visible()
    expect(pill).to_have_count(0)


def test_less_like_this_is_heard_at_once_and_can_be_undone(windows: Windows, gallery: Person, make_person) -> None:
    page = windows.open(make_person("picky"))
    page.goto("/?feed=explore")
    first = page.locator("[data-post]").first
    first.wait_for()
    post = first.get_attribute("data-post")
    card = page.locator(f'[data-post="{post}"]')
    card.hover()
    card.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Less like this").click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card).to_have_count(1)
    card.hover()
    card.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Report").click()
    report = page.get_by_role("dialog", name="Report")
    report.get_by_role("radio", name="Spam").check()
    report.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("Thank you. A person will look at it.")).to_be_visible()


def test_the_keyboard_reaches_everything(windows: Windows, gallery: Person, make_person) -> None:
    page = windows.open(make_person("keys"))
    page.goto("/?feed=explore")
    page.locator("[data-post]").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the pictures")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    card = page.locator("[data-post][data-active]")
    expect(card).to_have_count(1)
    expect(card.get_by_role("link").first).to_be_focused()
    post = card.get_attribute("data-post")
    page.keyboard.press("l")
    expect(card.get_by_role("button", name="Take back the like")).to_be_visible()
    page.keyboard.press("b")
    expect(card.get_by_role("button", name="Remove from saved")).to_be_attached()
    page.keyboard.press("r")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Remix")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 5, "y": 600})
    page.locator(f'[data-post="{post}"] a').first.focus()
    page.keyboard.press("h")
    expect(page.locator(f'[data-post="{post}"]')).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/post/*")


def test_quick_hands_act_on_the_picture_that_is_marked(windows: Windows, gallery: Person, make_person) -> None:
    page = windows.open(make_person("quick"))
    page.goto("/?feed=explore")
    page.locator("[data-post]").first.wait_for()
    page.get_by_role("link", name="Notifications").wait_for()
    marked = page.locator("[data-post][data-active]")
    page.keyboard.press("j")
    expect(marked.get_by_role("link").first).to_be_focused()
    page.evaluate("""async () => {
        for (const [key, pause] of [["j", 15], ["l", 0]]) {
            document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
            await new Promise((done) => setTimeout(done, pause));
        }
    }""")
    expect(marked.get_by_role("button", name="Take back the like")).to_be_visible()
    expect(marked.get_by_role("link").first).to_be_focused()


def test_without_a_connection_the_page_stays_and_says_so(windows: Windows, gallery: Person) -> None:
    page = windows.open()
    page.goto("/")
    page.locator("[data-post]").first.wait_for()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    assert page.locator("[data-post]").count() > 0
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_have_count(0)
    windows.forgive("ERR_INTERNET_DISCONNECTED")
