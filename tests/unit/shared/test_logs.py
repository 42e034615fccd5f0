"""What the logs say, and what they keep to themselves."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from shared.logs import configure_logs
from shared.settings import ServiceSettings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, _, config = before
    root.setLevel(before[1])
    structlog.configure(**config)


def fail_with_a_secret() -> None:
    password = "hunter" + str(2)  # noqa: F841 - put together, so that no source line shows it
    raise ValueError("no entry")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_logged_traceback_never_shows_local_variables(
    log_format: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("gateway", ServiceSettings(log_format=log_format))
    try:
        fail_with_a_secret()
    except ValueError:
        structlog.get_logger("test").exception("it failed")
    shown = capsys.readouterr().out
    assert "ValueError: no entry" in shown
    assert "hunter2" not in shown


def test_json_lines_carry_the_service_and_the_libraries_speak_in_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("gateway", ServiceSettings(log_format="json"))
    logging.getLogger("some.library").warning("careful: %s", "hot")
    line = json.loads(capsys.readouterr().out)
    assert (line["service"], line["event"], line["level"]) == ("gateway", "careful: hot", "warning")


def test_at_info_our_own_news_are_shown_and_the_libraries_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("gateway", ServiceSettings(log_format="json"))
    logging.getLogger().info("loading layer 7")
    logging.getLogger("some.library").info("opening a socket")
    logging.getLogger("services.gateway.main").info("ready")
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["ready"]
