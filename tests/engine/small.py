"""A small DSO for tests: two tariffs, four customers, figures that one can work out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dso.clock import parse_time
from dso.engine.handlers import BILLING, LIFE, MARKET, RETAIL
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Births, Engine
from dso.engine.series import SeriesSpec
from dso.engine.step import ListRecorder
from dso.engine.world import BillingPeriod, Settings, World
from dso.ledger import Ledger
from dso.messages import Award, BidRequest, Bids, Deliver, MeterReading, PriceSignal
from dso.operators.distribution import DistributionOperator
from dso.operators.load_serving import LoadServingEntity
from dso.operators.market_operator import MarketOperator
from dso.ports import Limits
from dso.statechart import load_chart
from dso.tariffs.auction import AuctionTariff
from dso.tariffs.flat import FlatTariff
from dso.wholesale.price_series import PriceSeries

CHARTS = Path(__file__).parents[2] / "statecharts"
START = "2016-08-10T05:00Z"
CUSTOMERS = 4  # 0, 1 on the flat rate; 2, 3 on the auction, 1 kW each beside their devices

DAY_AHEAD = SeriesSpec(
    name="da", intervals=24, interval_s=3600, clearing_interval_s=86400, activation_lead_s=600,
    negotiation_lead_s=7200, market_lead_s=14400, delivery_lead_s=36000, bid_window_s=600, round_length_s=900,
    round_interval_s=3600, rounds=2, reconcile_s=3600, physical=False,
)  # fmt: skip
REAL_TIME = SeriesSpec(
    name="rt", intervals=1, interval_s=300, clearing_interval_s=300, activation_lead_s=60, negotiation_lead_s=180,
    market_lead_s=30, delivery_lead_s=0, bid_window_s=60, round_length_s=90, round_interval_s=90, rounds=1,
    reconcile_s=600, meter_wait_s=120, refines="da",
)  # fmt: skip


class Wires:
    """No losses unless told, no limits unless told."""

    element = "substation"

    def __init__(self, import_limit_kw: float = np.inf, loss_frac: float = 0.0) -> None:
        self.import_limit_kw, self.loss_frac = import_limit_kw, loss_frac
        self.changes_s: tuple[int, ...] = ()
        self.is_reduced = False

    def violated(self, intervals, head_kw, known_at_s):
        if (head_kw > self.import_limit_kw * (1 + 1e-9)).any():
            return Limits(np.full(len(intervals), self.import_limit_kw), np.full(len(intervals), np.inf))
        return None

    def reduced(self, at_s):
        return self.is_reduced

    def next_change_s(self, after_s):
        return min((t for t in self.changes_s if t > after_s), default=None)

    def losses_kw(self, load_kw):
        return self.loss_frac * np.abs(load_kw)


class Forecast:
    """Everybody draws 1 kW, and participants' devices 1 kW more."""

    def meter_kw(self, intervals, known_at_s):
        return np.tile([1.0, 1.0, 2.0, 2.0], (len(intervals), 1))

    def device_kw(self, intervals, known_at_s):
        return np.tile([0.0, 0.0, 1.0, 1.0], (len(intervals), 1))


class Devices:
    """Each device wants 2 kW for nothing, 0 kW at 0.2 USD/kWh, and straight between."""

    name = "devices"
    customers = np.array([2, 3])
    lowest_kw = np.zeros(2)
    highest_kw = np.full(2, 2.0)

    def __init__(self) -> None:
        self.heard: list[PriceSignal] = []

    def bid(self, request: BidRequest) -> Bids:
        t = len(request.intervals)
        quantity = np.tile([0.0, 2.0], (t, 2, 1))
        price = np.tile([0.2, 0.0], (t, 2, 1))
        return Bids(self.name, request.market, request.round, self.customers, quantity, price)

    def hear(self, signal: PriceSignal) -> None:
        self.heard.append(signal)

    def set_points_kw(self, award: Award, interval_index: int):
        return award.quantity_kw[interval_index]


class Plant:
    """Draws what is set, and of the rest a little more than forecast; the head meter adds up."""

    def __init__(self, wires: Wires, surplus_kw: float = 0.1) -> None:
        self.wires, self.surplus_kw = wires, surplus_kw
        self.delivered: list[int] = []
        self.unaccounted_kwh = 0.0

    def deliver(self, order: Deliver) -> MeterReading:
        assert order.interval.start_s not in self.delivered
        self.delivered.append(order.interval.start_s)
        device = np.where(np.isnan(order.device_set_point_kw), [0.0, 0.0, 1.0, 1.0], order.device_set_point_kw)
        kw = 1.0 + self.surplus_kw + device
        head = kw.sum() + float(self.wires.losses_kw(np.array([kw.sum()]))[0])
        hours = order.interval.hours
        return MeterReading(order.interval, kw * hours, device * hours, head * hours + self.unaccounted_kwh)


def build(
    *,
    hours: float = 1,
    wholesale=None,
    wires: Wires | None = None,
    price: float = 0.048,
    day_ahead: bool = True,
    populations=None,
    plant=None,
    handlers=None,
    settings: Settings | None = None,
    real_time: SeriesSpec = REAL_TIME,
) -> Engine:
    """An engine over a known wholesale price: λ = 1.25·0.048 + 0.04 = 0.10 USD/kWh, so each device takes 1 kW."""
    start_s = parse_time(START)
    end_s = start_s + round(hours * 3600)
    wires = wires or Wires()
    flat, auction = FlatTariff("flat", 0.12, 10.0, 0.04), AuctionTariff("live", 1.25, 0.04, 10.0)
    retailers = {
        "flat": LoadServingEntity("flat", "estimate", flat, np.array([0, 1])),
        "live": LoadServingEntity("live", "auction", auction, np.array([2, 3])),
    }
    populations = (Devices(),) if populations is None else populations
    operators = {"live": MarketOperator("live", auction.market_operator(), populations, CUSTOMERS)}
    series = {"da": DAY_AHEAD, "rt": real_time} if day_ahead else {"rt": real_time}
    period = BillingPeriod("2016-08", start_s, end_s, (end_s - start_s) / (31 * 86400))
    world = World(
        customers=CUSTOMERS, series=series, distribution=DistributionOperator(wires, wires), retailers=retailers,
        operators=operators, forecast=Forecast(), plant=plant or Plant(wires), periods=(period,),
        wholesale=wholesale or PriceSeries([start_s - 864000], [price], step_s=8640000),
        ledger=Ledger(CUSTOMERS, (start_s,)), settings=settings or Settings(), start_s=start_s, end_s=end_s,
    )  # fmt: skip
    market = handlers or MARKET
    charts = {
        name: load_chart(CHARTS / f"{name}.yaml", b.vocabulary())
        for name, b in (("market", market), ("retail/auction", RETAIL), ("retail/estimate", RETAIL),
                        ("billing", BILLING), ("dso", LIFE))
    }  # fmt: skip
    standing = [("dso", charts["dso"], LIFE, None)]
    standing += [
        (f"bill-2016-08/{t}", charts["billing"], BILLING, BillingSubject(t, period)) for t in retailers
    ]
    births = Births(
        market=(charts["market"], market),
        retail={t: (charts[f"retail/{r.mechanism}"], RETAIL) for t, r in retailers.items()},
        standing=standing,
    )
    engine = Engine(world, series, births, ListRecorder())
    engine.start()
    return engine
