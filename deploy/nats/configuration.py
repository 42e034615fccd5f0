"""Writes nats.conf, in which each service may say and hear what `shared/topology.py` gives it and nothing else.

`python -m deploy.nats.configuration` writes the file beside this module; a test holds it up to date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared import live as news
from shared import queries as q
from shared.events import every_event
from shared.topology import CONSUMERS, DEAD_LETTERS, EVENTS, emitter

FILE = Path(__file__).parent / "nats.conf"
SERVICES = ("gateway", "moderation", "generation", "search", "feed")

ASKS: dict[str, tuple[type[q.Query[Any]], ...]] = {
    "gateway": (
        q.SearchPosts, q.SimilarPosts, q.FeedPage, q.ReadTaste, q.SteerTaste, q.ForgetTaste, q.NoteInteractions,
        q.ModerationQueue, q.JudgeWords, q.Decide, q.Undo, q.ListModels,
    ),
    "feed": (q.PostVectors, q.NearTaste),
}  # fmt: skip
ANSWERS: dict[str, tuple[type[q.Query[Any]], ...]] = {
    "moderation": (q.ModerationQueue, q.JudgeWords, q.Decide, q.Undo),
    "generation": (q.ListModels,),
    "search": (q.SearchPosts, q.SimilarPosts, q.PostVectors, q.NearTaste),
    "feed": (q.FeedPage, q.ReadTaste, q.SteerTaste, q.ForgetTaste, q.NoteInteractions),
}
TELLS: dict[str, tuple[type[news.Live], ...]] = {
    "gateway": (news.GenerationChanged, news.PromptIntended),
    "generation": (
        news.GenerationStarted, news.GenerationProgressed, news.GenerationRendered, news.QueueMeasured,
    ),
}  # fmt: skip
HEARS: dict[str, tuple[type[news.Live], ...]] = {
    "gateway": (
        news.GenerationStarted, news.GenerationProgressed, news.GenerationRendered, news.GenerationChanged,
        news.QueueMeasured,
    ),
    "generation": (news.PromptIntended,),
}  # fmt: skip
API = "$JS.API"

HEAD = """\
# Written by `python -m deploy.nats.configuration`: change shared/topology.py or that module, not this file.
# Passwords come from the environment; each begins with a letter, or the server would read it as a number.

server_name: promptgram
port: 4222
http_port: 8222
max_payload: 1MB

jetstream {
  store_dir: "/data"
  # Every acknowledged message is on disk: half the throughput, and a power failure loses nothing.
  sync_interval: always
}

accounts {
  SYS { users: [ { user: system, password: $NATS_SYSTEM_PASSWORD } ] }
  PROMPTGRAM {
    jetstream: enabled
    users: [
"""
TAIL = """\
    ]
  }
}
system_account: SYS
"""


@dataclass(frozen=True)
class User:
    """A login at the broker and its rights. An answerer may also reply to whoever has asked it."""

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool = False


FORGETS = ("gateway",)
"""Who reads what the broker keeps and deletes from it, for people who have themselves erased."""


def service_user(service: str) -> User:
    """The rights of one service, from the topology."""
    durables = [row.durable for row in CONSUMERS if row.service == service]
    stream = EVENTS.name
    answered = [query.subject for query in ANSWERS.get(service, ())]
    heard = [message.subject for message in HEARS.get(service, ())]
    return User(
        name=service,
        publish=(
            *(event.subject for event in every_event() if emitter(event) == service),
            *(query.subject for query in ASKS.get(service, ())),
            *(message.subject for message in TELLS.get(service, ())),
            *(f"dlq.{durable}" for durable in durables),
            *(f"{API}.CONSUMER.INFO.{stream}.{durable}" for durable in durables),
            *(f"{API}.CONSUMER.MSG.NEXT.{stream}.{durable}" for durable in durables),
            *(f"$JS.ACK.{stream}.{durable}.>" for durable in durables),
            *(
                f"{API}.STREAM.MSG.{verb}.{kept}"
                for kept in (EVENTS.name, DEAD_LETTERS.name)
                for verb in ("GET", "DELETE")
                if service in FORGETS
            ),
        ),
        # A query is heard only within the group, so that nobody can listen beside it.
        subscribe=(f"_INBOX_{service}.>", *(f"{subject} {service}" for subject in answered), *heard),
        answers=bool(answered),
    )


def provisioner() -> User:
    """Makes streams and consumers; never sees a message."""
    streams = (EVENTS.name, DEAD_LETTERS.name)
    return User(
        name="provision",
        publish=(
            *(f"{API}.STREAM.{verb}.{stream}" for verb in ("CREATE", "UPDATE") for stream in streams),
            f"{API}.CONSUMER.DURABLE.CREATE.{EVENTS.name}.*",
            f"{API}.CONSUMER.CREATE.{EVENTS.name}.>",
        ),
        subscribe=("_INBOX.>",),
    )


def operator() -> User:
    """Lists dead letters and sends their events again."""
    return User(
        name="operator",
        publish=(
            "evt.>",
            f"{API}.STREAM.INFO.{DEAD_LETTERS.name}",
            f"{API}.STREAM.MSG.GET.{DEAD_LETTERS.name}",
            f"{API}.STREAM.MSG.GET.{EVENTS.name}",
            f"{API}.STREAM.MSG.DELETE.{DEAD_LETTERS.name}",
        ),
        subscribe=("_INBOX_operator.>",),
    )


def users() -> list[User]:
    """Everybody who may log in, besides the server's own monitoring."""
    return [*map(service_user, SERVICES), provisioner(), operator()]


def configuration() -> str:
    """The whole file."""
    return HEAD + "".join(map(_user, users())) + TAIL


def _user(user: User) -> str:
    responses = '            allow_responses: { max: 1, expires: "60s" }\n' if user.answers else ""
    return (
        f"      {{\n        user: {user.name}\n        password: $NATS_{user.name.upper()}_PASSWORD\n"
        f"        permissions {{\n"
        f"            publish: [\n{_lines(user.publish)}            ]\n"
        f"            subscribe: [\n{_lines(user.subscribe)}            ]\n"
        f"{responses}        }}\n      }}\n"
    )


def _lines(subjects: Iterable[str]) -> str:
    return "".join(f'                "{subject}"\n' for subject in subjects)


if __name__ == "__main__":
    FILE.write_text(configuration(), encoding="utf-8")
