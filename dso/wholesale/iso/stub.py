"""A stand-in for the market operator: prices from a series or a supply curve, so that retail runs alone.

It answers TESP's issue 180. Same calls, same results as `Iso`; nothing is dispatched, and forecasts are not
looked at. A series takes any quantity. A supply curve sees the sum of all bids, with the load of the buses on
top, and has one price for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from dso.clock import Interval
from dso.errors import DsoError
from dso.market import Curve
from dso.wholesale.grid import Floats
from dso.wholesale.iso.bids import BidBook, Participant, check_participants, demands_of
from dso.wholesale.iso.demand import KW_PER_MW
from dso.wholesale.iso.results import (
    DayAheadResult,
    DayAheadState,
    RealTimeResult,
    RealTimeState,
    Told,
    Trade,
)
from dso.wholesale.iso.system import Flags
from dso.wholesale.iso.unit_state import UnitState
from dso.wholesale.price_series import PriceSeries
from dso.wholesale.supply_curve import QuadraticSupply

BUSES = tuple(range(1, 9))
NOBODY = np.zeros(0)


@dataclass(frozen=True, slots=True)
class StubIso:
    """Prices without a system behind them.

    Parameters
    ----------
    source : a price series, or a supply curve in kW and USD/kWh at the buses.
    participants : as `Iso` takes them.
    bus_numbers : the buses that have a price; all the same.

    Raises
    ------
    InputError : as `Iso`.
    """

    source: PriceSeries | QuadraticSupply
    participants: tuple[Participant, ...] = ()
    bus_numbers: tuple[int, ...] = BUSES
    _none: UnitState = field(
        init=False, repr=False, default=UnitState(NOBODY > 0, NOBODY.astype(np.int64), NOBODY)
    )

    def __post_init__(self) -> None:
        check_participants(self.participants, self.bus_numbers)

    def start(self) -> DayAheadState:
        """The state of the very first day."""
        return DayAheadState(self._none)

    def day_ahead(
        self, bids: BidBook, load_mw: ArrayLike, wind_mw: ArrayLike, state: DayAheadState
    ) -> DayAheadResult:
        """Prices and quantities of a day; parameters as `Iso.day_ahead`.

        Raises
        ------
        DsoError : the series has no price for one of the hours.
        """
        del wind_mw
        price, cleared = self._clear(bids, _rows(load_mw, len(bids.intervals)), state.last_mw)
        last = {**state.last_mw, **{name: cleared[name] for name in bids.bids if name in cleared}}
        told = self._told(bids, price, cleared)
        return DayAheadResult(*told, status="Stub", state=DayAheadState(self._none, last))

    def real_time(
        self,
        bids: BidBook,
        load_mw: ArrayLike,
        wind_mw: ArrayLike,
        on: Flags | None = None,
        previous: RealTimeState | None = None,
    ) -> RealTimeResult:
        """Price and quantities of an interval; parameters as `Iso.real_time`.

        Raises
        ------
        DsoError : the series has no price for the interval.
        """
        del wind_mw, on
        last = dict(previous.last_mw) if previous else {}
        known = {name: np.array([mw]) for name, mw in last.items()}
        price, cleared = self._clear(bids, _rows(load_mw, len(bids.intervals)), known)
        last.update({name: float(cleared[name][0]) for name in bids.bids if name in cleared})
        told = self._told(bids, price, cleared)
        return RealTimeResult(*told, state=RealTimeState(NOBODY, last))

    def _clear(
        self, bids: BidBook, load_mw: Floats, last_mw: Mapping[str, Floats]
    ) -> tuple[Floats, dict[str, Floats]]:
        demands = demands_of(self.participants, bids, last_mw)
        price, cleared = [], []
        for t, interval in enumerate(bids.intervals):
            curves = [demand[t].to_curve() for demand in demands]
            found, share = self._price(curves, float(load_mw[t]), interval)
            price.append(found * KW_PER_MW)
            cleared.append([_between(curve, found, share) / KW_PER_MW for curve in curves])
        table = np.array(cleared).reshape(len(price), len(demands))
        return np.array(price), {who.name: table[:, k] for k, who in enumerate(self.participants)}

    def _price(self, curves: list[Curve], load_mw: float, interval: Interval) -> tuple[float, float]:
        """The price [USD/kWh], and how far up their horizontal pieces the bids get at it."""
        if isinstance(self.source, PriceSeries):
            found = self.source.price_of(interval)
            if np.isnan(found):
                raise DsoError(f"the price series must have a price from {interval.start_s} s on, had none")
            return found, self.source.share
        total = Curve.total([*curves, Curve.vertical(load_mw * KW_PER_MW)])
        found, quantity_kw = self.source.cross(total, interval)
        least, most = total.quantity_interval_kw(found)
        return found, (quantity_kw - least) / (most - least) if most > least else 0.0

    def _told(self, bids: BidBook, price: Floats, cleared: Mapping[str, Floats]) -> Told:
        trades = {w.name: Trade(w.bus, price, cleared[w.name], w.scale) for w in self.participants}
        everywhere = np.tile(price[:, None], (1, len(self.bus_numbers)))
        return bids.market, bids.intervals, self.bus_numbers, everywhere, trades, bids.rejections


def _rows(load_mw: ArrayLike, hours: int) -> Floats:
    """The load of all buses together, (h,)."""
    load: Floats = np.asarray(load_mw, float).reshape(hours, -1).sum(axis=1)
    return load


def _between(curve: Curve, price: float, share: float) -> float:
    least, most = curve.quantity_interval_kw(price)
    return least + share * (most - least)
