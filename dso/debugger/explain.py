"""Why a market came out as it did: who set its price, whom it refused, what bound, what it came to."""

from __future__ import annotations

import json
from typing import Any

from dso.debugger.cycle import check_market
from dso.run_file import RunReader

PRICED = ("reprice", "reprice_limited", "fall_back_on_price", "default_service")  # handlers that set a price
LIMITING = ("limits violated", "limits", "infeasible", "static limits")  # what a DO says when wires bind
MARGIN = ("customer", "low_usd_per_kwh", "high_usd_per_kwh", "power_kw")

Facts = dict[str, Any]


def market_facts(reader: RunReader, market: str) -> Facts:
    """Everything that explains one market, as plain data with units in the names; money is the ledger's.

    Raises
    ------
    InputError : the run has no such market.
    """
    check_market(reader, market)
    series = series_of(reader).get(market.partition("-")[0], {})
    facts: Facts = {
        "market": market,
        "series": series.get("name", market.partition("-")[0]),
        "refines": series.get("refines"),
        "physical": series.get("physical"),
        **_course(reader, market),
        "prices": [clearing_of(row) for row in reader.rows(_PRICES, market)],
        "limits": _said(reader, market, LIMITING),
        "rejections": reader.rows(_REJECTIONS, market, market),
        "degradations": reader.rows(_DEGRADATIONS, market),
        "ledger": reader.rows(_LEDGER, market),
        "readings": reader.row(_READINGS, market),
    }
    facts["deviation"] = _deviation(reader, facts)
    return facts


def series_of(reader: RunReader) -> dict[str, Facts]:
    """The series of a run's scenario, by name; empty for a run that was made without one."""
    resolved = json.loads(reader.facts.get("resolved", "{}"))
    return {s["name"]: s for s in resolved.get("series", [])}


def clearing_of(row: Facts) -> Facts:
    """A row of prices and clearings with its marginal bids by name."""
    margin = json.loads(row["margin"] or "[]")
    points = json.loads(row["points_uusd_per_kwh"] or "[]")
    span = [min(points) / 1e6, max(points) / 1e6] if points else None
    named = [dict(zip(MARGIN, bid, strict=True)) for bid in margin]
    return {**row, "points_uusd_per_kwh": points or None, "points_usd_per_kwh": span, "margin": named}


_PRICES = """
SELECT p.tariff, p.interval_start, p.interval_s, p.wholesale_usd_per_kwh, p.congestion_usd_per_kwh,
  p.retail_usd_per_kwh, p.points_uusd_per_kwh, p.load_kw, p.head_kw, c.set_by, c.unlimited_usd_per_kwh,
  c.limit_kw, c.element,
  c.rent_usd_per_h, c.curtailed_kw, c.bids, c.margin_bids, c.margin_kw_per_usd_per_kwh,
  c.price_low_usd_per_kwh, c.price_high_usd_per_kwh, c.margin
FROM prices p LEFT JOIN clearings c USING (market, tariff, interval_start)
WHERE p.market = ? ORDER BY p.interval_start, p.tariff"""
_REJECTIONS = """
SELECT j.time_s, r.sender, r.customer, r.reason FROM rejections r JOIN journal j USING (seq)
WHERE r.market = ? OR r.market LIKE ? || '/%' ORDER BY r.seq, r.rowid"""
_DEGRADATIONS = """
SELECT time_s, machine, reason FROM degradations WHERE machine = ?1 OR machine LIKE ?1 || '/%'
  OR machine = 'dso' AND time_s BETWEEN (SELECT MIN(time_s) FROM journal WHERE machine = ?1)
  AND (SELECT MAX(time_s) FROM journal WHERE machine = ?1) ORDER BY rowid"""
_LEDGER = (
    "SELECT kind, account, SUM(amount_uusd) amount_uusd, SUM(energy_kwh) energy_kwh, COUNT(*) postings "
    "FROM ledger WHERE market = ? GROUP BY kind, account ORDER BY MIN(rowid)"
)
_READINGS = (
    "SELECT COUNT(*) intervals, SUM(head_kwh) head_kwh, SUM(meter_kwh) meter_kwh, "
    "SUM(losses_kwh) losses_kwh, SUM(unaccounted_kwh) unaccounted_kwh, "
    "MAX(estimated_values) estimated_values FROM readings WHERE market = ?"
)


def _course(reader: RunReader, market: str) -> Facts:
    """Where the market is, and when, and in which states its price was set."""
    steps = reader.rows(
        "SELECT seq, time_s, destination, handler, summary, error FROM journal "
        "WHERE machine = ? AND rejected IS NULL ORDER BY seq",
        market,
    )
    priced = [s for s in steps if s["handler"] in PRICED]
    expected: Facts = next((json.loads(s["summary"] or "{}") for s in steps if s["handler"] == "prepare"), {})
    over = reader.row("SELECT * FROM markets WHERE market = ?", market)
    return {
        "state": steps[-1]["destination"],
        "ended": over.get("ended"),
        "rounds": sum(s["handler"] == "open_round" for s in steps),
        "price_assumed": bool(over.get("price_assumed")),
        "expected_usd_per_kwh": expected.get("expected_usd_per_kwh"),
        "priced_in": [{"time_s": s["time_s"], "state": s["destination"]} for s in priced],
        "errors": [{"time_s": s["time_s"], "error": s["error"]} for s in steps if s["error"]],
        "results": _said(reader, market, ("result", "refused")),
    }


def _said(reader: RunReader, market: str, kinds: tuple[str, ...]) -> list[Facts]:
    marks = ", ".join("?" * len(kinds))
    return reader.rows(
        "SELECT time_s, state, kind, text FROM exchanges "
        f"WHERE market = ? AND kind IN ({marks}) ORDER BY rowid",
        market,
        *kinds,
    )


def _deviation(reader: RunReader, facts: Facts) -> Facts | None:
    """Day-ahead beside real time, at the head of the feeder: of a delivery, or of a position."""
    if facts["readings"]["intervals"]:
        bought = _wholesale(facts["ledger"])
        position_kwh = facts["readings"]["head_kwh"] - bought["energy_kwh"]
        return {"position_kwh": position_kwh, "position": _covering(reader, facts), **bought}
    refining = [s["name"] for s in series_of(reader).values() if s.get("refines") == facts["series"]]
    if not refining or not facts["prices"]:
        return None
    first, last = facts["prices"][0], facts["prices"][-1]
    marks = " OR ".join("market LIKE ? || '-%'" for _ in refining)
    later = reader.row(
        "SELECT -SUM(energy_kwh) energy_kwh, -SUM(amount_uusd) amount_uusd, COUNT(DISTINCT market) markets "
        "FROM ledger WHERE account = 'wholesale' AND interval_start >= ? AND interval_start < ? "
        f"AND ({marks})",
        first["interval_start"],
        last["interval_start"] + last["interval_s"],
        *refining,
    )
    return {"position_kwh": _wholesale(facts["ledger"])["energy_kwh"], **later} if later["markets"] else None


def _wholesale(ledger: list[Facts]) -> Facts:
    """What was bought from the wholesale market, from its own account."""
    own = [row for row in ledger if row["account"] == "wholesale"]
    return {
        "energy_kwh": -sum(row["energy_kwh"] for row in own),
        "amount_uusd": -sum(row["amount_uusd"] for row in own),
    }


def _covering(reader: RunReader, facts: Facts) -> Facts | None:
    """Day-ahead market and prices that the first interval of a delivery refines."""
    if not facts["refines"] or not facts["prices"]:
        return None
    start = facts["prices"][0]["interval_start"]
    rows = reader.rows(
        "SELECT market, tariff, wholesale_usd_per_kwh, retail_usd_per_kwh FROM prices "
        "WHERE market >= ? || '-' AND market < ? || '.' AND interval_start <= ? "
        "AND interval_start + interval_s > ? ORDER BY tariff",
        *[facts["refines"]] * 2,
        *[start] * 2,
    )
    if not rows:
        return None
    retail = {row["tariff"]: row["retail_usd_per_kwh"] for row in rows}
    return {
        "market": rows[0]["market"],
        "wholesale_usd_per_kwh": rows[0]["wholesale_usd_per_kwh"],
        "retail_usd_per_kwh": retail,
    }
