"""`python -m deploy.tools.dead_letters`: list the events that a service gave up on, and send them again."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.tools.letters import STREAM, DeadLetter, NotReplayable, by_event, dead_letter, dead_letters, replay
from deploy.tools.stack import nats_url
from shared.settings import ServiceSettings

SHOWN_BODY = 4000
SHOWN_REASON = 90


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exits with 1 and one plain sentence when it can't be done."""
    options = _parse(arguments)
    command = _list if options.command == "list" else _replay
    try:
        asyncio.run(command(Console(), options.id))
    except (OSError, nats.errors.Error) as error:
        sys.exit(f"Can't reach the broker at {nats_url()}: {str(error) or type(error).__name__}. Does the stack run?")
    except LookupError as error:
        sys.exit(str(error))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dead_letters", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="show all letters, or one of them in full")
    listing.add_argument("--id", type=int, metavar="N", help="number of the letter to show in full")
    again = commands.add_parser("replay", help="send events again and remove their letters")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", type=int, metavar="N", help="number of the letter")
    which.add_argument("--all", action="store_true", help="every letter there is now")
    return parser.parse_args(arguments)


async def _list(console: Console, number: int | None) -> None:
    async with _jetstream() as jetstream:
        if number is not None:
            console.print(_in_full(await _one(jetstream, number)))
            return
        letters = [letter async for letter in dead_letters(jetstream)]
    if not letters:
        console.print("No dead letters: every event has been handled, or is still being tried.")
        return
    console.print(_table(letters))
    counted = f"{len(letters)} dead letter{'s' if len(letters) > 1 else ''}."
    console.print(f"{counted} `make dlq ID=<#>` shows one in full.", style="dim")


async def _replay(console: Console, number: int | None) -> None:
    async with _jetstream() as jetstream:
        chosen = None if number is None else await _one(jetstream, number)
        events = by_event([letter async for letter in dead_letters(jetstream)])
        if chosen is not None:
            events = [letters for letters in events if number in {letter.sequence for letter in letters}]
        sent = 0
        for letters in events:
            try:
                await replay(jetstream, *letters)
            except NotReplayable as error:
                console.print(Text(f"kept    {_clean(str(error))}", style="yellow"))
            else:
                sent += 1
                numbers = ", ".join(str(letter.sequence) for letter in letters)
                consumers = ", ".join(dict.fromkeys(letter.consumer for letter in letters))
                console.print(Text(_clean(f"sent    letter {numbers}: {letters[0].subject} for {consumers}")))
    console.print(f"{sent} of {len(events)} sent again." if events else "No dead letters: nothing to send.")
    if sent < len(events):
        raise LookupError("Some letters could not be sent again.")


@asynccontextmanager
async def _jetstream() -> AsyncIterator[JetStreamContext]:
    settings = ServiceSettings()
    client = await nats.connect(
        nats_url().split(","),
        user=settings.nats_user,
        password=settings.nats_password.get_secret_value() if settings.nats_password else None,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0.2,
        connect_timeout=3,
        error_cb=_quiet,
        inbox_prefix=b"_INBOX_operator",
    )
    try:
        jetstream = client.jetstream()
        try:
            await jetstream.stream_info(STREAM)
        except NotFoundError as error:
            raise LookupError("The broker keeps no dead letters yet: start the stack once.") from error
        yield jetstream
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """The error reaches the caller; nats-py would print it a second time with its stack."""


async def _one(jetstream: JetStreamContext, number: int) -> DeadLetter:
    letter = await dead_letter(jetstream, number) if number > 0 else None
    if letter is None:
        raise LookupError(f"There is no dead letter {number}.")
    return letter


def _table(letters: list[DeadLetter]) -> Table:
    table = Table(expand=False, header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("died", no_wrap=True)
    table.add_column("event", style="cyan", overflow="fold")
    table.add_column("consumer", overflow="fold")
    table.add_column("tries", justify="right")
    table.add_column("reason", style="red", overflow="fold")
    table.add_column("about", style="dim", overflow="fold")
    for letter in letters:
        table.add_row(
            str(letter.sequence),
            f"{letter.at.astimezone():%d %b %H:%M:%S}",
            Text(_clean(letter.subject or "unknown")),
            Text(_clean(letter.consumer)),
            "?" if letter.deliveries is None else str(letter.deliveries),
            Text(_shortened(_clean(letter.reason))),
            Text(_about(letter.body)),
        )
    return table


def _in_full(letter: DeadLetter) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    rows = {
        "letter": str(letter.sequence),
        "died": f"{letter.at.astimezone():%Y-%m-%d %H:%M:%S %Z}",
        "event": letter.subject or "unknown",
        "consumer": letter.consumer,
        "tries": "unknown" if letter.deliveries is None else str(letter.deliveries),
        "reason": letter.reason,
        **{f"header {name}": value for name, value in sorted(letter.headers.items())},
    }
    for name, value in rows.items():
        grid.add_row(name, Text(_clean(value)))
    body = (letter.body or b"no longer kept").decode(errors="replace")
    with suppress(ValueError):
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    shown = "\n".join(_clean(line) for line in body[:SHOWN_BODY].splitlines())
    grid.add_row("body", Text(shown + ("\n…" if len(body) > SHOWN_BODY else "")))
    return grid


def _about(body: bytes | None) -> str:
    """The ids in an event's body, by which a person recognises it."""
    if body is None:
        return "no longer kept"
    try:
        fields = json.loads(body)
    except ValueError:
        return f"{len(body)} bytes that are not JSON"
    if not isinstance(fields, dict):
        return "not an object"
    ids = [f"{name}={value}" for name, value in fields.items() if name.endswith("_id") and isinstance(value, str)]
    return _clean(" ".join(ids))[:200]


def _shortened(reason: str) -> str:
    return reason if len(reason) <= SHOWN_REASON else f"{reason[:SHOWN_REASON]} …"


def _clean(text: str) -> str:
    """The text without what could steer a terminal: event bodies and error texts come from anywhere."""
    return "".join(character if character.isprintable() else "�" for character in text)


if __name__ == "__main__":
    main()
