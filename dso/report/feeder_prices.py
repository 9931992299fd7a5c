"""What energy costs at each service point, and of what the price is made; what bound, and its rent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.messages import FloatArray
from dso.report.feeder_flow import array
from dso.run_file import RunReader

WIRES = ("losses", "congestion", "voltage")


@dataclass(frozen=True, slots=True, eq=False)
class PricesAlong:
    """Prices of one market and interval at the service points; arrays are (points,) [USD/kWh]."""

    market: str
    start_s: int
    length_s: int
    tariff: str | None  # whose customers pay them; None: nobody does, they are added to the wholesale price
    wholesale_usd_per_kwh: float
    energy_usd_per_kwh: float  # what the tariff charges where the wires neither lose nor bind
    losses: FloatArray
    congestion: FloatArray  # of the head and of elements behind it
    voltage: FloatArray

    def total(self) -> FloatArray:
        """The price at each point."""
        return self.energy_usd_per_kwh + self.losses + self.congestion + self.voltage


def widest_spread(reader: RunReader) -> PricesAlong | None:
    """Of the delivered interval in which prices at the points differ most; None if no point is priced."""
    best, found = -1.0, None
    query = (
        "SELECT p.market, p.interval_start, losses_uusd_per_kwh, congestion_uusd_per_kwh, "
        "voltage_uusd_per_kwh FROM point_prices p JOIN readings USING (market, interval_start) "
        "ORDER BY p.interval_start"
    )
    for row in reader.rows(query):
        spread = float(np.ptp(sum(_wires(row).values())))
        if spread > best:
            best, found = spread, row
    return None if found is None else prices_along(reader, found["market"], found["interval_start"])


def prices_along(reader: RunReader, market: str, start_s: int) -> PricesAlong | None:
    """Of one market and interval; None if its points have no prices of their own.

    Parameters
    ----------
    start_s : start of the interval [s since 1970-01-01T00:00Z].
    """
    row = reader.row("SELECT * FROM point_prices WHERE market = ? AND interval_start = ?", market, start_s)
    prices = reader.rows(
        "SELECT * FROM prices WHERE market = ? AND interval_start = ? ORDER BY tariff", market, start_s
    )
    if not row or not prices:
        return None
    tariff = paying_tariff(reader)
    paid = next((p for p in prices if p["tariff"] == tariff), prices[0])
    mu, wholesale = paid["congestion_usd_per_kwh"], paid["wholesale_usd_per_kwh"]
    wires = _wires(row)
    return PricesAlong(
        market=market,
        start_s=start_s,
        length_s=paid["interval_s"],
        tariff=tariff,
        wholesale_usd_per_kwh=wholesale,
        energy_usd_per_kwh=wholesale if tariff is None else paid["retail_usd_per_kwh"] - mu,
        losses=wires["losses"],
        congestion=mu + wires["congestion"],
        voltage=wires["voltage"],
    )


def paying_tariff(reader: RunReader) -> str | None:
    """The first tariff whose customers pay the price of their own point; None if none does."""
    found = reader.row(
        "SELECT tariff FROM prices WHERE points_uusd_per_kwh IS NOT NULL ORDER BY tariff, market LIMIT 1"
    )
    return found.get("tariff")


def _wires(row: dict[str, Any]) -> dict[str, FloatArray]:
    found = {part: array(row[f"{part}_uusd_per_kwh"], 1e6) for part in WIRES}
    return {part: np.zeros(0) if values is None else values for part, values in found.items()}


def bound_in(reader: RunReader, market: str, start_s: int) -> list[dict[str, Any]]:
    """What bound in one market's interval, the head first: element, kind, shadow price [USD/h], rent [USD/h].

    The head's shadow price is per kW, so it has one in USD/kWh instead.
    """
    head = reader.row(
        "SELECT c.element, c.limit_kw, MAX(p.congestion_usd_per_kwh) congestion_usd_per_kwh, "
        f"SUM(c.rent_usd_per_h) rent_usd_per_h FROM {_HEAD} AND c.market = ? AND c.interval_start = ?",
        market,
        start_s,
    )
    rows = [{**head, "kind": _side(head["limit_kw"])}] if head["element"] is not None else []
    return rows + reader.rows(
        "SELECT element, kind, shadow_usd_per_h, rent_usd_per_h FROM constraints "
        "WHERE market = ? AND interval_start = ? ORDER BY ABS(rent_usd_per_h) DESC, element",
        market,
        start_s,
    )


def bound_ever(reader: RunReader) -> list[dict[str, Any]]:
    """What bound in the markets that deliver: element, kind, hours, rent [USD]; the highest rent first."""
    return reader.rows(
        "SELECT element, kind, SUM(hours) hours, COUNT(*) intervals, SUM(usd) rent_usd FROM ("
        "SELECT c.element, CASE WHEN c.limit_kw < 0 THEN 'export' ELSE 'import' END kind, "
        "r.interval_s / 3600.0 hours, SUM(c.rent_usd_per_h) * r.interval_s / 3600 usd "
        f"FROM {_HEAD} GROUP BY c.market, c.interval_start UNION ALL "
        "SELECT c.element, c.kind, r.interval_s / 3600.0, SUM(c.rent_usd_per_h) * r.interval_s / 3600 "
        "FROM constraints c JOIN readings r USING (market, interval_start) "
        "GROUP BY c.market, c.interval_start, c.element, c.kind) "
        "GROUP BY element, kind ORDER BY ABS(rent_usd) DESC, hours DESC, element, kind"
    )


def _side(limit_kw: float | None) -> str:
    return "export" if limit_kw is not None and limit_kw < 0 else "import"


# The head binds where it has a shadow price; `clearings` also names the element behind it that binds most.
_HEAD = (
    "clearings c JOIN prices p USING (market, tariff, interval_start) "
    "JOIN readings r USING (market, interval_start) WHERE p.congestion_usd_per_kwh != 0 "
    "AND c.limit_kw IS NOT NULL"
)
