"""The moderators' queue: nothing is seen unasked, verdicts come from single keys, and each can be taken back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.stack import Stack
from tests.web.accessibility import serious
from tests.web.conftest import Windows
from tests.web.patience import eventually
from tests.web.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(120)]

GRANT = "services.gateway.identity.grant"


@pytest.fixture
def moderator(stack: Stack, make_person) -> Person:
    person = make_person("guardian")
    settings = {"MONGODB_URL": f"mongodb://127.0.0.1:{stack.ports()['mongo']}"}
    subprocess.run([sys.executable, "-m", GRANT, person.name, "moderator"], env=os.environ | settings, check=True)
    return person


@pytest.fixture
def reported(make_person) -> tuple[Person, list[str]]:
    """Somebody with two posts that somebody else has reported."""
    author, reader = make_person("author"), make_person("reader")
    posts = [author.publish(f"a {thing} on a pink background", caption=f"My {thing}") for thing in ("snail", "rocket")]
    for post in posts:
        report = {"target": {"kind": "post", "id": post}, "reason": "spam", "text": "Seen a hundred times"}
        assert reader.api.post("/v1/reports", json=report).status_code == 201
    return author, posts


def case_of(page: Page, post: str) -> Locator:
    return page.locator(f'[id="case-post:{post}"]')


def state_of(moderator: Person, post: str) -> str:
    for state in ("open", "closed"):
        items = moderator.api.get("/v1/moderation/queue", params={"state": state}).json()["items"]
        if any(item["target_id"] == post for item in items):
            return state
    return "unknown"


@pytest.fixture
def queue(windows: Windows, moderator: Person, reported: tuple[Person, list[str]]) -> Page:
    """The queue's page, with both reports in it."""
    eventually(lambda: all(state_of(moderator, post) == "open" for post in reported[1]))
    page = windows.open(moderator)
    page.goto("/moderation")
    for post in reported[1]:
        case_of(page, post).wait_for()
    return page


def mark(page: Page, case: Locator) -> None:
    """Walk to a case by the keyboard."""
    for _ in range(page.locator('[id^="case-"]').count()):
        if case.get_attribute("data-active") is None:
            page.keyboard.press("j")
    expect(case).to_have_attribute("data-active", "true")


def test_what_was_reported_is_blurred_until_it_is_asked_for(
    queue: Page, reported: tuple[Person, list[str]], axe: str
) -> None:
    first, second = reported[1]
    case = case_of(queue, first)
    mark(queue, case)
    matter = case.get_by_text("My snail")
    expect(matter).to_have_count(1)
    assert "blur" in matter.evaluate("element => getComputedStyle(element.parentElement).filter")
    expect(case.locator("[inert]").get_by_role("link")).to_have_count(1)
    queue.keyboard.press("Space")
    expect(case.locator("[inert]")).to_have_count(0)
    expect(case.get_by_role("link", name=f"Open the post of @{reported[0].name}")).to_be_visible()
    assert matter.evaluate("element => getComputedStyle(element.parentElement).filter") == "none"
    expect(case.get_by_role("img", name="a snail on a pink background")).to_be_visible()
    assert serious(queue, axe) == []
    # A button that has the focus is pressed by the same key.
    other = case_of(queue, second)
    other.get_by_role("button", name="Show").focus()
    queue.keyboard.press("Space")
    expect(other.get_by_text("My rocket")).to_be_visible()


def test_a_verdict_is_one_key_and_can_be_taken_back(
    windows: Windows, queue: Page, moderator: Person, reported: tuple[Person, list[str]]
) -> None:
    author, (first, second) = reported
    case = case_of(queue, first)
    mark(queue, case)
    queue.keyboard.press("3")
    expect(queue.get_by_text("Decided: Block")).to_be_visible()
    expect(case).to_have_count(0)
    assert state_of(moderator, first) == "closed"
    queue.keyboard.press("u")
    expect(case).to_have_count(1)
    assert state_of(moderator, first) == "open"
    other = case_of(queue, second)
    other.get_by_label("Reason").fill("Only a rocket")
    other.get_by_role("button", name="Allow").click()
    expect(other).to_have_count(0)
    queue.get_by_role("radio", name="Decided").press("Space")
    other.get_by_text("History").click()
    expect(other).to_contain_text("Only a rocket")
    assert author.api.get(f"/v1/posts/{second}").status_code == 200
    windows.forgive("404")  # The plain addresses of a held picture no longer answer.


def test_a_bare_picture_is_shown_to_those_who_judge_it(windows: Windows, moderator: Person, reported) -> None:
    author, (first, _) = reported
    (picture,) = author.api.get(f"/v1/posts/{first}").json()["images"]
    report = {"target": {"kind": "image", "id": picture["id"]}, "reason": "gore"}
    assert moderator.api.post("/v1/reports", json=report).status_code == 201
    eventually(lambda: state_of(moderator, picture["id"]) == "open")
    page = windows.open(moderator)
    page.goto("/moderation")
    case = page.locator(f'[id="case-image:{picture["id"]}"]')
    case.get_by_role("button", name="Show").click()
    shown = case.get_by_role("img", name="The picture of this case")
    expect(shown).to_be_visible()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=shown.element_handle())


def test_the_queue_is_for_moderators(windows: Windows, make_person) -> None:
    page = windows.open(make_person("curious"))
    page.goto("/moderation")
    expect(page.get_by_text("This page is for moderators.")).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Moderation")).to_have_count(0)


def test_who_is_suspended_is_told_why_and_where_to_appeal(
    stack: Stack, windows: Windows, moderator: Person, make_person, axe: str
) -> None:
    sender = make_person("sender")
    target = {"kind": "user", "id": sender.api.get("/v1/me").json()["id"]}
    verdict = {"target": target, "verdict": "block", "reason": "The same advertisement, a hundred times."}
    assert moderator.api.post("/v1/moderation/decisions", json=verdict).status_code == 201
    eventually(lambda: sender.api.get("/v1/me").json()["suspension"])
    page = windows.open(sender)
    page.goto("/")
    note = page.get_by_role("status").filter(has_text="a hundred times")
    expect(note).to_be_visible()
    assert serious(page, axe) == []
    note.get_by_role("link").click()
    section = page.get_by_role("region", name="Decisions about your things")
    expect(section).to_be_in_viewport()
    section.get_by_role("button", name="Ask for a review").click()
    section.get_by_role("textbox").fill("That was my little brother.")
    section.get_by_role("button", name="Send").click()
    expect(section.get_by_text("A person will look at it.")).to_be_visible()
