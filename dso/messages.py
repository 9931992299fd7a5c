"""What the parties say to each other: plain frozen values, arrays where many speak at once.

Load is positive, injection negative, for every quantity. Axis order is (interval, customer or bid, point).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.clock import Interval
from dso.market import Curve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BidRequest:
    """The MO calls for bids: for which intervals, and what it expects them to cost."""

    market: str
    tariff: str
    round: int
    intervals: tuple[Interval, ...]
    expected_usd_per_kwh: FloatArray  # (t,) retail price
    known_at_s: int  # when it is asked: an agent's forecast is no newer
    losses_usd_per_kwh: FloatArray | None = None  # (t, customers) what marginal losses add; None: nothing
    physical: bool = True  # whether what is awarded is delivered, or only a position
    last: bool = False  # whether the round binds, as far as is known


@dataclass(frozen=True, slots=True, eq=False)
class Bids:
    """All bids of one sender for one round: one message, however many participants."""

    sender: str
    market: str
    round: int
    customers: IntArray  # (n,) index of the customer behind each bid
    quantity_kw: FloatArray  # (t, n, k)
    price_usd_per_kwh: FloatArray  # (t, n, k)


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Reactive power that participants of one sender offer to inject in one round, each at its own price."""

    sender: str
    market: str
    round: int
    customers: IntArray  # (n,) index of the customer behind each offer
    kvar: FloatArray  # (t, n)
    usd_per_kvarh: FloatArray  # (t, n)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something a participant sent that does not count, and why; the market goes on."""

    market: str
    sender: str
    customer: int | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class PriceSignal:
    """The MO tells its participants a price per interval: informational, or binding."""

    market: str
    tariff: str
    round: int
    intervals: tuple[Interval, ...]
    price_usd_per_kwh: FloatArray  # (t,)
    binding: bool


@dataclass(frozen=True, slots=True, eq=False)
class Award:
    """What each participant of a tariff may draw, at which price."""

    market: str
    tariff: str
    intervals: tuple[Interval, ...]
    customers: IntArray  # (n,)
    quantity_kw: FloatArray  # (t, n)
    price_usd_per_kwh: FloatArray  # (t,)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What agents tell their devices for an interval, in the unit that a device of the kind understands."""

    kind: str  # of device
    devices: IntArray  # (n,)
    unit: str  # kW, or °C of a thermostat
    value: FloatArray  # (n,) NaN: as the device would by itself


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the sensors of all devices of a kind say at an instant."""

    kind: str
    at_s: int
    devices: IntArray  # (n,) rising
    values: Mapping[str, FloatArray]  # each (n,), by name with its unit: air_c, stored_kwh, plugged_in


@dataclass(frozen=True, slots=True)
class Equipment:
    """The state of a feeder's equipment during one interval; hashable, so that solves can be remembered."""

    out: frozenset[str] = frozenset()  # elements out of service
    rating_frac: tuple[tuple[str, float], ...] = ()  # element, its rating over that in the model; others 1
    kvar: tuple[tuple[str, float], ...] = ()  # service point, reactive power injected there beside its loads


AS_BUILT = Equipment()


@dataclass(frozen=True, slots=True, eq=False)
class Deliver:
    """The DO tells the feeder what to run at in one interval; NaN where a device has no set-point."""

    market: str
    interval: Interval
    device_set_point_kw: FloatArray  # (devices,)
    equipment: Equipment = AS_BUILT
    supplied_frac: FloatArray | None = None  # (customers,) part of the interval with supply; None: all of it
    settings: tuple[Setting, ...] = ()  # of devices that understand something other than power


@dataclass(frozen=True, slots=True, eq=False)
class MeterReading:
    """All meters of one interval, and the meter at the head of the feeder."""

    interval: Interval
    meter_kwh: FloatArray  # (customers,) NaN where a reading is missing
    device_kwh: FloatArray  # (devices,) sub-meters of the devices that may bid
    head_kwh: float
    measured: tuple[Measured, ...] = ()  # at the end of the interval, by kind of device


@dataclass(frozen=True, slots=True, eq=False)
class WholesaleBid:
    """The DSO's one bid for its bus: demand per interval over the wholesale price."""

    market: str
    intervals: tuple[Interval, ...]
    demand: tuple[Curve, ...]  # one an interval, USD/kWh wholesale, kW at the head of the feeder
    binding: bool = True
    day_ahead: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WholesaleResult:
    """What the wholesale market answers: price and quantity of the bus, per interval."""

    market: str
    price_usd_per_kwh: FloatArray  # (t,)
    quantity_kw: FloatArray  # (t,)


@dataclass(frozen=True, slots=True)
class Posting:
    """One party's part of a value exchange; positive: it pays."""

    account: str
    amount_uusd: int
    energy_kwh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class CustomerPostings:
    """The customers' parts of a value exchange of one tariff, as arrays."""

    tariff: str
    customers: IntArray  # (n,)
    amount_uusd: IntArray  # (n,) positive: the customer pays
    energy_kwh: FloatArray  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class ValueExchange:
    """A price and quantity agreed by two or more parties; its amounts add up to zero."""

    time_s: int
    market: str
    interval_start_s: int
    kind: str
    postings: tuple[Posting, ...]
    customers: CustomerPostings | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of a bill."""

    kind: str
    energy_kwh: float
    amount_uusd: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """One customer's bill for one period."""

    number: str
    customer: int
    tariff: str
    start_s: int
    end_s: int
    lines: tuple[InvoiceLine, ...]

    @property
    def total_uusd(self) -> int:
        """The sum of its lines [micro-dollars]."""
        return sum(line.amount_uusd for line in self.lines)
