"""One DSO at an ERCOT bus: its simulated customers stand for all of the bus but its industry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dso.clock import HOUR_S, Interval, iso
from dso.data.ercot_load import KW_PER_MW, bus_info, bus_scale, industrial_mw
from dso.errors import InputError, Problem
from dso.market import Curve, as_blocks
from dso.messages import WholesaleBid, WholesaleResult
from dso.wholesale.bids import refusal
from dso.wholesale.conditions import ForecastError
from dso.wholesale.dcopf import BID_BLOCKS, BusBid, Dispatch
from dso.wholesale.ercot import ErcotMarket
from dso.wholesale.grid import Floats, ercot_grid
from dso.wholesale.outages import Outage

SNAP_USD_PER_KWH = 1e-9


class ErcotWholesale:
    """The ERCOT market as a DSO at one bus sees it.

    The bid [kW, simulated] times `scale` / 1000 is the bus' load [MW] but for its constant industrial load;
    the other buses keep their own. Results come back in simulated kW, prices are those of the bus.

    Parameters
    ----------
    bus : number of the bus, 1 to 8.
    homes : simulated customers; None takes the number that DSO+T simulates there.
    seed, error, outages : of real time, as `ErcotMarket` takes them.

    Raises
    ------
    InputError : no such bus, no customer, or as `ErcotMarket`.
    """

    def __init__(
        self,
        bus: int = 1,
        homes: int | None = 1000,
        *,
        seed: int = 0,
        error: ForecastError | None = None,
        outages: Sequence[Outage] | None = None,
    ) -> None:
        try:
            self.homes = bus_info(bus).simulated_homes if homes is None else homes
            self.scale = bus_scale(bus, self.homes)
        except ValueError as problem:
            raise InputError([Problem("wholesale", str(problem))]) from None
        self.bus, self.industrial_mw = bus, industrial_mw(bus)
        given = None if outages is None else tuple(outages)
        self.market = ErcotMarket(seed, error or ForecastError(), given)
        self._position = ercot_grid().bus_numbers.index(bus)
        self._expected: dict[int, float] = {}

    def expected_usd_per_kwh(self, intervals: Sequence[Interval], known_at_s: int) -> Floats:
        """Price of the bus in the hour of each interval, by forecast, (t,) [USD/kWh]; NaN outside 2016.

        It is the market's own price with the bus' forecast load instead of any bid; of real time it knows
        nothing.
        """
        del known_at_s  # the forecasts of the whole year are known
        return np.array([self._expected_price(interval) for interval in intervals], dtype=np.float64)

    def refuses(self, bid: WholesaleBid) -> str | None:
        """Why it will not take a bid, or None if it does."""
        reason = refusal(bid)
        if reason:
            return reason
        first, last = bid.intervals[0], bid.intervals[-1]
        if not self.market.conditions.covers(first.start_s, last.end_s):
            when = f"from {iso(first.start_s)} to {iso(last.end_s)}"
            return f"the ERCOT market has figures for 2016 only, not {when}"
        return None

    def clear(self, bid: WholesaleBid) -> WholesaleResult:
        """Price of the bus and what the DSO gets, per interval, of a bid that was not refused."""
        cleared = [self._clear(i, c, bid.day_ahead) for i, c in zip(bid.intervals, bid.demand, strict=True)]
        price, quantity = np.array(cleared).T
        return WholesaleResult(bid.market, price, quantity)

    def dispatch(self, interval: Interval, demand: Curve, day_ahead: bool) -> Dispatch:
        """The system's dispatch with a demand curve at the bus."""
        fixed_mw, bid = self._bus_bid(demand)
        load = self.market.load_mw(interval, day_ahead).copy()
        load[self._position] = self.industrial_mw + fixed_mw
        return self.market.solve(interval, day_ahead, load, bid)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_expected": {}}

    def _bus_bid(self, demand: Curve) -> tuple[float, BusBid]:
        blocks, mw_per_kw = as_blocks(demand, BID_BLOCKS), self.scale / KW_PER_MW
        bid = BusBid(self._position, blocks.quantity_kw * mw_per_kw, blocks.price_usd_per_kwh * KW_PER_MW)
        return blocks.fixed_kw * mw_per_kw, bid

    def _clear(self, interval: Interval, demand: Curve, day_ahead: bool) -> tuple[float, float]:
        found = self.dispatch(interval, demand, day_ahead)
        price = float(found.price_usd_per_mwh[self._position]) / KW_PER_MW
        fixed_kw, kw_per_mw = float(demand.quantity_kw[-1]), KW_PER_MW / self.scale
        # Blocks come near the curve only: what is bought is what the curve itself wants at the price.
        least = float(demand.quantity_above(price + SNAP_USD_PER_KWH))
        most = float(demand.quantity_below(price - SNAP_USD_PER_KWH))
        quantity = min(max(fixed_kw + found.bid_mw * kw_per_mw, least), most)
        shed_mw = float(found.shed_mw[self._position])
        if shed_mw > 0 and fixed_kw > 0:  # industry and customers lose the same share
            quantity -= fixed_kw * shed_mw / (self.industrial_mw + fixed_kw / kw_per_mw)
        return price, quantity

    def _expected_price(self, interval: Interval) -> float:
        middle_s = interval.start_s + interval.duration_s // 2
        hour = Interval(middle_s // HOUR_S * HOUR_S, HOUR_S)
        if not self.market.conditions.covers(hour.start_s, hour.end_s):
            return float("nan")
        if hour.start_s not in self._expected:
            price = self.market.solve(hour, day_ahead=True).price_usd_per_mwh[self._position]
            self._expected[hour.start_s] = float(price) / KW_PER_MW
        return self._expected[hour.start_s]
