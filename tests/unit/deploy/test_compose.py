"""The compose files say what the services need: read as data, because no container engine is needed for that."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
import yaml

from deploy import secrets
from deploy.local.layout import SERVICES
from services.feed.settings import FeedSettings
from services.gateway.settings import GatewaySettings
from services.generation.settings import Settings as GenerationSettings
from services.moderation.settings import ModerationSettings
from services.search.settings import SearchSettings
from shared.settings import ServiceSettings
from tests.unit.deploy.test_secrets import variables

SETTINGS: dict[str, type[ServiceSettings]] = {
    "feed": FeedSettings,
    "gateway": GatewaySettings,
    "generation": GenerationSettings,
    "moderation": ModerationSettings,
    "search": SearchSettings,
}
STACK = secrets.FOLDER / "compose.yaml"
OBSERVED = secrets.FOLDER / "compose.observability.yaml"


def services(path: Any) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(path.read_text())["services"])


def test_every_secret_that_is_asked_for_is_made() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", STACK.read_text()))
    assert asked == set(variables(secrets.EXAMPLE.read_text()))


@pytest.mark.parametrize("path", [STACK, OBSERVED], ids=lambda path: path.name)
def test_foreign_images_are_pinned_to_a_version(path: Any) -> None:
    images = [service["image"] for service in services(path).values() if "image" in service]
    foreign = [image for image in images if not image.startswith("promptgram-")]
    assert foreign
    assert all(re.search(r":v?\d+\.\d+\.\d+", image) for image in foreign), foreign


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_what_it_needs_and_may_do_little(service: str) -> None:
    described = services(STACK)[service]
    conditions = {name: needed["condition"] for name, needed in described["depends_on"].items()}
    assert conditions["provision"] == conditions["mongo-setup"] == "service_completed_successfully"
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert described["environment"]["NATS_USER"] == service
    assert ("ports" in described) == (service == "gateway")


def test_what_services_wait_for_says_when_it_is_ready() -> None:
    stack = services(STACK)
    for service in stack.values():
        for name, needed in service.get("depends_on", {}).items():
            if needed["condition"] == "service_healthy":
                assert "healthcheck" in stack[name], name


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (secrets.FOLDER / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER promptgram"]
    assert not any("latest" in line for line in lines if line.startswith(("FROM", "ARG")))


def test_traces_go_to_the_collector_from_every_service() -> None:
    observed = services(OBSERVED)
    for service in SERVICES:
        assert observed[service]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"


def test_a_variable_that_compose_leaves_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG_LEVEL", "NATS_USER", "MEDIA_URL", "QDRANT_URL"):
        monkeypatch.setenv(name, "")
    settings = SearchSettings()
    assert (settings.log_level, settings.nats_user, settings.media_url, settings.qdrant_url) == (
        "INFO",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_what_compose_sets_is_read_by_the_service(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    described: dict[str, str] = services(STACK)[service]["environment"]
    for name in os.environ:
        if name.lower() in SETTINGS[service].model_fields:
            monkeypatch.delenv(name)
    given = {"PUBLIC_URL": "https://pictures.example.org"}
    for name, value in described.items():
        filled = re.sub(r"\$\{(\w+)(?::\?|:-(\w*))\}", lambda of: of[2] or given.get(of[1], "S" * 40), value)
        monkeypatch.setenv(name, filled)
    settings = SETTINGS[service]()
    unread = {name for name in described if name.lower() not in settings.model_fields_set}
    assert unread == {"OTEL_EXPORTER_OTLP_ENDPOINT"}, "read by shared.telemetry; all else is a setting"
    needed = {"nats_url", "nats_user", "nats_password"}
    needed |= {"mongodb_url"} & set(SETTINGS[service].model_fields)
    assert needed <= settings.model_fields_set
