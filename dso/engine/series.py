"""A series of markets: its lead times, when it spawns, and the instants that a chart's names stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dso.clock import Interval, iso

MARKET_TIMES = (
    "activation",
    "negotiation",
    "bid_close",
    "round_close",
    "next_round",
    "gate",
    "wholesale_deadline",
    "clearing",
    "delivery",
    "next_interval",
    "delivery_end",
    "meter_deadline",
    "close",
)


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """The immutable lead times of a series, all in whole seconds (TENT's names).

    c is the clearing: gate = c − market_lead, negotiation = gate − negotiation_lead, activation =
    negotiation − activation_lead, delivery = c + delivery_lead.
    """

    name: str
    intervals: int
    interval_s: int
    clearing_interval_s: int
    activation_lead_s: int
    negotiation_lead_s: int
    market_lead_s: int
    delivery_lead_s: int
    bid_window_s: int
    round_length_s: int
    round_interval_s: int
    wholesale_result_lead_s: int = 0
    wholesale_deadline_lead_s: int = 0
    meter_wait_s: int = 0
    reconcile_s: int = 60
    rounds: int = 1
    protocol: str = "fixed"  # fixed | signalled | gated
    retries: int = 3
    refines: str | None = None
    physical: bool = True

    @property
    def lead_s(self) -> int:
        """From spawning to the start of delivery."""
        return self.activation_lead_s + self.negotiation_lead_s + self.market_lead_s + self.delivery_lead_s

    @property
    def delivery_s(self) -> int:
        """How long one market delivers."""
        return self.intervals * self.interval_s

    def covering_market(self, first_s: int, at_s: int) -> MarketTimes:
        """The market of the series that delivers at an instant, if its first one delivers from `first_s`."""
        number = (at_s - first_s) // self.clearing_interval_s
        return MarketTimes(self, first_s + number * self.clearing_interval_s)

    def most_rounds(self) -> int:
        """How many rounds close before the gate."""
        room = self.negotiation_lead_s - self.round_length_s
        return 1 + room // self.round_interval_s if self.round_interval_s > 0 else 1


@dataclass(frozen=True, slots=True)
class MarketTimes:
    """The instants of one market of a series."""

    spec: SeriesSpec
    delivery_s: int

    @property
    def market(self) -> str:
        """Its name: the series and the start of its delivery."""
        return f"{self.spec.name}-{iso(self.delivery_s)}"

    @property
    def clearing_s(self) -> int:
        """When the wholesale result counts."""
        return self.delivery_s - self.spec.delivery_lead_s

    @property
    def gate_s(self) -> int:
        """When bids are final."""
        return self.clearing_s - self.spec.market_lead_s

    @property
    def negotiation_s(self) -> int:
        """When the first round opens."""
        return self.gate_s - self.spec.negotiation_lead_s

    @property
    def activation_s(self) -> int:
        """When its series spawns it."""
        return self.negotiation_s - self.spec.activation_lead_s

    @property
    def delivery_end_s(self) -> int:
        """When the last interval is over."""
        return self.delivery_s + self.spec.delivery_s

    @property
    def delivery(self) -> Interval:
        """All that it delivers, as one stretch of time."""
        return Interval(self.delivery_s, self.spec.delivery_s)

    @property
    def close_s(self) -> int:
        """When it is closed, reconciled or not."""
        return self.delivery_end_s + self.spec.reconcile_s

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """What it delivers."""
        step = self.spec.interval_s
        return tuple(Interval(self.delivery_s + k * step, step) for k in range(self.spec.intervals))

    def round_open_s(self, round_number: int) -> int:
        """When a round opens; rounds count from 1."""
        return self.negotiation_s + (round_number - 1) * self.spec.round_interval_s

    def instant(self, name: str, round_number: int, interval_index: int) -> int | None:
        """The instant that a name in the chart stands for, None if it never comes.

        Parameters
        ----------
        name : one of MARKET_TIMES.
        round_number : the round that is open, from 1.
        interval_index : the interval that is being delivered, from 0.
        """
        return _INSTANTS[name](self, round_number, interval_index)


def _next_round(times: MarketTimes, number: int, _index: int) -> int | None:
    fits = number < times.spec.most_rounds()
    return times.round_open_s(number + 1) if fits else None


def _next_interval(times: MarketTimes, _round: int, index: int) -> int | None:
    following = index + 1
    return times.delivery_s + following * times.spec.interval_s if following < times.spec.intervals else None


_INSTANTS: dict[str, Callable[[MarketTimes, int, int], int | None]] = {
    "activation": lambda m, r, i: m.activation_s,
    "negotiation": lambda m, r, i: m.negotiation_s,
    "bid_close": lambda m, r, i: m.round_open_s(r) + m.spec.bid_window_s,
    "round_close": lambda m, r, i: m.round_open_s(r) + m.spec.round_length_s,
    "next_round": _next_round,
    "gate": lambda m, r, i: m.gate_s,
    "wholesale_deadline": lambda m, r, i: m.clearing_s - m.spec.wholesale_deadline_lead_s,
    "clearing": lambda m, r, i: m.clearing_s,
    "delivery": lambda m, r, i: m.delivery_s,
    "next_interval": _next_interval,
    "delivery_end": lambda m, r, i: m.delivery_end_s,
    "meter_deadline": lambda m, r, i: m.delivery_end_s + m.spec.meter_wait_s,
    "close": lambda m, r, i: m.close_s,
}


def deadlines(spec: SeriesSpec, delivery_s: int) -> list[tuple[str, int]]:
    """The named instants of the market that delivers from `delivery_s`, in the order that they must keep."""
    times = MarketTimes(spec, delivery_s)
    last = spec.rounds if spec.protocol == "fixed" else 1
    names = ("activation", "negotiation", "bid_close", "round_close", "gate")
    later = ("wholesale_deadline", "clearing", "delivery", "delivery_end", "meter_deadline", "close")
    rows = [(name, times.instant(name, last, 0)) for name in names]
    rows.append(("wholesale_result", times.clearing_s - spec.wholesale_result_lead_s))
    rows += [(name, times.instant(name, last, 0)) for name in later]
    return [(name, at) for name, at in rows if at is not None]
