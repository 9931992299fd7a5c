"""The turn of a handler on a market, or on one tariff's retail machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dso.clock import Interval
from dso.engine.series import MarketTimes, SeriesSpec
from dso.engine.work import Work
from dso.messages import FloatArray, WholesaleBid, WholesaleResult
from dso.operators.distribution import DoRecord
from dso.operators.load_serving import LoadServingEntity, LseRecord
from dso.operators.market_operator import MarketOperator, MoRecord
from dso.ports import ElementLimit, Limits


@dataclass(frozen=True, slots=True, eq=False)
class PointPrices:
    """What the wires behind the head add to the price at each service point, (t, points) [USD/kWh]."""

    losses: FloatArray
    congestion: FloatArray
    voltage: FloatArray
    binding: tuple[tuple[ElementLimit, float], ...] = ()  # with its shadow price [USD/h per unit]

    def total(self) -> FloatArray:
        """The sum of the components, (t, points)."""
        return self.losses + self.congestion + self.voltage


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What all tariffs together would draw, per interval, and what it would cost.

    Where prices differ from point to point, `retail_usd_per_kwh` is that of a customer whom the wires behind
    the head cost nothing, and customers' and devices' parts are known already.
    """

    wholesale_usd_per_kwh: FloatArray  # (t,) the price it was made for
    congestion_usd_per_kwh: FloatArray  # (t,)
    retail_usd_per_kwh: dict[str, FloatArray]  # by tariff, (t,)
    load_kw: dict[str, FloatArray]  # by tariff, at the meters, (t,)
    curtailed_kw: FloatArray  # (t,)
    outcome: str
    points_kw: FloatArray  # (t, points) at the meters
    at_points: PointPrices | None = None
    customers_kw: Mapping[str, FloatArray] = field(default_factory=dict)  # by tariff, (t, n)
    devices_kw: Mapping[str, FloatArray] = field(default_factory=dict)  # by tariff, (t, bidders)
    capacity_usd_per_kwh: Mapping[str, FloatArray] = field(
        default_factory=dict
    )  # by tariff that buys any, (t,)
    ageing_usd_per_kwh: FloatArray | None = None  # (t,) the part of congestion that is the substation's life

    def total_kw(self) -> FloatArray:
        """Load of all tariffs at the meters, (t,)."""
        return np.asarray(np.sum(list(self.load_kw.values()), axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class MarketSubject:
    """What belongs to a market and to no party alone."""

    times: MarketTimes
    round: int = 0
    expected_usd_per_kwh: FloatArray | None = None  # (t,) wholesale price that rounds reckon with
    schedule: Schedule | None = None
    previous: Schedule | None = None  # of the round before
    ready: frozenset[str] = frozenset()
    retail_over: bool = False  # its retail machines have had their last word
    bid: WholesaleBid | None = None
    result: WholesaleResult | None = None  # the last that came
    priced: WholesaleResult | None = None  # the one that prices and positions rest on
    balanced: bool = False  # by the last look at its books
    assumed: bool = False  # the wholesale result is the fallback's


class MarketWork(Work):
    """A handler's turn on a market."""

    @staticmethod
    def subject_for(times: MarketTimes, tariff: str | None) -> MarketSubject:
        """What a new market starts with."""
        return MarketSubject(times)

    @property
    def subject(self) -> MarketSubject:
        """The market's own facts."""
        subject: MarketSubject = self.machine.subject
        return subject

    def set(self, **changes: Any) -> None:
        """Replace some of the market's own facts."""
        self.machine.subject = replace(self.machine.subject, **changes)

    @property
    def market(self) -> str:
        """The market's name."""
        return self.subject.times.market

    @property
    def spec(self) -> SeriesSpec:
        """The lead times of its series."""
        return self.subject.times.spec

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """What it delivers."""
        return self.subject.times.intervals

    @property
    def hours(self) -> float:
        """Length of one interval [h]."""
        return self.intervals[0].hours

    def time(self, name: str) -> int | None:
        """The instant that a name in the chart stands for now."""
        index = self.do.interval_index if name == "next_interval" else 0
        return self.subject.times.instant(name, max(1, self.subject.round), index)

    @property
    def do(self) -> DoRecord:
        """The DO's record of this market."""
        records = self.world.distribution.records
        return records.get(self.market) or DoRecord(Limits.none(len(self.intervals)))

    def set_do(self, **changes: Any) -> None:
        """Replace a part of the DO's record."""
        self.put(self.world.distribution.records, self.market, replace(self.do, **changes))

    def lse(self, tariff: str) -> LseRecord:
        """An LSE's record of this market."""
        return self.world.retailers[tariff].records.get(self.market) or LseRecord()

    def set_lse(self, tariff: str, **changes: Any) -> None:
        """Replace a part of an LSE's record."""
        records = self.world.retailers[tariff].records
        self.put(records, self.market, replace(self.lse(tariff), **changes))

    def mo(self, tariff: str) -> MoRecord:
        """An MO's record of this market."""
        return self.world.operators[tariff].records.get(self.market) or MoRecord()

    def set_mo(self, tariff: str, **changes: Any) -> None:
        """Replace a part of an MO's record."""
        records = self.world.operators[tariff].records
        self.put(records, self.market, replace(self.mo(tariff), **changes))

    def retailers(self) -> Iterator[tuple[str, LoadServingEntity, LseRecord]]:
        """Every tariff with its LSE and the LSE's record, in name order."""
        for tariff, retailer in self.world.retailers.items():
            yield tariff, retailer, self.lse(tariff)

    def retail_machine(self, tariff: str) -> str:
        """Name of a tariff's retail machine."""
        return f"{self.market}/{tariff}"


@dataclass(frozen=True, slots=True, eq=False)
class RetailSubject:
    """What belongs to a tariff's part in one market."""

    times: MarketTimes
    tariff: str
    round: int = 0
    expected_usd_per_kwh: FloatArray | None = None  # (t,) wholesale
    expected_retail_usd_per_kwh: FloatArray | None = None  # (t,) of the round before
    binding: bool = False


class RetailWork(MarketWork):
    """A handler's turn on a tariff's retail machine."""

    @staticmethod
    def subject_for(times: MarketTimes, tariff: str | None) -> Any:
        """What a new retail machine starts with."""
        return RetailSubject(times, tariff or "")

    @property
    def facts(self) -> RetailSubject:
        """The machine's own facts."""
        facts: RetailSubject = self.machine.subject
        return facts

    @property
    def tariff(self) -> str:
        """The tariff that it works for."""
        return self.facts.tariff

    @property
    def retailer(self) -> LoadServingEntity:
        """The tariff's LSE."""
        return self.world.retailers[self.tariff]

    @property
    def operator(self) -> MarketOperator:
        """The tariff's MO; raises KeyError for a tariff without one."""
        return self.world.operators[self.tariff]
