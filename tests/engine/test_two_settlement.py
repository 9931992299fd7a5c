"""Money worked by hand, to the micro-dollar: two prices, limits, losses, lost energy, export.

λ = 1.25·w + 0.04. Two customers on the flat rate (0.12 USD/kWh, of which 0.04 go to the DO) draw 1 kW
each; two on the auction draw 1 kW and a device's 2 − 10·λ kW each. A study lasts an hour: 12 intervals of
5 min, one hour-ahead market.
"""

from __future__ import annotations

import numpy as np
import pytest

from dso.engine.loop import Engine
from dso.ledger import NETWORK, ROUNDING, UNACCOUNTED, WHOLESALE, rent_account
from tests.engine.small import (
    HOUR_AHEAD,
    REAL_TIME,
    Forecast,
    Plant,
    TwoPrices,
    Wires,
    build,
    first_rt,
    rows_of,
    start_s,
    steps_of,
)

BOTH = {"da": HOUR_AHEAD, "rt": REAL_TIME}
RENT = rent_account("substation")
FIXED = 13_441  # 10 USD a month for an hour of August's 744: 13,440.86 µUSD a customer


def hour(
    wires: Wires | None = None, surplus_kw: float = 0.0, day_ahead=0.048, real_time=0.048, **parts
) -> Engine:
    wires = wires or Wires()
    plant = parts.pop("plant", None) or Plant(wires, surplus_kw)
    wholesale = TwoPrices(day_ahead, real_time)
    return build(hours=1, series=BOTH, wires=wires, plant=plant, wholesale=wholesale, **parts)


def run(engine: Engine) -> dict[str, int]:
    engine.run()
    assert engine.machines == {}
    assert engine.world.ledger.total_uusd() == 0
    return {account: uusd for account, uusd in engine.world.ledger.balance_uusd.items() if uusd}


def energy_only(accounts: dict[str, int]) -> dict[str, int]:
    """Without the fixed charges, which are always the same."""
    for tariff in ("flat", "live"):
        accounts[f"customers:{tariff}"] -= 2 * FIXED
        accounts[f"lse:{tariff}"] += 2 * FIXED
    return {account: uusd for account, uusd in accounts.items() if uusd}


def of_customers(engine: Engine, tariff: str, kind: str) -> list[int]:
    return engine.world.ledger.accounts[(tariff, 0, kind)].amount_uusd.tolist()


def test_a_position_is_settled_at_its_own_price_and_the_deviation_at_the_later_one() -> None:
    """λ_da = 0.10, so 1 kW a device; λ_rt = 1.25·0.08 + 0.04 = 0.14, so 0.6 kW; 0.1 kW more than forecast."""
    engine = hour(surplus_kw=0.1, day_ahead=0.048, real_time=0.08)
    found = run(engine)
    # Each participant holds 2 kWh at 0.10 = 0.20 USD; it meters 1.7 kWh, so −0.3 kWh at 0.14 = −0.042 USD.
    assert of_customers(engine, "live", "day-ahead energy") == [0, 0, 200_000, 200_000]
    assert of_customers(engine, "live", "metered energy") == [0, 0, -42_000, -42_000]
    # A flat customer meters 1.1 kWh at 0.12 = 0.132 USD and holds nothing.
    assert of_customers(engine, "flat", "metered energy") == [132_000, 132_000, 0, 0]
    assert found == {
        "customers:flat": 264_000 + 2 * FIXED,
        "customers:live": 400_000 - 84_000 + 2 * FIXED,
        # Hour-ahead 6 kWh at 0.048; real time 12 × round(−0.4 kW/12 · 0.08 = −2,666.67 µUSD).
        WHOLESALE: -(288_000 - 12 * 2_667),
        # 12 × round(5.6 kW/12 · 0.04 = 18,666.67), of which the LSEs pay 7,333 and 11,333: 1 is rounding.
        NETWORK: -12 * 18_667,
        ROUNDING: 12,
        "lse:flat": -264_000 + 96_000 + 12 * 1_333 + 12 * 7_333 - 2 * FIXED,
        "lse:live": -316_000 + 192_000 - 12 * 4_000 + 12 * 11_333 - 2 * FIXED,
    }


def test_two_flat_customers_pay_the_rate_and_their_lse_bears_the_wholesale_price() -> None:
    """Wholesale at 0.20 is dearer than the rate of 0.12 with its 0.04 for the DO: 0.12 lost a kWh."""
    enrolled = {"flat": [0, 1, 2, 3], "live": []}
    engine = hour(day_ahead=0.20, real_time=0.20, tariffs=("flat",), enrolled=enrolled)
    found = run(engine)
    kwh = 6  # devices run as they would, 1 kW
    assert found["customers:flat"] == kwh * 120_000 + 4 * FIXED
    assert found[WHOLESALE] == -kwh * 200_000
    assert found[NETWORK] == -kwh * 40_000
    assert found["lse:flat"] == kwh * 120_000 - 4 * FIXED


def test_a_binding_import_limit_earns_its_rent_from_every_lse() -> None:
    """5 kW: 4 + 2·(2 − 10·λ) = 5 gives λ = 0.15, μ = 0.05; both markets bind, nothing deviates."""
    engine = hour(Wires(import_limit_kw=5.0))
    found = energy_only(run(engine))
    assert of_customers(engine, "live", "day-ahead energy") == [0, 0, 225_000, 225_000]  # 1.5 kWh at 0.15
    assert found == {
        "customers:flat": 240_000,
        "customers:live": 450_000,
        WHOLESALE: -240_000,  # 5 kWh at 0.048
        NETWORK: -12 * 16_667,  # 5/12 kWh at 0.04 = 16,666.67
        RENT: -250_000,  # 5 kWh at 0.05
        # The flat customers pay the rate; their LSE bears μ·Q = 0.05·2 kWh.
        "lse:flat": -240_000 + 96_000 + 12 * 6_667 + 100_000,
        "lse:live": -450_000 + 144_000 + 120_000 + 150_000,
    }


def test_prices_and_rent_of_a_limit_that_binds_are_published() -> None:
    engine = hour(Wires(import_limit_kw=5.0))
    engine.run()
    prices = [r for r in rows_of(engine, "prices") if r["market"].startswith("da")]
    assert [(r["tariff"], r["retail_usd_per_kwh"], r["load_kw"]) for r in prices] == [
        ("flat", pytest.approx(0.12), pytest.approx(2.0)),
        ("live", pytest.approx(0.15), pytest.approx(3.0)),
    ]
    assert [r["congestion_usd_per_kwh"] for r in prices] == pytest.approx([0.05, 0.05])


def test_after_a_derating_the_rent_of_real_time_is_negative_and_the_do_carries_it() -> None:
    """Positions of 6 kW, then wires for 5: λ_rt = 0.15, and (5 − 6) kWh at μ = 0.05 is paid back."""
    wires = Wires()
    engine = hour(wires)
    engine.advance(start_s() - 3600)
    wires.import_limit_kw = 5.0
    found = energy_only(run(engine))
    assert found[RENT] == 12 * 4_167  # 12 × round(1/12 kWh · 0.05 = 4,166.67): the DO pays
    assert of_customers(engine, "live", "day-ahead energy") == [0, 0, 200_000, 200_000]
    assert of_customers(engine, "live", "metered energy") == [0, 0, -75_000, -75_000]  # −0.5 kWh at 0.15
    assert found[WHOLESALE] == -(288_000 - 48_000)  # 1 kWh sold back at 0.048
    assert found["customers:flat"] == 240_000


def test_losses_enter_once_and_are_bought_by_the_lses() -> None:
    """5 %: the award is 6.3 kW for 6 kW; 6.4 kW are metered, 6.72 pass the head."""
    engine = hour(Wires(loss_frac=0.05), surplus_kw=0.1)
    found = energy_only(run(engine))
    # Each LSE deviates by 0.21 kW at the head: 2.31 − 2.1 and 4.41 − 4.2.
    assert found[WHOLESALE] == -(302_400 + 12 * 1_680)
    assert found["lse:flat"] == -264_000 + 100_800 + 12 * 840 + 12 * 7_333
    assert found["lse:live"] == -(400_000 + 12 * 2 * 833) + 201_600 + 12 * 840 + 12 * 14_000
    audit = rows_of(engine, "audit")[0]
    assert audit["losses_kwh"] == pytest.approx(0.32)
    assert audit["head_kwh"] == pytest.approx(6.72)
    assert audit["unaccounted_frac"] <= 1e-9


def test_energy_that_no_meter_saw_is_posted_to_its_own_account_and_flagged() -> None:
    """0.01 kWh an interval at the head that no meter has: 480 µUSD each, and every market disputed."""
    wires = Wires()
    plant = Plant(wires, 0.0)
    plant.unaccounted_kwh = 0.01
    engine = hour(wires, plant=plant)
    found = run(engine)
    assert found[UNACCOUNTED] == 12 * 480
    assert found[WHOLESALE] == -(288_000 + 12 * 480)
    steps = steps_of(engine, first_rt(engine))
    assert [s.destination for s in steps[-2:]] == ["reconcile.disputed", "expired"]
    assert steps[-2].degraded == "books do not balance"
    assert steps[-1].degraded == "closed unreconciled"
    audit = rows_of(engine, "audit")[0]
    assert audit["markets_unbalanced"] == 12
    assert audit["unaccounted_kwh"] == pytest.approx(0.12)
    assert steps_of(engine, "dso")[-2].degraded == "audit found something"


def test_a_dispute_that_is_corrected_is_reversed_and_settled_anew() -> None:
    wires = Wires()
    plant = Plant(wires, 0.0)
    plant.unaccounted_kwh = 0.01
    engine = hour(wires, plant=plant)
    market = first_rt(engine)
    engine.advance(start_s() + 310)
    assert engine.markets[market].state == "reconcile.disputed"
    before = dict(engine.world.ledger.balance_uusd)
    assert before[UNACCOUNTED] == 480
    plant.unaccounted_kwh = 0.0
    half_kwh = {"meter_kwh": np.array([1.0, 1, 2, 2]) / 12, "device_kwh": np.array([0.0, 0, 1, 1]) / 12}
    engine.post(market, "corrected", interval=0, head_kwh=0.5, **half_kwh)
    steps = engine.advance(start_s() + 310)
    assert [s.event for s in steps] == ["corrected", "reversed", "settled", "balanced"]
    assert engine.world.ledger.balance_uusd[UNACCOUNTED] == 0
    assert engine.world.ledger.total_uusd() == 0
    unchanged = {a: v for a, v in before.items() if a not in (UNACCOUNTED, WHOLESALE)}
    assert {a: engine.world.ledger.balance_uusd[a] for a in unchanged} == unchanged
    assert rows_of(engine, "markets")[-1]["market"] == market
    engine.run()
    assert rows_of(engine, "audit")[0]["markets_unbalanced"] == 0


def test_a_correction_that_cannot_be_read_leaves_the_dispute_as_it_is() -> None:
    wires = Wires()
    plant = Plant(wires, 0.0)
    plant.unaccounted_kwh = 0.01
    engine = hour(wires, plant=plant)
    engine.advance(start_s() + 310)
    market = first_rt(engine)
    engine.post(market, "corrected", interval=7, head_kwh=0.5, meter_kwh=[1.0] * 4, device_kwh=[0.0] * 4)
    step = engine.advance(start_s() + 310)[-1]
    assert step.rejected == "corrected cannot be read: IndexError: interval 7 of 1"
    assert engine.markets[market].state == "reconcile.disputed"


def test_customers_who_inject_more_than_they_draw_are_paid() -> None:
    """−3 kW each beside the devices' 1 kW: 10 kW flow out, at 0.048 wholesale, 0.10 live, 0.12 flat."""
    wires = Wires()
    engine = hour(wires, plant=Plant(wires, 0.0, base_kw=-3.0), forecast=Forecast(-3.0))
    found = energy_only(run(engine))
    assert found == {
        "customers:flat": -6 * 120_000,
        "customers:live": -4 * 100_000,
        WHOLESALE: 10 * 48_000,
        NETWORK: 12 * 33_333,  # −10/12 kWh at 0.04 = −33,333.33: d is paid back, too
        "lse:flat": 720_000 - 6 * 48_000 - 12 * 20_000,
        "lse:live": 400_000 - 4 * 48_000 - 12 * 13_333,
    }


def test_the_rent_of_an_export_limit_is_positive_too() -> None:
    """8 kW out: −12 + 2·(2 − 10·λ) = −8 gives λ = 0, μ = −0.10; (−0.10)·(−8) = 0.8 USD/h."""
    wires = Wires(export_limit_kw=8.0)
    engine = hour(wires, plant=Plant(wires, 0.0, base_kw=-3.0), forecast=Forecast(-3.0))
    found = energy_only(run(engine))
    assert found[RENT] == -800_000
    assert found[WHOLESALE] == 8 * 48_000
    assert found.get("customers:live", 0) == 0  # what they inject is worth nothing


def test_each_interval_of_the_ledger_adds_up_to_zero_and_to_the_position_that_was_sold() -> None:
    engine = hour(surplus_kw=0.1, real_time=0.08)
    engine.run()
    for exchange in engine.recorder.exchanges:
        own = 0 if exchange.customers is None else int(exchange.customers.amount_uusd.sum())
        assert sum(p.amount_uusd for p in exchange.postings) + own == 0
    sold = [
        e for e in engine.recorder.exchanges if e.market.startswith("da") and e.kind == "wholesale energy"
    ]
    assert [p.energy_kwh for p in sold[0].postings] == pytest.approx([2.0, 4.0, -6.0])
