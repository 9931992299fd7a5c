"""Small studies drawn at random: customers, tariffs, bids, prices, limits, losses, surprises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dso.engine.handlers import BILLING, LIFE, MARKET, RETAIL
from dso.engine.handlers.billing import BillingSubject
from dso.engine.loop import Births, Engine
from dso.engine.step import ListRecorder
from dso.engine.world import BillingPeriod, Settings, World
from dso.ledger import Ledger
from dso.messages import Award, BidRequest, Bids, Deliver, MeterReading, PriceSignal, WholesaleResult
from dso.operators.distribution import DistributionOperator
from dso.operators.load_serving import LoadServingEntity
from dso.operators.market_operator import MarketOperator
from dso.statechart import load_chart
from dso.tariffs.auction import AuctionTariff
from dso.tariffs.flat import FlatTariff
from tests.engine.small import CHARTS, HOUR_AHEAD, REAL_TIME, TwoPrices, Wires, start_s

QUARTERS = replace(REAL_TIME, interval_s=900, clearing_interval_s=900, negotiation_lead_s=600)
SERIES = {"da": replace(HOUR_AHEAD, intervals=2, clearing_interval_s=7200), "rt": QUARTERS}
HOURS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What a study is made from."""

    enrolled: dict[str, np.ndarray]  # by tariff
    auctions: tuple[str, ...]
    base_kw: np.ndarray  # (n,) beside the devices
    rating_kw: np.ndarray  # (n,)
    slope: np.ndarray  # (n,) price at which a device wants nothing
    prices: tuple[float, float]
    import_limit_kw: float
    loss_frac: float
    noise_kw: float
    seed: int

    @classmethod
    def of(cls, seed: int) -> Draw:
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 12))
        base_kw = rng.normal(rng.uniform(-2.0, 2.0), 1.5, n)
        tariffs = ("flat", "live", "other")[: int(rng.integers(1, 4))]
        owner = rng.integers(0, len(tariffs), n)
        rating_kw = np.where(rng.random(n) < 0.8, rng.uniform(0.1, 5.0, n), 0.0)
        expected = base_kw.sum() + 0.5 * rating_kw.sum()
        limited = rng.random() < 0.5 and expected > 1.0
        return cls(
            enrolled={name: np.flatnonzero(owner == k) for k, name in enumerate(tariffs)},
            auctions=tuple(t for t in tariffs if t != "flat"),
            base_kw=base_kw,
            rating_kw=rating_kw,
            slope=rng.uniform(0.05, 0.4, n),
            prices=(float(rng.normal(0.05, 0.05)), float(rng.normal(0.05, 0.08))),
            import_limit_kw=float(expected * rng.uniform(0.7, 1.1)) if limited else np.inf,
            loss_frac=float(rng.choice([0.0, 0.03, 0.08])),
            noise_kw=float(rng.choice([0.0, 0.5])),
            seed=seed,
        )


@dataclass(slots=True)
class Agents:
    """Each device wants its rating for nothing and nothing at its price, straight between."""

    draw: Draw
    name: str
    customers: np.ndarray
    lowest_kw: np.ndarray
    highest_kw: np.ndarray

    @property
    def devices(self) -> np.ndarray:
        return self.customers

    def bid(self, request: BidRequest) -> Bids:
        t, own = len(request.intervals), self.customers
        quantity = np.stack([np.zeros(len(own)), self.draw.rating_kw[own]], axis=1)
        price = np.stack([self.draw.slope[own], np.zeros(len(own))], axis=1)
        both = np.tile(quantity, (t, 1, 1)), np.tile(price, (t, 1, 1))
        return Bids(self.name, request.market, request.round, own, *both)

    def hear(self, signal: PriceSignal) -> None:
        assert np.isfinite(signal.price_usd_per_kwh).all()

    def set_points_kw(self, award: Award, interval_index: int) -> np.ndarray:
        return award.quantity_kw[interval_index]


@dataclass(frozen=True, slots=True)
class Guess:
    """The forecast: devices at half their rating."""

    draw: Draw

    def device_kw(self, intervals: Any, known_at_s: int) -> np.ndarray:
        return np.tile(self.draw.rating_kw / 2, (len(intervals), 1))

    def meter_kw(self, intervals: Any, known_at_s: int) -> np.ndarray:
        return self.draw.base_kw + self.device_kw(intervals, known_at_s)


@dataclass(slots=True)
class NoisyPlant:
    """Draws what is set; beside it, more or less than forecast, the same in every run."""

    draw: Draw
    wires: Wires

    def deliver(self, order: Deliver) -> MeterReading:
        rng = np.random.default_rng((self.draw.seed, order.interval.start_s))
        set_kw = order.device_set_point_kw
        device = np.where(np.isnan(set_kw), self.draw.rating_kw / 2, set_kw)
        kw = self.draw.base_kw + self.draw.noise_kw * rng.standard_normal(len(device)) + device
        head = kw.sum() + float(self.wires.losses_kw(np.array([[kw.sum()]]), None)[0])
        hours = order.interval.hours
        return MeterReading(order.interval, kw * hours, device * hours, head * hours)


class Remembered(TwoPrices):
    """Keeps what it has sold."""

    def __init__(self, *prices: float) -> None:
        super().__init__(*prices)
        self.sold: dict[str, WholesaleResult] = {}

    def clear(self, bid: Any) -> WholesaleResult | None:
        result = super().clear(bid)
        assert result is not None
        self.sold[bid.market] = result
        return result


def study(draw: Draw, *, backwards: bool = False) -> Engine:
    """An engine for two hours of a draw; `backwards` hands its tariffs over in the other order."""
    tariffs = {
        name: AuctionTariff(name, 1.1, 0.03, 5.0)
        if name in draw.auctions
        else FlatTariff(name, 0.12, 7.0, 0.03)
        for name in draw.enrolled
    }
    names = sorted(tariffs, reverse=backwards)
    retailers = {
        name: LoadServingEntity(name, tariffs[name].mechanism, tariffs[name], draw.enrolled[name])
        for name in names
    }
    operators = {}
    for name in (n for n in names if n in draw.auctions):
        own = draw.enrolled[name]
        own = own[draw.rating_kw[own] > 0]
        agents = Agents(draw, f"{name} devices", own, np.zeros(len(own)), draw.rating_kw[own])
        strategy = tariffs[name].market_operator()
        operators[name] = MarketOperator(name, strategy, (agents,), len(draw.base_kw))
    wires = Wires(draw.import_limit_kw, draw.loss_frac)
    end_s = start_s() + HOURS * 3600
    period = BillingPeriod("2016-08", start_s(), end_s, HOURS / 744)
    world = World(
        customers=len(draw.base_kw),
        series=SERIES,
        distribution=DistributionOperator(wires, wires),
        retailers=retailers,
        operators=operators,
        wholesale=Remembered(*draw.prices),
        forecast=Guess(draw),
        plant=NoisyPlant(draw, wires),
        ledger=Ledger(len(draw.base_kw), (start_s(),)),
        periods=(period,),
        settings=Settings(),
        start_s=start_s(),
        end_s=end_s,
    )
    charts = {
        name: load_chart(CHARTS / f"{name}.yaml", b.vocabulary())
        for name, b in (
            ("market", MARKET),
            ("retail/auction", RETAIL),
            ("retail/estimate", RETAIL),
            ("billing", BILLING),
            ("dso", LIFE),
        )
    }
    standing: list[Any] = [("dso", charts["dso"], LIFE, None)]
    standing += [
        (world.billing_machine(t, period), charts["billing"], BILLING, BillingSubject(t, period))
        for t in world.names()
    ]
    retail = {name: (charts[f"retail/{tariffs[name].mechanism}"], RETAIL) for name in names}
    engine = Engine(world, SERIES, Births((charts["market"], MARKET), retail, standing), ListRecorder())
    engine.start()
    return engine
