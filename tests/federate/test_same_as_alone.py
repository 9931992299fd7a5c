"""A federation gives what the same scenario gives alone: the oracle is the run without HELICS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dso.federate.profile import Timing
from tests.federate.conftest import Federation, invoices, loaded, meters, prices

SMALL = Path(__file__).parents[2] / "examples" / "small.yaml"
Make = Callable[..., Federation]


@pytest.mark.parametrize("current_values", ["wait", "after"])
def test_prices_and_bills_are_those_of_the_run_without_helics(federation: Make, current_values: str) -> None:
    alone, kept_alone = loaded(SMALL)
    alone.run()
    made = federation(timing=Timing(current_values))  # type: ignore[arg-type]
    made.add("iso", lambda: made.iso(SMALL).run())
    made.add("feeder", lambda: made.feeder(SMALL).run())
    engine, kept = loaded(SMALL)
    federate = made.run(engine)
    assert [party.error for party in made.parties] == [None, None]
    assert federate.faults == []
    assert prices(kept) == prices(kept_alone)
    assert invoices(kept) == invoices(kept_alone)
    assert invoices(kept)
    assert engine.world.ledger.balance_uusd == alone.world.ledger.balance_uusd


@pytest.mark.parametrize("outside", ["wholesale", "feeder"])
def test_one_party_may_stay_inside(federation: Make, short: Path, outside: str) -> None:
    alone, kept_alone = loaded(short)
    alone.run()
    made = federation(count=2, outside=(outside,))
    peer = made.iso if outside == "wholesale" else made.feeder
    made.add(outside, lambda: peer(short).run())
    engine, kept = loaded(short)
    made.run(engine)
    assert prices(kept) == prices(kept_alone)
    assert invoices(kept) == invoices(kept_alone)


def test_an_outage_within_an_interval_is_felt_by_the_feeder(federation: Make, short: Path) -> None:
    """The substation fails at 00:07 and is back at 00:13: neither is the boundary of an interval."""
    outage = "{element: substation, at: 2016-08-10T00:07, repair: 6 min}"
    wires = f"network: {{kind: static, loss_frac: 0.03, outages: [{outage}], crews: {{travel: 0 min}}}}"
    short.write_text(short.read_text().replace("network: {kind: static, loss_frac: 0.03}", wires))
    alone, kept_alone = loaded(short)
    alone.run()
    made = federation()
    made.add("iso", lambda: made.iso(short).run())
    made.add("feeder", lambda: made.feeder(short).run())
    engine, kept = loaded(short)
    made.run(engine)
    assert prices(kept) == prices(kept_alone)
    assert invoices(kept) == invoices(kept_alone)
    assert engine.world.ledger.balance_uusd == alone.world.ledger.balance_uusd
    assert meters(kept) == meters(kept_alone)
    assert min(meters(kept)) < 0.5 * max(meters(kept))


def test_the_users_own_loop_stays_in_charge(federation: Make, short: Path) -> None:
    made = federation()
    made.add("iso", lambda: made.iso(short).run())
    made.add("feeder", lambda: made.feeder(short).run())
    for party in made.parties:
        party.start()
    engine, kept = loaded(short)
    taken, instants = [], []
    with made.federate(engine) as fed:
        while (steps := fed.step()) is not None:
            taken += steps
            instants.append(engine.now_s)
    made.end()
    assert taken == kept.steps
    assert instants == sorted(set(instants))


def test_without_waiting_a_result_comes_too_late_and_the_fallback_follows(
    federation: Make, short: Path
) -> None:
    """Granted t first, the DSO cannot know what the market tells at t: the chart's fallback prices it."""
    made = federation(timing=Timing("previous"), outside=("wholesale",), count=2)
    made.profile = replace(made.profile, faults=replace(made.profile.faults, wholesale="fallback"))
    made.add("iso", lambda: made.iso(short).run())
    engine, kept = loaded(short)
    federate = made.run(engine)
    assert "was never written" in federate.faults[0]
    reasons = {step.degraded for step in kept.steps if step.degraded}
    assert "wholesale result missing" in reasons
