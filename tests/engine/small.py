"""A small DSO for tests: two tariffs, four customers, figures that one can work out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dso.clock import parse_time
from dso.engine.handlers import BILLING, LIFE, MARKET, RETAIL
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Births, Engine
from dso.engine.series import MarketTimes, SeriesSpec
from dso.engine.step import ListRecorder, Step
from dso.engine.work import Behaviour
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
NO_PLANT = "no plant"  # the meters are read by somebody outside
LIVE = AuctionTariff("live", 1.25, 0.04, 10.0)
CUSTOMERS = 4  # 0, 1 on the flat rate; 2, 3 on the auction, 1 kW each beside their devices

DAY_AHEAD = SeriesSpec(
    name="da",
    intervals=24,
    interval_s=3600,
    clearing_interval_s=86400,
    activation_lead_s=600,
    negotiation_lead_s=7200,
    market_lead_s=14400,
    delivery_lead_s=36000,
    bid_window_s=600,
    round_length_s=900,
    round_interval_s=3600,
    rounds=2,
    reconcile_s=3600,
    physical=False,
)
REAL_TIME = SeriesSpec(
    name="rt",
    intervals=1,
    interval_s=300,
    clearing_interval_s=300,
    activation_lead_s=60,
    negotiation_lead_s=180,
    market_lead_s=30,
    delivery_lead_s=0,
    bid_window_s=60,
    round_length_s=90,
    round_interval_s=90,
    rounds=1,
    reconcile_s=600,
    meter_wait_s=120,
    refines="da",
)


HOUR_AHEAD = replace(DAY_AHEAD, intervals=1, clearing_interval_s=3600)  # so that an hour is a whole study


class TwoPrices(PriceSeries):
    """One known price for positions, another one for what is delivered."""

    def __init__(self, day_ahead: float, real_time: float) -> None:
        super().__init__([0], [day_ahead], step_s=4_000_000_000)
        self.real_time = real_time

    def price_of(self, interval):
        return super().price_of(interval) if interval.duration_s >= 3600 else self.real_time


class Wires:
    """No losses unless told, no limits unless told."""

    element = "substation"
    points = ("all",)
    point_of = None

    def __init__(
        self, import_limit_kw: float = np.inf, loss_frac: float = 0.0, export_limit_kw: float = np.inf
    ) -> None:
        self.import_limit_kw, self.loss_frac, self.export_limit_kw = (
            import_limit_kw,
            loss_frac,
            export_limit_kw,
        )
        self.changes_s: tuple[int, ...] = ()
        self.is_reduced = False

    def violated(self, intervals, load_kw, known_at_s, equipment):
        head_kw = load_kw.sum(axis=1) + self.losses_kw(load_kw, equipment)
        over = (head_kw > self.import_limit_kw * (1 + 1e-9)).any()
        if over or (head_kw < -self.export_limit_kw * (1 + 1e-9)).any():
            t = len(intervals)
            return Limits(np.full(t, self.import_limit_kw), np.full(t, self.export_limit_kw))
        return None

    def reduced(self, at_s):
        return self.is_reduced

    def next_change_s(self, after_s):
        return min((t for t in self.changes_s if t > after_s), default=None)

    def losses_kw(self, load_kw, equipment):
        return self.loss_frac * np.abs(load_kw.sum(axis=1))

    def marginal_losses(self, load_kw, equipment):
        return np.zeros_like(load_kw)

    def energised(self, equipment):
        return np.array([self.element not in equipment.out])

    def flow(self, load_kw, equipment):
        return None

    def plan(self):
        return None


class Forecast:
    """Everybody draws 1 kW, and participants' devices 1 kW more."""

    def __init__(self, base_kw: float = 1.0) -> None:
        self.base_kw = base_kw

    def meter_kw(self, intervals, known_at_s):
        return np.tile(self.base_kw + np.array([0.0, 0.0, 1.0, 1.0]), (len(intervals), 1))

    def device_kw(self, intervals, known_at_s):
        return np.tile([0.0, 0.0, 1.0, 1.0], (len(intervals), 1))


class Devices:
    """Each device wants 2 kW for nothing, 0 kW at 0.2 USD/kWh, and straight between."""

    name = "devices"
    customers = np.array([2, 3])
    devices = customers
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

    def __init__(self, wires: Wires, surplus_kw: float = 0.1, base_kw: float = 1.0) -> None:
        self.wires, self.surplus_kw, self.base_kw = wires, surplus_kw, base_kw
        self.delivered: list[int] = []
        self.unaccounted_kwh = 0.0

    def get_state(self):
        return list(self.delivered)

    def set_state(self, state) -> None:
        self.delivered = list(state)

    def deliver(self, order: Deliver) -> MeterReading:
        assert order.interval.start_s not in self.delivered
        self.delivered.append(order.interval.start_s)
        device = np.where(
            np.isnan(order.device_set_point_kw), [0.0, 0.0, 1.0, 1.0], order.device_set_point_kw
        )
        kw = self.base_kw + self.surplus_kw + device
        place = np.zeros(4, int) if self.wires.point_of is None else self.wires.point_of
        points_kw = np.bincount(place, kw, len(self.wires.points))
        head = kw.sum() + float(self.wires.losses_kw(points_kw[None, :], None)[0])
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
    series: dict[str, SeriesSpec] | None = None,
    forecast=None,
    outside: dict[str, np.ndarray] | None = None,
    retail_handlers: Behaviour = RETAIL,
    tariffs: tuple[str, ...] = ("flat", "live"),
    enrolled: dict[str, list[int]] | None = None,
    live: AuctionTariff = LIVE,
    offering=(),
    customers: int = CUSTOMERS,
    start: bool = True,
) -> Engine:
    """An engine over a known wholesale price: λ = 1.25·0.048 + 0.04 = 0.10 USD/kWh, a device takes 1 kW."""
    start_s = parse_time(START)
    end_s = start_s + round(hours * 3600)
    wires = wires or Wires()
    flat = FlatTariff("flat", 0.12, 10.0, 0.04)
    enrolled = enrolled or {"flat": [0, 1], "live": [2, 3]}
    everyone = {
        "flat": LoadServingEntity("flat", "estimate", flat, np.array(enrolled["flat"])),
        "live": LoadServingEntity("live", live.mechanism, live, np.array(enrolled["live"])),
    }
    retailers = {tariff: everyone[tariff] for tariff in tariffs}
    populations = (Devices(),) if populations is None else populations
    outside = outside or {}
    ratings = {name: (np.zeros(len(own)), np.full(len(own), 2.0)) for name, own in outside.items()}
    operator = MarketOperator("live", live.market_operator(), populations, customers, outside, ratings)
    operator.offering = offering
    operators = {"live": operator} if "live" in tariffs else {}
    if series is None:
        series = {"da": DAY_AHEAD, "rt": real_time} if day_ahead else {"rt": real_time}
    series = {n: s if s.refines in series else replace(s, refines=None) for n, s in series.items()}
    period = BillingPeriod("2016-08", start_s, end_s, (end_s - start_s) / (31 * 86400))
    world = World(
        customers=customers,
        series=series,
        distribution=DistributionOperator(wires, wires, wires.point_of),
        retailers=retailers,
        operators=operators,
        forecast=forecast or Forecast(),
        periods=(period,),
        plant=None if plant is NO_PLANT else plant or Plant(wires),
        wholesale=wholesale or PriceSeries([start_s - 864000], [price], step_s=8640000),
        ledger=Ledger(customers, (start_s,)),
        settings=settings or Settings(),
        start_s=start_s,
        end_s=end_s,
    )
    market = handlers or MARKET
    charts = {
        name: load_chart(CHARTS / f"{name}.yaml", b.vocabulary())
        for name, b in (
            ("market", market),
            *((f"retail/{r.mechanism}", retail_handlers) for r in retailers.values()),
            ("billing", BILLING),
            ("dso", LIFE),
        )
    }
    standing = [("dso", charts["dso"], LIFE, None)]
    standing += [
        (f"bill-2016-08/{t}", charts["billing"], BILLING, BillingSubject(t, period)) for t in retailers
    ]
    births = Births(
        market=(charts["market"], market),
        retail={t: (charts[f"retail/{r.mechanism}"], retail_handlers) for t, r in retailers.items()},
        standing=standing,
    )
    engine = Engine(world, series, births, ListRecorder())
    if start:
        engine.start()
    return engine


def start_s() -> int:
    """When the study begins [s]."""
    return parse_time(START)


def steps_of(engine: Engine, machine: str) -> list[Step]:
    """What one machine did, without what it refused."""
    return [s for s in engine.recorder.steps if s.machine == machine and s.rejected is None]


def rows_of(engine: Engine, table: str) -> list[dict]:
    """What would stand in a table of the run file."""
    return [dict(row.values) for row in engine.recorder.rows if row.table == table]


def first_rt(engine: Engine, number: int = 0) -> str:
    """Name of a real-time market."""
    spec = engine.series["rt"]
    return MarketTimes(spec, engine.world.start_s + number * spec.clearing_interval_s).market
