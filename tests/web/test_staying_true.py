"""The page agrees with the server again: after the connection was gone, and when another tab changed who is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.chromium import PHONE
from tests.web.conftest import Windows
from tests.web.patience import eventually
from tests.web.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]


def is_ready(person: Person) -> bool:
    asked = person.api.get("/v1/me/prompts").json()["items"]
    return person.api.get(f"/v1/generations/{asked[0]['id']}").json()["status"] == "ready"


def test_a_picture_that_was_finished_while_one_was_offline_appears(windows: Windows, make_person) -> None:
    painter = make_person("painter")
    page = windows.open(painter)
    page.goto("/create")
    page.get_by_role("textbox", name="Prompt").fill("a pink fish on a white background")
    page.get_by_role("button", name="Paint").click()
    page.get_by_role("button", name="Stop").wait_for()
    page.context.set_offline(True)
    eventually(lambda: is_ready(painter))
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    expect(page.get_by_role("button", name="Publish").first).to_be_visible()
    windows.forgive("net::ERR_INTERNET_DISCONNECTED")


def test_who_logs_out_in_one_tab_is_gone_from_the_other(windows: Windows, make_person) -> None:
    person = make_person("person")
    first = windows.open()
    first.goto("/login")
    first.get_by_label("Username or email").fill(person.name)
    first.get_by_label("Password", exact=True).fill("correct horse battery")
    first.get_by_role("main").get_by_role("button", name="Log in").click()
    first.get_by_role("button", name="Your account").wait_for()
    second = first.context.new_page()
    second.goto("/settings")
    expect(second.get_by_label("Current password")).to_be_visible()
    first.get_by_role("button", name="Your account").click()
    first.get_by_role("menuitem", name="Log out").click()
    expect(second.get_by_label("Current password")).to_have_count(0)


def test_one_search_follows_another(windows: Windows, make_person) -> None:
    seeker = make_person("seeker")
    for thing in ("fox", "boat"):
        seeker.publish(f"a red {thing} on a white background")
    page = windows.open(seeker)
    page.goto("/search?q=fox")
    expect(page.get_by_role("list", name="Search").first).to_be_visible()
    words = page.get_by_role("searchbox")
    for search in ("boat", "a fox", "boat"):
        words.fill(search)
        page.wait_for_url(f"**q={search.replace(' ', '+')}**")
        page.wait_for_timeout(500)
    page.get_by_label("Sort").select_option("new")
    page.get_by_role("button", name="Filters").click()
    by = page.get_by_role("textbox", name="By", exact=True)
    by.fill("nobody_here")
    by.press("Enter")
    page.wait_for_url("**from=nobody_here**")
    expect(page.get_by_role("heading", name="Nothing found for", exact=False)).to_be_visible()
    expect(by).to_have_value("nobody_here")


def test_a_refusal_is_seen_over_a_dialog(windows: Windows, make_person) -> None:
    page = windows.open(make_person("painter"), viewport=PHONE)
    page.goto("/search?q=fox")
    page.get_by_role("button", name="Create").first.click()
    page.get_by_role("dialog").get_by_role("textbox", name="Prompt").fill("a fox")
    page.context.set_offline(True)
    page.get_by_role("dialog").get_by_role("button", name="Paint").click()
    refusal = page.get_by_text("Check your connection")
    expect(refusal).to_be_visible()
    on_top = """toast => {
        const {x, y} = toast.getBoundingClientRect();
        return toast.contains(document.elementFromPoint(x + 5, y + 5));
    }"""
    assert refusal.evaluate(on_top)
    page.context.set_offline(False)
    windows.forgive("net::ERR_INTERNET_DISCONNECTED")
