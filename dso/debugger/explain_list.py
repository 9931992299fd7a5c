"""The markets of a run in a table, with marks that show where something happened."""

from __future__ import annotations

from typing import Any

from dso.run_file import RunReader

FLAGS = ("limit", "degraded", "rejected", "assumed", "error")


def market_rows(reader: RunReader) -> list[dict[str, Any]]:
    """One row a market, in the order of delivery: series, state, prices of tariffs with a market, flags."""
    rows = reader.rows(_ROWS)
    for row in rows:
        row["flags"] = [flag for flag in FLAGS if row[flag]]
    return rows


def having(rows: list[dict[str, Any]], series: str | None, flag: str | None) -> list[dict[str, Any]]:
    """The rows of a series, and with a flag, where these are asked for."""
    return [r for r in rows if series in (None, r["series"]) and (flag is None or r[flag])]


# Sub-queries over whole tables, each once: a look-up for each market would cost a scan each.
_ROWS = """
WITH spawned AS (
  SELECT machine AS market, MIN(seq) AS seq FROM journal WHERE event = 'spawn' GROUP BY machine),
latest AS (
  SELECT machine AS market, destination AS state, MAX(seq) AS seq FROM journal
  WHERE rejected IS NULL GROUP BY machine),
priced AS (
  SELECT p.market, MIN(p.interval_start) AS start, MIN(p.retail_usd_per_kwh) AS low,
    MAX(p.retail_usd_per_kwh) AS high, COUNT(c.limit_kw) AS bound, MAX(p.congestion_usd_per_kwh) AS mu
  FROM prices p LEFT JOIN clearings c USING (market, tariff, interval_start)
  WHERE c.bids IS NOT NULL OR NOT EXISTS (SELECT 1 FROM clearings WHERE bids IS NOT NULL)
  GROUP BY p.market),
worse AS (
  SELECT substr(machine, 1, instr(machine || '/', '/') - 1) AS market, COUNT(*) AS n
  FROM degradations GROUP BY 1),
refused AS (
  SELECT substr(market, 1, instr(market || '/', '/') - 1) AS market, COUNT(*) AS n
  FROM rejections GROUP BY 1),
broken AS (
  SELECT substr(machine, 1, instr(machine || '/', '/') - 1) AS market, COUNT(*) AS n
  FROM journal WHERE error IS NOT NULL GROUP BY 1)
SELECT s.market, COALESCE(m.series, substr(s.market, 1, instr(s.market, '-') - 1)) AS series,
  COALESCE(m.end_state, l.state) AS state, COALESCE(m.delivery_start, p.start) AS delivery_start,
  p.low AS lowest_usd_per_kwh, p.high AS highest_usd_per_kwh, p.mu AS congestion_usd_per_kwh,
  COALESCE(p.bound, 0) AS "limit", COALESCE(w.n, 0) AS degraded, COALESCE(r.n, 0) AS rejected,
  COALESCE(m.price_assumed, 0) AS assumed, COALESCE(b.n, 0) AS error
FROM spawned s JOIN latest l USING (market)
LEFT JOIN markets m USING (market) LEFT JOIN priced p USING (market)
LEFT JOIN worse w USING (market) LEFT JOIN refused r USING (market) LEFT JOIN broken b USING (market)
ORDER BY substr(s.market, instr(s.market, '-')), s.seq"""
