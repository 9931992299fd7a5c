"""What the engine logs is one short line on stderr."""

from __future__ import annotations

import pytest
import structlog

from dso.cli.log import log_to_stderr


@pytest.fixture
def log():
    log_to_stderr()
    yield structlog.get_logger("dso")
    structlog.reset_defaults()


def test_a_failing_handler_is_told_with_machine_state_and_cause(log, capsys):
    log.error(
        "handler.failed",
        machine="rt-2016-08-10T17:00Z",
        state="delivery_lead.repricing",
        trigger="repriced",
        error="ValueError: a\nb",
    )
    assert capsys.readouterr() == (
        "",
        "dso: rt-2016-08-10T17:00Z: handler failed in delivery_lead.repricing on repriced: ValueError: a b\n",
    )


def test_other_facts_follow_in_their_order(log, capsys):
    log.warning("file.slow", path="x.dso", ms=12)
    assert capsys.readouterr().err == "dso: file slow, path=x.dso, ms=12\n"


def test_what_is_no_warning_is_not_told(log, capsys):
    log.info("market.cleared", price_usd_per_kwh=0.1)
    assert capsys.readouterr() == ("", "")
