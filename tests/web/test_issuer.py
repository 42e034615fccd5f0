"""Logging in at an outside issuer's own page, with a gateway beside the stack's that knows of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from deploy.local.layout import Layout
from deploy.local.programs import APPLICATIONS, environment, serve
from tests.issuer import CLIENT
from tests.servers import Server, free_port, running
from tests.stack import Stack
from tests.web.accessibility import serious
from tests.web.chromium import DESKTOP, PHONE
from tests.web.conftest import Windows
from tests.web.patience import PATIENCE_MS
from tests.web.people import Person, unique

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def url(stack: Stack, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second gateway on the stack's own data, with an issuer in its settings."""
    port = free_port()
    layout = Layout(stack.data, stack.ports(), (stack.data / "run" / "secret").read_text())
    settings = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_NAME": "Test ID"}
    told = [f"{name}={value}" for name, value in (environment(layout) | settings).items()]
    command = ["env", *told, *map(str, serve(APPLICATIONS["gateway"], port))]
    with running(Server("gateway", command, port, tmp_path_factory.mktemp("gateway") / "gateway.log")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def steer(url: str, issuer: str) -> Any:
    """Says what the issuer does from now on; at first it does everything right."""

    def set_to(**settings: Any) -> None:
        httpx.post(f"{issuer}/set", json={"redirect_uri": f"{url}/login/return"} | settings).raise_for_status()

    set_to()
    return set_to


def leave(page: Page) -> None:
    """From a form to the issuer's page."""
    page.get_by_role("button", name="Continue with Test ID").click()
    page.get_by_role("heading", name="Test ID").wait_for()


def allow(page: Page, name: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Allow").click()


def test_a_prompt_outlives_the_way_to_the_issuer_and_back(windows: Windows, url: str, steer: Any) -> None:
    name = unique("issued")
    page = windows.open(viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(url)
    page.get_by_role("textbox", name="Prompt").fill("a red fox on a blue background")
    page.get_by_role("textbox", name="Prompt").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Your prompt is kept")
    leave(page)
    allow(page, name)
    page.wait_for_url("**/create")
    job = page.get_by_role("article").filter(has_text="a red fox on a blue background")
    expect(job.get_by_role("button", name="Publish")).to_be_visible(timeout=PATIENCE_MS)
    # From here on it is a session like any other: it survives a reload, is listed, and ends.
    page.reload()
    expect(job.get_by_role("button", name="Publish")).to_be_visible()
    page.goto(f"{url}/settings")
    expect(page.get_by_text("This device")).to_be_visible()
    expect(page.get_by_role("button", name="Change password")).to_have_count(0)
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("banner").get_by_role("button", name="Sign up")).to_be_visible()


def test_somebody_new_is_asked_for_their_taste_where_they_were(
    windows: Windows, gallery: Person, url: str, steer: Any, axe: str
) -> None:
    name = unique("tasteful")
    page = windows.open(viewport=DESKTOP)
    page.goto(url)
    page.get_by_role("banner").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("button", name="Continue with Test ID")).to_be_visible()
    assert serious(page, axe) == []
    leave(page)
    allow(page, name)
    tastes = page.get_by_role("dialog", name="What do you like?")
    tastes.get_by_role("button", name="Skip").click()
    assert page.url == f"{url}/"
    # The way back by the browser's button brings a code that was used; whoever is in stays in.
    page.goto(f"{url}/login/return?code=used&state=old")
    expect(page.get_by_role("button", name="Your account")).to_be_visible()
    page.wait_for_url(f"{url}/")
    windows.forgive("401")

    page.goto(f"{url}/settings")
    page.get_by_role("button", name="Delete…").click()
    goodbye = page.get_by_role("dialog")
    expect(goodbye.get_by_role("button", name="Delete account")).to_be_disabled()
    goodbye.get_by_label("Username").fill(name)
    goodbye.get_by_role("button", name="Delete account").click()
    expect(page.get_by_text("Your account is gone")).to_be_visible()


def test_the_way_back_leads_to_where_one_was(windows: Windows, gallery: Person, url: str, steer: Any) -> None:
    page = windows.open()
    page.goto(f"{url}/login?next=/post/{gallery.posts[0]}")
    leave(page)
    allow(page, unique("back"))
    page.wait_for_url(f"{url}/post/{gallery.posts[0]}")
    expect(page.get_by_role("button", name="Your account")).to_be_visible()


@pytest.mark.parametrize(
    ("settings", "answer", "words"),
    [
        ({}, "Deny", "You did not allow it there"),
        ({"down": True}, "Allow", "can’t be reached just now"),
        ({"claims": {"nonce": "another"}}, "Allow", "could not be trusted"),
        ({"claims": {"iat": 4_000_000_000}}, "Allow", "clock and ours do not agree"),
        ({"secret": "which the page has not"}, "Allow", "does not accept Promptgram"),
    ],
)
def test_what_goes_wrong_is_said_and_can_be_tried_again(
    windows: Windows, url: str, steer: Any, axe: str, settings: dict[str, Any], answer: str, words: str
) -> None:
    steer(**settings)
    page = windows.open()
    page.goto(f"{url}/login?next=/status")
    leave(page)
    page.get_by_label("Your name").fill("unlucky")
    page.get_by_role("button", name=answer).click()
    expect(page.get_by_role("alert")).to_contain_text(words)
    # Neither the code nor what the issuer said stays in the address.
    expect(page).to_have_url(f"{url}/login/return")
    assert serious(page, axe) == []
    windows.forgive("Failed to load resource")
    steer()
    leave(page)
    allow(page, unique("lucky"))
    page.wait_for_url(f"{url}/status")


def test_a_sign_in_that_another_browser_began_is_refused(windows: Windows, url: str, steer: Any) -> None:
    mine, theirs = windows.open(), windows.open()
    mine.goto(f"{url}/login")
    leave(mine)
    decided = httpx.post(mine.url.replace("/authorize", "/decide"), data={"name": unique("lured"), "answer": "allow"})
    theirs.goto(decided.headers["Location"])
    expect(theirs.get_by_role("alert")).to_contain_text("begun elsewhere")
    expect(theirs.get_by_role("button", name="Your account")).to_have_count(0)
    windows.forgive("Failed to load resource")


def test_without_an_issuer_there_is_no_such_button(windows: Windows) -> None:
    page = windows.open()
    with page.expect_response("**/v1/sessions/issuer") as offer:
        page.goto("/login")
    assert offer.value.json() == {"issuer": None}
    expect(page.get_by_role("button", name="Log in", exact=True).last).to_be_visible()
    expect(page.get_by_role("button", name="Continue with")).to_have_count(0)
