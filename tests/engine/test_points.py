"""Prices that differ from one service point to another: a lateral that binds, and what losses cost.

Two customers sit near the substation and two at the end of a lateral, one of each on the flat rate and one on
the auction. Everybody draws 1 kW; one of its devices takes (0.2 − λ)·10 kW, 1 kW at λ = 1.25·0.048 + 0.04.
"""

from __future__ import annotations

import numpy as np
import pytest

from dso.ledger import LOSS_SURPLUS, VOLTAGE_RENT, WHOLESALE
from dso.ports import ElementLimit, Limits
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Plant, Wires, build, rows_of, steps_of
from tests.engine.test_faults import finished

NEAR, FAR = 0, 1
LATERAL_RENT = "rent:line.lateral"


class Lateral(Wires):
    """A lateral with a rating and a resistance: losses are `loss_per_kw` · load² of its end."""

    points = ("near", "far")
    point_of = np.array([NEAR, FAR, NEAR, FAR])

    def __init__(self, rating_kw=np.inf, loss_per_kw=0.0, kind="ampacity") -> None:
        super().__init__()
        self.rating_kw, self.loss_per_kw, self.kind = rating_kw, loss_per_kw, kind

    def violated(self, intervals, load_kw, known_at_s, equipment):
        over = np.flatnonzero(load_kw[:, FAR] > self.rating_kw * (1 + 1e-9))
        if not len(over):
            return None
        weight = np.array([0.0, 1.0 / self.rating_kw])
        rows = tuple(ElementLimit(int(t), "line.lateral", self.kind, weight, 1.0) for t in over)
        free = np.full(len(intervals), np.inf)
        return Limits(free, free, rows)

    def losses_kw(self, load_kw, equipment):
        return self.loss_per_kw * load_kw[:, FAR] ** 2

    def marginal_losses(self, load_kw, equipment):
        return 2 * self.loss_per_kw * load_kw * np.array([0.0, 1.0])

    def energised(self, equipment):
        return np.array([True, "line.lateral" not in equipment.out])


def hour(wires, **parts):
    series = {"da": HOUR_AHEAD, "rt": REAL_TIME}
    return build(hours=1, wires=wires, series=series, plant=Plant(wires, 0.0), **parts)


def balances(engine):
    finished(engine)
    return {a: v for a, v in engine.world.ledger.balance_uusd.items() if abs(v) > 0}


def charges(engine, kind):
    """What the customers 0 to 3 are charged of a kind, in micro-dollars."""
    found = np.zeros(4, np.int64)
    for (_, _, k), account in engine.world.ledger.accounts.items():
        if k == kind:
            found += account.amount_uusd
    return found.tolist()


def test_without_limits_and_losses_prices_are_equal_everywhere() -> None:
    engine = hour(Lateral())
    finished(engine)
    for row in rows_of(engine, "point_prices"):
        for part in ("losses_usd_per_kwh", "congestion_usd_per_kwh", "voltage_usd_per_kwh"):
            assert row[part].tolist() == [0.0, 0.0]
    assert not rows_of(engine, "constraints")
    assert charges(engine, "day-ahead energy") == [0, 0, 200_000, 200_000]


def test_a_lateral_that_binds_raises_the_price_behind_it_only_and_its_rent_is_booked() -> None:
    """2.5 kW for 3: the far device may take 0.5 kW, at λ = 0.15; the near one keeps 1 kW at 0.10."""
    engine = hour(Lateral(rating_kw=2.5))
    found = balances(engine)
    assert charges(engine, "day-ahead energy") == [0, 0, 200_000, 225_000]  # 2 kWh at 0.10, 1.5 at 0.15
    assert charges(engine, "metered energy")[:2] == pytest.approx([120_000, 120_000])
    assert found[LATERAL_RENT] == -125_000  # 2.5 kWh at 0.05
    assert found[WHOLESALE] == -264_000  # 5.5 kWh at 0.048
    assert sum(engine.world.ledger.balance_uusd.values()) == 0
    row = next(r for r in rows_of(engine, "constraints") if r["market"].startswith("da"))
    assert (row["element"], row["kind"]) == ("line.lateral", "ampacity")
    assert row["shadow_usd_per_h"] == pytest.approx(0.125)  # for the whole rating: 0.05 · 2.5
    assert row["rent_usd_per_h"] == pytest.approx(0.125)
    prices = next(r for r in rows_of(engine, "point_prices") if r["market"].startswith("da"))
    assert prices["congestion_usd_per_kwh"].tolist() == pytest.approx([0.0, 0.05])


def test_the_flat_rate_does_not_change_behind_a_limit_and_its_lse_bears_the_rent() -> None:
    engine = hour(Lateral(rating_kw=2.5))
    finished(engine)
    flat = engine.world.ledger.balance_uusd["lse:flat"]
    # sold 2 kWh at 0.12 and fixed charges; bought at 0.048, paid d = 0.04 to the DO and 0.05 for the far kWh
    fixed = charges(engine, "fixed charge")
    assert flat == pytest.approx(-240_000 - fixed[0] - fixed[1] + 96_000 + 80_000 + 50_000, abs=12)


def test_a_voltage_limit_has_an_account_of_its_own() -> None:
    engine = hour(Lateral(rating_kw=2.5, kind="voltage"))
    found = balances(engine)
    assert found[VOLTAGE_RENT] == -125_000
    assert LATERAL_RENT not in found
    prices = next(r for r in rows_of(engine, "point_prices") if r["market"].startswith("da"))
    assert prices["voltage_usd_per_kwh"].tolist() == pytest.approx([0.0, 0.05])


def test_marginal_losses_are_paid_where_they_arise_and_what_they_bring_in_excess_is_the_surplus() -> None:
    """Losses 0.01·q², forecast q = 3: each kWh more at the end costs 0.06 kWh, 0.00288 USD.

    λ = 0.10288 there and the device takes 0.9712 kW; 2.9712 kW lose 0.0882803 kW.
    """
    engine = hour(Lateral(loss_per_kw=0.01))
    found = balances(engine)
    far = 0.10 + 0.048 * 0.06
    far_kw = 1 + 1 + (0.2 - far) * 10
    lost_kw = 0.01 * far_kw**2
    assert charges(engine, "day-ahead energy")[2:] == pytest.approx(
        [200_000, (far_kw - 1) * far * 1e6], abs=1
    )
    assert found[WHOLESALE] == pytest.approx(-(3 + far_kw + lost_kw) * 48_000, abs=20)
    surplus = 0.048 * (0.06 * far_kw - lost_kw)
    assert found[LOSS_SURPLUS] == pytest.approx(-surplus * 1e6, abs=20)
    assert sum(engine.world.ledger.balance_uusd.values()) == 0


def test_a_refined_market_settles_deviations_at_its_own_rent() -> None:
    """The lateral is derated after the day-ahead market: 3 kWh were sold, 2.5 kWh may flow at λ_rt = 0.15."""
    wires = Lateral()
    engine = hour(wires)
    engine.advance(engine.world.start_s - 3600)
    wires.rating_kw = 2.5
    found = balances(engine)
    assert charges(engine, "metered energy")[3] == pytest.approx(-75_000, abs=12)  # −0.5 kWh at 0.15
    assert found[LATERAL_RENT] == pytest.approx(0.5 * 50_000, abs=12)  # the DO pays back what it cannot carry


def test_a_market_is_cleared_again_until_nothing_is_violated() -> None:
    engine = hour(Lateral(rating_kw=2.5))
    finished(engine)
    for market in {r["market"] for r in rows_of(engine, "markets")}:
        outcomes = [s.event for s in steps_of(engine, market)]
        assert outcomes.count("limits_violated") == 1  # later rounds know the limit
        assert outcomes.count("limits_ok") == outcomes.count("opened")
        assert "retries_exhausted" not in outcomes


def test_inflexible_load_beyond_a_rating_is_rationed_at_the_cap() -> None:
    """1.5 kW for 2 that do not bid: the far device gets nothing, 0.5 kW is cut, the price is the cap."""
    engine = hour(Lateral(rating_kw=1.5))
    finished(engine)
    cleared = [s for s in steps_of(engine, rows_of(engine, "markets")[0]["market"]) if s.event == "scarcity"]
    assert cleared
    prices = next(r for r in rows_of(engine, "point_prices") if r["market"].startswith("da"))
    cap = engine.world.settings.price_cap_usd_per_kwh
    assert prices["congestion_usd_per_kwh"][FAR] == pytest.approx(cap - 0.12)  # of the dearest who is cut
    assert sum(engine.world.ledger.balance_uusd.values()) == 0
