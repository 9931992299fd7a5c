"""A market for voltage: by hand on two wires, and through the public door on a feeder with a weak end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dso.agents.inverters import Inverters
from dso.errors import NetworkUnavailableError
from dso.messages import Offers
from dso.ports import VoltageNeeds
from dso.run_file import RunReader
from dso.study import run
from dso.tariffs.voltage import VoltageTariff
from tests.engine.small import HOUR_AHEAD, REAL_TIME, Wires, build, first_rt, rows_of, steps_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "voltage.yaml"
NEAR, FAR = 0, 1
# What a kvar lifts: at the near point both nodes by 0.001, at the far one itself by 0.003 p.u.
PER_KVAR = np.array([[0.001, 0.001], [0.001, 0.003]])


class WeakEnd(Wires):
    """The far node is 0.006 p.u. too low, less what is injected; customers 2 and 3 are the participants."""

    points = ("near", "far")
    point_of = np.array([NEAR, FAR, NEAR, FAR])

    def __init__(self, short_pu: float = 0.006) -> None:
        super().__init__()
        self.short_pu = short_pu
        self.seen: list[tuple] = []

    def voltage_needs(self, load_kw, equipment):
        self.seen.append(equipment.kvar)
        kvar = np.zeros(2)
        for name, q in equipment.kvar:
            kvar[self.points.index(name)] += q
        short = np.array([-0.02, self.short_pu]) - PER_KVAR @ kvar
        return VoltageNeeds(("near.1", "far.1"), short, short + 0.1, PER_KVAR) if short.max() > 0 else None


def inverters(kvar=(10.0, 10.0), price=(0.01, 0.02)) -> Inverters:
    """Of the near and of the far participant."""
    return Inverters("inverters", np.array([2, 3]), np.array(kvar), np.array(price))


def sold(wires=None, offering=None, **given):
    live = VoltageTariff("live", 1.25, 0.04, 10.0)
    offering = (inverters(),) if offering is None else offering
    series = {"da": HOUR_AHEAD, "rt": REAL_TIME}
    engine = build(live=live, wires=wires or WeakEnd(), offering=offering, series=series, **given)
    engine.run()
    return engine


def test_the_cheapest_rise_is_bought_and_paid_by_what_it_does() -> None:
    # 0.006 p.u. at the far node: 2 kvar there at 0.02 beat 6 near ones at 0.01: 6.67 against 10 USD/h a p.u.
    engine = sold()
    row = next(r for r in rows_of(engine, "voltage_purchases") if r["market"] == first_rt(engine))
    assert (row["outcome"], row["offers"], row["unmet_pu"]) == ("bought", 1, 0.0)
    assert row["bought_kvar"] == pytest.approx(2.0)
    assert row["dearest_usd_per_kvarh"] == pytest.approx(0.02)
    assert row["cost_usd_per_h"] == pytest.approx(0.04)


def test_participants_are_paid_for_delivery_from_the_dos_account_of_voltage() -> None:
    engine = sold()
    paid = [e for e in engine.recorder.exchanges if e.kind == "reactive power"]
    assert {e.market[:2] for e in paid} == {"rt"}  # a position is not delivered, and not paid
    # 0.04 USD/h for 5 minutes to customer 3, nothing to customer 2.
    assert paid[0].customers.customers.tolist() == [2, 3]
    assert paid[0].customers.amount_uusd.tolist() == [0, -3333]
    assert {p.account: p.amount_uusd for p in paid[0].postings} == {"voltage rent": 3333, "lse:live": 0}
    assert engine.world.ledger.balance_uusd["voltage rent"] == 12 * 3333
    assert engine.world.ledger.total_uusd() == 0


def test_what_was_sold_stands_on_the_bill() -> None:
    engine = sold()
    lines = {
        r["customer"]: {kind: amount for kind, _, amount in _lines(r)} for r in rows_of(engine, "invoices")
    }
    assert lines[3]["reactive power"] == -12 * 3333
    assert "reactive power" not in lines[0]


def _lines(row):
    return [(line["kind"], line["energy_kwh"], line["amount_uusd"]) for line in row["lines"]]


def test_the_wires_are_asked_without_what_an_earlier_round_bought_and_run_with_it() -> None:
    wires = WeakEnd()
    delivered = []

    class Plant:
        def deliver(self, order):
            from tests.engine.small import Plant as Usual

            delivered.append(order.equipment.kvar)
            return Usual(wires).deliver(order)

    sold(wires, plant=Plant())
    assert set(wires.seen) == {()}
    assert len(delivered) == 12
    for ((name, kvar),) in delivered:
        assert (name, kvar) == ("far", pytest.approx(2.0))


@pytest.mark.parametrize(
    ("wires", "offering", "outcome", "degraded"),
    [
        (WeakEnd(-0.01), (inverters(),), "in_band", None),
        (Wires(), (inverters(),), "in_band", None),  # it knows of no voltages
        (WeakEnd(), (inverters(),), "bought", None),
        (WeakEnd(0.05), (inverters(),), "out_of_band", "voltage stays out of its band"),
        (WeakEnd(), (), "out_of_band", "voltage stays out of its band"),
    ],
)
def test_the_chart_shows_what_became_of_the_voltage(wires, offering, outcome, degraded) -> None:
    engine = sold(wires, offering)
    (step,) = [s for s in steps_of(engine, f"{first_rt(engine)}/live") if s.source == "buying"]
    assert (step.event, step.degraded) == (outcome, degraded)


def test_wires_that_have_no_answer_leave_the_round_without_a_purchase() -> None:
    class Silent(WeakEnd):
        def voltage_needs(self, load_kw, equipment):
            raise NetworkUnavailableError("the power flow does not converge")

    engine = sold(Silent())
    (step,) = [s for s in steps_of(engine, f"{first_rt(engine)}/live") if s.source == "buying"]
    assert (step.event, step.degraded) == ("network_unavailable", "voltage not known")
    assert not rows_of(engine, "voltage_purchases")
    assert engine.world.ledger.total_uusd() == 0


class Bad(Inverters):
    """A sender whose offers are wrong in one way each."""

    wrong: str = ""

    def offer(self, request):
        good = super().offer(request)
        kvar, price, own = good.kvar.copy(), good.usd_per_kvarh.copy(), good.customers
        if self.wrong == "beyond":
            kvar[:, 1] = 11.0
        elif self.wrong == "nan":
            price[:, 1] = np.nan
        elif self.wrong == "negative":
            kvar[:, 1] = -1.0
        elif self.wrong == "stranger":
            own = np.array([2, 0])
        elif self.wrong == "twice":
            own = np.array([2, 2])
        elif self.wrong == "shape":
            kvar = kvar[:, :1]
        number = good.round + (self.wrong == "round")
        sender = "nobody" if self.wrong == "sender" else good.sender
        return Offers(sender, good.market, number, own, kvar, price)


@pytest.mark.parametrize(
    ("wrong", "customer", "reason"),
    [
        ("beyond", 3, "more than the inverter's rating"),
        ("nan", 3, "a quantity or price is not a finite number"),
        ("negative", 3, "a quantity or price is negative"),
        ("stranger", 0, "not a registered participant of this sender"),
        ("twice", 2, "duplicate"),
        ("shape", None, "its arrays must have the shape (1, 2), were (1, 1)"),
        ("sender", None, "from a stranger"),
    ],
)
def test_a_bad_offer_is_rejected_with_its_reason_and_the_market_goes_on(wrong, customer, reason) -> None:
    bad = type("Wrong", (Bad,), {"wrong": wrong})("inverters", *_fields())
    engine = sold(offering=(bad,))
    said = [r for r in engine.recorder.rejections if r.market.startswith(first_rt(engine))]
    found = {(r.customer, r.reason) for r in said}
    assert found == {(customer, reason)}
    assert steps_of(engine, first_rt(engine))[-1].destination == "expired"


def _fields():
    return np.array([2, 3]), np.array([10.0, 10.0]), np.array([0.01, 0.02])


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("voltage") / "voltage.dso"
    run(EXAMPLE, path)
    with RunReader(path) as reader:
        yield reader


def test_in_the_example_the_weak_end_stays_in_its_band(example) -> None:
    rows = example.rows("SELECT outcome, bought_kvar, cost_usd_per_h FROM voltage_purchases")
    assert {r["outcome"] for r in rows} == {"in_band", "bought"}
    assert all((r["bought_kvar"] > 0) == (r["outcome"] == "bought") for r in rows)
    lowest = example.row("SELECT MIN(lowest_pu) AS pu FROM flows")["pu"]
    assert lowest > 0.975 - 2e-4  # ANSI range A on primaries; loads are not quite what was foreseen


def test_the_example_pays_what_it_bought_and_its_books_balance(example) -> None:
    audit = example.row("SELECT * FROM audit")
    assert (audit["money_uusd"], audit["markets_unbalanced"], audit["delivered_exactly_once"]) == (0, 0, 1)
    bought = example.row(
        "SELECT SUM(cost_usd_per_h) / 4 AS usd FROM voltage_purchases WHERE market LIKE 'rt-%'"
    )["usd"]
    paid = example.row(
        "SELECT SUM(amount_uusd) AS s FROM ledger WHERE kind = 'reactive power' AND account = 'voltage rent'"
    )["s"]
    assert paid / 1e6 == pytest.approx(bought, abs=1e-3)
    on_bills = example.row(
        "SELECT SUM(json_extract(j.value, '$.amount_uusd')) AS s FROM invoices i, json_each(i.lines) j "
        "WHERE json_extract(j.value, '$.kind') = 'reactive power'"
    )["s"]
    assert on_bills == -paid
