"""Two people and one picture: from landing to publishing, and from finding to remixing, with nothing but the page."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.stack import Stack
from tests.web.chromium import PHONE
from tests.web.conftest import Windows
from tests.web.patience import PATIENCE_MS, eventually
from tests.web.people import PASSWORD, Person, unique

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]


def sign_up(page: Page, name: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Username").fill(name)
    dialog.get_by_label("Email").fill(f"{name}@example.org")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Create account").click()


def told(page: Page, news: Locator) -> bool:
    """Whether it is there; if not, the page is asked again."""
    page.get_by_role("main").get_by_role("listitem").first.wait_for()
    found = news.count() > 0
    if not found:
        page.reload()
    return found


def publish_first(page: Page) -> None:
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Publish").first.click(timeout=PATIENCE_MS)
    page.get_by_role("dialog", name="Publish").get_by_role("button", name="Publish").click()


def test_a_picture_is_made_found_liked_talked_about_and_remixed(windows: Windows, gallery: Person) -> None:
    name = unique("web_ada")
    ada = windows.open(viewport=PHONE, has_touch=True, is_mobile=True)
    ada.goto("/")
    ada.get_by_role("textbox", name="Prompt").fill("a red fox on a blue background")
    ada.get_by_role("textbox", name="Prompt").press("Enter")
    expect(ada.get_by_role("dialog")).to_contain_text("Your prompt is kept")
    sign_up(ada, name)
    publish_first(ada)
    expect(ada.get_by_text("Published")).to_be_visible(timeout=PATIENCE_MS)
    ada.wait_for_url("**/post/*")
    expect(ada.get_by_role("img", name=f"a red fox on a blue background — prompted by {name}")).to_be_visible()
    post = ada.url.rpartition("/")[2]

    ben = windows.open()
    ben.goto("/")
    ben.get_by_role("banner").get_by_role("button", name="Sign up").click()
    sign_up(ben, unique("web_ben"))
    tastes = ben.get_by_role("dialog", name="What do you like?")
    tastes.get_by_role("button", name="I like this").first.click()
    tastes.get_by_role("button", name="Start with 1 picture").click()
    expect(ben.get_by_role("button", name="Your account")).to_be_visible()
    words = "wild animal with orange fur"
    eventually(lambda: post in gallery.api.get("/v1/search", params={"q": words, "limit": 20}).text)
    ben.goto(f"/search?{urlencode({'q': words})}")
    card = ben.locator(f'[data-post="{post}"]')
    card.get_by_role("button", name="Like").click()
    expect(card.get_by_role("button", name="Take back the like, 1 like")).to_be_visible()
    card.get_by_role("img").click()
    ben.wait_for_url(f"**/post/{post}")
    ben.get_by_label("Say something…").fill("What a lovely fox")
    ben.get_by_role("button", name="Send").click()
    expect(ben.get_by_role("list").get_by_text("What a lovely fox")).to_be_visible()
    ben.get_by_role("button", name="Follow", exact=True).click()

    ben.get_by_role("article").filter(has_text="What a lovely fox").get_by_role("button", name="Remix").click()
    sheet = ben.get_by_role("dialog")
    expect(sheet).to_contain_text(f"from @{name}")
    expect(sheet.get_by_role("slider", name="How far to go")).to_be_visible()
    sheet.get_by_role("textbox", name="Prompt").fill("a red fox in the snow")
    sheet.get_by_role("radio", name="1", exact=True).press("Space")
    sheet.get_by_role("textbox", name="Prompt").press("Control+Enter")
    assert ben.url.endswith(post), "the sheet must not leave the page"
    publish_first(ben)
    expect(ben.get_by_label("Where it comes from")).to_contain_text("Remixed from", timeout=PATIENCE_MS)

    ada.get_by_role("link", name="Notifications").click()
    ada.get_by_role("heading", name="Notifications").wait_for()
    news = ada.get_by_role("main").get_by_role("listitem")
    for words in ("liked your post", "commented on your post", "remixed your post", "followed you"):
        # The latest of them may be told after the page has asked.
        eventually(
            lambda words=words: told(ada, news.filter(has_text=words)),
            saying=lambda words=words: f"{words}? {ada.get_by_role('main').inner_text()}",
        )


def test_a_blocked_prompt_is_explained_and_can_be_appealed(windows: Windows, make_person) -> None:
    page = windows.open(make_person("blocked"))
    page.goto("/create")
    page.get_by_role("textbox", name="Prompt").fill("a photo of a nude woman having sex")
    page.get_by_role("button", name="Paint").click()
    note = page.get_by_role("article").first
    expect(note).to_contain_text("This was not painted", timeout=PATIENCE_MS)
    expect(note.locator("mark")).not_to_be_empty()
    note.get_by_role("button", name="Ask for a review").click()
    note.get_by_label("Why should this be allowed?").fill("It is for an anatomy lesson.")
    note.get_by_role("button", name="Send").click()
    expect(note.get_by_text("A person will look at it")).to_be_visible()


def test_pictures_are_sorted_searched_and_handled_together(windows: Windows, make_person) -> None:
    cleo = make_person("cleo")
    for prompt in ("a green tree", "a yellow fish", "a purple castle"):
        cleo.paint(prompt)
    page = windows.open(cleo)
    page.goto("/create")
    cards = page.get_by_role("article")
    expect(cards).to_have_count(3)
    page.get_by_role("searchbox", name="Search your pictures").fill("fish")
    expect(cards).to_have_count(1)
    expect(page).to_have_url(re.compile("q=fish"))
    page.get_by_role("searchbox", name="Search your pictures").fill("")
    expect(cards).to_have_count(3)
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("checkbox", name="Choose “a green tree”").check()
    page.get_by_role("checkbox", name="Choose “a yellow fish”").check()
    tools = page.get_by_role("toolbar")
    tools.get_by_role("button", name="Publish 2 as an album").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("button", name="Picture 2 of 2")).to_be_visible()
    page.goto("/create")
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("checkbox", name="Choose “a purple castle”").check()
    tools.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(cards).to_have_count(2)


def test_a_picture_of_one_s_own_is_where_the_next_begins(windows: Windows, gallery: Person, make_person) -> None:
    dora = make_person("dora")
    dora.paint("a green tree")
    dora.api.put(f"/v1/posts/{gallery.posts[0]}/bookmark")
    page = windows.open(dora)
    page.goto("/create")
    page.get_by_role("button", name="Start from a picture").click()
    shelves = page.get_by_role("dialog", name="Start from a picture")
    shelves.get_by_role("radio", name="Liked").press("Space")
    expect(shelves).to_contain_text("Pictures you like will be here")
    shelves.get_by_role("radio", name="Saved").press("Space")
    shelves.get_by_role("button", name="Start from: a fox").click()
    expect(shelves).to_have_count(0)
    page.get_by_role("button", name="Start from a picture").click()
    shelves.get_by_role("button", name="Start from: a green tree").click()
    slider = page.get_by_role("slider", name="How far to go")
    slider.focus()
    slider.press("Home")
    page.get_by_role("textbox", name="Prompt").fill("a green tree at night")
    page.get_by_role("textbox", name="Prompt").press("Control+Enter")
    card = page.get_by_role("article").filter(has_text="a green tree at night")
    expect(card.get_by_role("button", name="Publish")).to_be_visible(timeout=PATIENCE_MS)
    made, first = dora.api.get("/v1/me/generations").json()["items"]
    assert (made["source_image_id"], made["strength"]) == (first["images"][0]["id"], 0.2)
    page.get_by_role("button", name="Don’t start from this picture").click()
    expect(slider).to_have_count(0)


@contextmanager
def painter_held(stack: Stack) -> Iterator[None]:
    """The painter paints nothing meanwhile, so that a job is still there to be stopped."""
    painter = stack.pids()["generation"]
    os.kill(painter, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(painter, signal.SIGCONT)


def test_several_jobs_run_at_once_and_can_be_stopped(windows: Windows, stack: Stack, make_person) -> None:
    page = windows.open(make_person("busy"))
    page.goto("/create")
    prompt = page.get_by_role("textbox", name="Prompt")
    page.get_by_role("radio", name="4", exact=True).press("Space")
    with painter_held(stack):
        for words in ("a blue house", "a red house", "a green house"):
            prompt.fill(words)
            prompt.press("Control+Enter")
            expect(page.get_by_role("article").filter(has_text=words)).to_be_visible()
        last = page.get_by_role("article").filter(has_text="a green house")
        last.get_by_role("button", name="Stop").click()
        expect(last.get_by_text("Stopped")).to_be_visible()
    first = page.get_by_role("article").filter(has_text="a blue house")
    expect(first.get_by_role("button", name="Publish 4")).to_be_visible(timeout=PATIENCE_MS)
    prompt.fill("half a thought")
    prompt.press("Alt+ArrowUp")
    prompt.press("Alt+ArrowUp")
    expect(prompt).to_have_value("a red house")
    prompt.press("Alt+ArrowDown")
    expect(prompt).to_have_value("a green house")
    prompt.press("Alt+ArrowDown")
    expect(prompt).to_have_value("half a thought")
