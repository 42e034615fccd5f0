"""Writing on the page: nothing typed is lost, sent twice, too wide for the screen, or held without a word."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.chromium import PHONE
from tests.web.conftest import Windows
from tests.web.test_pages import CUT_OFF, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]

RUDE = "Kill yourself, you worthless idiot"


def edit(page: Page) -> None:
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("menuitem", name="Edit post").click()
    page.get_by_role("dialog").get_by_label("Caption").wait_for()


def test_a_slip_does_not_throw_away_what_was_written(windows: Windows, make_person) -> None:
    author = make_person("author")
    page = windows.open(author)
    page.goto(f"/post/{author.publish('a blue boat on a white background')}")
    edit(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    edit(page)
    box = page.get_by_role("dialog").get_by_label("Caption")
    box.fill("Words that took an hour")
    page.keyboard.press("Escape")
    asking = page.get_by_role("dialog", name="Discard what you wrote?")
    asking.get_by_role("button", name="Cancel").click()
    expect(box).to_have_value("Words that took an hour")
    page.keyboard.press("Escape")
    asking.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_comment_is_sent_once_and_stays_while_one_chooses_whom_to_answer(windows: Windows, make_person) -> None:
    author, reader = make_person("author"), make_person("reader")
    post = author.publish("a red rocket on a white background")
    author.api.post(f"/v1/posts/{post}/comments", json={"text": "How do you like it?"})
    page = windows.open(reader)
    page.goto(f"/post/{post}")
    box = page.get_by_role("textbox", name="Say something")
    box.fill("A lovely red")
    page.get_by_role("button", name="Reply").click()
    expect(box).to_have_value("A lovely red")
    expect(box).to_be_focused()
    page.get_by_role("button", name="Send").dblclick()
    expect(box).to_have_value("")
    listed = reader.api.get(f"/v1/posts/{post}/comments").json()["items"]
    assert [(one["text"], bool(one["reply_to"])) for one in listed] == [
        ("How do you like it?", False), ("A lovely red", True),
    ]  # fmt: skip


def test_who_posts_what_is_held_is_told_and_can_ask_for_a_review(windows: Windows, make_person) -> None:
    author = make_person("author")
    post = author.publish("a green tree on a white background", caption=RUDE)
    page = windows.open(author)
    page.goto(f"/post/{post}")
    note = page.get_by_role("status").filter(has_text="Others don’t see this post")
    note.get_by_role("button", name="Ask for a review").click()
    note.get_by_role("textbox").fill("It is a line of a play.")
    note.get_by_role("button", name="Send").click()
    expect(note.get_by_text("A person will look at it.")).to_be_visible()


def test_words_without_a_space_fit_the_screen(windows: Windows, make_person) -> None:
    author = make_person("author")
    post = author.publish("a yellow fish on a white background", caption="w" * 400, tags=["x" * 50])
    page = windows.open(author, viewport=PHONE)
    wide = "document.documentElement.scrollWidth > innerWidth"
    page.goto(f"/post/{post}")
    settle(page)
    assert not page.evaluate(wide)
    edit(page)
    settle(page)
    assert page.evaluate(CUT_OFF) == []
    page.goto("/create")
    page.get_by_role("textbox", name="Prompt").fill("w" * 500)
    settle(page)
    assert not page.evaluate(wide)


def test_the_focus_comes_back_from_the_composer(windows: Windows, make_person) -> None:
    page = windows.open(make_person("author"))
    page.goto("/search?q=fox")
    opener = page.get_by_role("button", name="Create").first
    opener.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog").get_by_role("textbox", name="Prompt")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
