"""Pictures of the main pages, at three widths in both themes: `python -m tests.web.screenshots [FOLDER]`.

Starts a stack of its own, has a handful of people fill it, and writes WebP files, and `feed.png` for the README.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.stack import ROOT, running_stack
from tests.web.chromium import DESKTOP, PHONE, TABLET, chromium, installed
from tests.web.people import Person, let_in

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"phone": PHONE, "tablet": TABLET, "desktop": DESKTOP}
NAMES = ("Mira", "Jonas", "Lea", "Tomo", "Ines")
THINGS = ("red fox", "octopus", "mushroom", "cat", "castle", "sailboat", "tree", "fish", "owl", "house",
          "rocket", "flower", "butterfly", "mountain", "cactus", "whale", "snail", "bird")  # fmt: skip
COLOURS = ("blue", "teal", "pink", "purple", "yellow", "orange", "green", "cream", "turquoise")
POSTS = 42


def main() -> int:
    if not installed():
        sys.exit("Chromium is needed: install Debian's `chromium`.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"RATE_LIMIT_FACTOR": "100"}
    with (
        tempfile.TemporaryDirectory(prefix="promptgram-shots-") as data,
        running_stack(Path(data), **settings) as stack,
    ):
        people = _fill(stack.url)
        with chromium() as browser:
            for theme in ("light", "dark"):
                for size in SIZES:
                    _take(browser, stack.url, people, folder, theme, size)
    return 0


def _fill(url: str) -> list[Person]:
    people = [Person(url, name.lower(), name) for name in NAMES]
    for number in range(POSTS):
        thing = THINGS[number % len(THINGS)]
        article = "an" if thing[0] in "aeiou" else "a"
        prompt = f"{article} {thing} on a {COLOURS[number * 4 % len(COLOURS)]} background"
        author = people[number % len(people)]
        caption = {} if number % 5 else {"caption": f"{thing.capitalize()}, at last"}
        post = author.publish(prompt, 3 if number % 11 == 3 else 1, **caption)
        for fan in people[: number * 7 % len(people)]:
            fan.api.put(f"/v1/posts/{post}/like")
        if number % 4 == 0:
            critic = people[(number + 2) % len(people)]
            critic.api.post(f"/v1/posts/{post}/comments", json={"text": "Lovely colours! How did you find them?"})
    for number, person in enumerate(people):
        person.api.put(f"/v1/users/{people[number - 1].name}/follow")
    people[0].paint("a red fox in the snow", 4)
    return people


def _take(browser: Browser, url: str, people: list[Person], folder: Path, theme: str, size: str) -> None:
    me = people[0]
    context = browser.new_context(
        base_url=url,
        viewport=SIZES[size],
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        is_mobile=size == "phone",
        has_touch=size == "phone",
    )
    page = context.new_page()
    _shoot(page, folder, "landing", theme, size, lambda: page.goto("/"))
    let_in(context, me)
    for name, path in {
        "feed": "/?feed=explore",
        "post": f"/post/{people[1].posts[0]}",
        "search": "/search?q=animals+in+the+sea",
        "create": "/create",
        "profile": f"/u/{me.name}",
        "notifications": "/notifications",
        "settings": "/settings",
    }.items():
        _shoot(page, folder, name, theme, size, lambda path=path: page.goto(path))  # type: ignore[misc]
    page.goto("/?feed=explore")
    page.locator("[data-post]").first.wait_for()
    page.keyboard.press("j")
    _shoot(page, folder, "remix", theme, size, lambda: page.keyboard.press("r"))
    context.close()


def _shoot(page: Page, folder: Path, name: str, theme: str, size: str, arrive: Callable[[], object]) -> None:
    arrive()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(folder / f"{name}-{size}-{theme}.webp", quality=72, method=6)
    if (name, theme, size) == ("feed", "light", "desktop"):
        picture.save(folder / "feed.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
