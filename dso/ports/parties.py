"""What the engine asks of those who take part: agents, wholesale market, the strategies of a tariff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from dso.clock import Interval
from dso.market import Book, Curve
from dso.market.capacity import CapacitySale
from dso.market.voltage import VoltageClearing
from dso.messages import (
    Award,
    BidRequest,
    Bids,
    Deliver,
    FloatArray,
    IntArray,
    Measured,
    MeterReading,
    Offers,
    PriceSignal,
    Setting,
    WholesaleBid,
    WholesaleResult,
)


@runtime_checkable
class Stateful(Protocol):
    """A part that remembers something from one step to the next; what it returns must pickle."""

    def get_state(self) -> Any:
        """Everything that a resumed run needs to go on as if nothing had happened.

        Never changed once it was returned; the same object as before says that nothing has changed.
        """

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned."""


class Population(Protocol):
    """All agents of one kind, as arrays; they see forecasts, prices and measurements, never the plant."""

    @property
    def name(self) -> str:
        """The name that its bids bear."""

    @property
    def customers(self) -> IntArray:
        """Index of the customer that each agent acts for, (n,)."""

    @property
    def devices(self) -> IntArray:
        """Number of the device, and of its sub-meter, that each agent looks after, (n,)."""

    @property
    def lowest_kw(self) -> FloatArray:
        """What an agent can draw at least, (n,) [kW]; negative: it can inject."""

    @property
    def highest_kw(self) -> FloatArray:
        """What an agent can draw at most, (n,) [kW]; a bid beyond it is rejected."""

    def bid(self, request: BidRequest) -> Bids:
        """Bids of all agents for all intervals of a market."""

    def hear(self, signal: PriceSignal) -> None:
        """Learn a price, informational or binding."""

    def set_points_kw(self, award: Award, interval_index: int) -> FloatArray:
        """What each agent's device runs at, (n,) [kW], given what was awarded."""


@runtime_checkable
class Steering(Protocol):
    """A population whose devices may understand something other than power: a thermostat's temperature."""

    def setting(self, award: Award, interval_index: int) -> Setting | None:
        """What each agent tells its device, so that the device draws what was awarded; None: that power."""


@runtime_checkable
class Sensing(Protocol):
    """A population that looks at its devices."""

    @property
    def kind(self) -> str:
        """Kind of device, as measurements bear it."""

    def sense(self, measured: Measured) -> None:
        """Learn the state of the devices at the end of an interval; others of the kind are there too."""


@runtime_checkable
class Caring(Protocol):
    """A population that keeps account of how far its customers' wishes were missed."""

    @property
    def slider(self) -> FloatArray:
        """(n,) preference of each customer, from comfort, 0, to cost, 1."""

    @property
    def discomfort(self) -> FloatArray:
        """(n,) since the study began, in `discomfort_unit`."""

    @property
    def discomfort_unit(self) -> str:
        """What discomfort is counted in."""


class Outdoors(Protocol):
    """Weather as it is, or as it is forecast by those who know what was known at an instant."""

    def outdoor_c(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Dry-bulb temperature at instants, (t,) [°C]; as it is if `known_at_s` is None."""

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        """Global horizontal irradiance at instants, (t,) [W/m²]; likewise."""


class Offering(Protocol):
    """Agents that offer reactive power."""

    @property
    def name(self) -> str:
        """The name that its offers bear."""

    @property
    def customers(self) -> IntArray:
        """Index of the customer that each agent acts for, (n,)."""

    @property
    def highest_kvar(self) -> FloatArray:
        """What each can inject at most, (n,); an offer beyond it is rejected."""

    def offer(self, request: BidRequest) -> Offers:
        """Offers of all agents for all intervals of a market."""


class Plant(Protocol):
    """The physics that answers set-points: the embedded stand-in for a feeder simulator."""

    def deliver(self, order: Deliver) -> MeterReading:
        """Run one interval and read all meters."""


class Forecast(Protocol):
    """What the LSE expects its customers to draw if nobody tells them a price."""

    def meter_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected average power of each customer's meter, (t, customers) [kW]."""

    def device_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """The part of it that each device that may bid draws, (t, devices) [kW]."""


class Wholesale(Protocol):
    """The market above: a price series, a supply curve, an optimal power flow, a federate."""

    def expected_usd_per_kwh(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Price that it expects to see at the bus, (t,); NaN where it has no idea."""

    def refuses(self, bid: WholesaleBid) -> str | None:
        """Why it will not take a bid, or None if it does."""

    def clear(self, bid: WholesaleBid) -> WholesaleResult | None:
        """Clear a bid that it took; None if no result comes (an external market posts its own)."""


class MarketOperatorStrategy(Protocol):
    """How a tariff's MO turns bids into one curve, and a price back into awards."""

    def aggregate(self, book: Book, residual_kw: float) -> Curve:
        """One demand curve of all bids of an interval and the load that does not bid."""

    def award(self, book: Book, price_usd_per_kwh: float, total_kw: float) -> FloatArray:
        """What each bid of an interval gets at a price, (n,) [kW]; the sum is `total_kw`."""


class CapacityStrategy(MarketOperatorStrategy, Protocol):
    """How the MO of a transformer sells its capacity beside; what it aggregates must fit through."""

    @property
    def element(self) -> str:
        """Name of the transformer."""

    @property
    def capacity_kw(self) -> float:
        """What it lets pass, either way [kW]."""

    def sell(self, book: Book, residual_kw: float, price_cap_usd_per_kwh: float) -> CapacitySale:
        """The price of an interval's capacity to bids and to the load that does not bid."""


class VoltageStrategy(MarketOperatorStrategy, Protocol):
    """How the MO of a voltage market buys reactive power beside."""

    def buy(
        self,
        offers_usd_per_kvarh: FloatArray,
        most_kvar: FloatArray,
        sensitivity: FloatArray,
        shortfall_pu: FloatArray,
        room_pu: FloatArray,
    ) -> VoltageClearing:
        """What is bought of an interval's offers, (m,), for (n,) nodes; see `dso.market.voltage`."""


class LoadServingStrategy(Protocol):
    """How a tariff's LSE turns wholesale prices into retail prices, and energy into money."""

    @property
    def takes_positions(self) -> bool:
        """Whether a customer's day-ahead award is a deal of its own."""

    def retail_usd_per_kwh(self, wholesale: FloatArray, congestion: FloatArray) -> FloatArray:
        """What a customer pays for energy at a price w and a price of the wires, both (t,) or (t, points)."""

    def wholesale_curve(self, demand: Curve) -> Curve:
        """The tariff's demand over the wholesale price instead of the retail price."""

    def position_usd(self, energy_kwh: FloatArray, price_usd_per_kwh: float | FloatArray) -> FloatArray:
        """What each customer owes for the energy of a day-ahead position, (n,); at one price or (n,)."""

    def delivery_usd(
        self, meter_kwh: FloatArray, position_kwh: FloatArray, price_usd_per_kwh: float | FloatArray
    ) -> FloatArray:
        """What each customer owes for an interval as metered, beyond its position, (n,); likewise."""

    def network_usd_per_kwh(self) -> float:
        """The distribution charge that the LSE passes on to the DO for each kWh."""

    def fixed_usd_per_month(self) -> float:
        """What each customer owes for being connected."""


class Tariff(Protocol):
    """One rate plan: its retail mechanism, its MO (or none) and its LSE."""

    @property
    def name(self) -> str:
        """How the scenario calls it."""

    @property
    def mechanism(self) -> str:
        """Its retail chart: statecharts/retail/<mechanism>.yaml."""

    def market_operator(self) -> MarketOperatorStrategy | None:
        """The MO's strategy, None for a tariff without a market."""

    def load_serving(self) -> LoadServingStrategy:
        """The LSE's strategy."""
