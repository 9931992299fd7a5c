"""The asset register of a run: what bound most often, and what its rent would pay for."""

from __future__ import annotations

import json
from typing import Any

from dso.operators.assets import Asset, annuity_usd, payback_years, per_year
from dso.run_file import RunReader

BOUND = """
SELECT element, COUNT(*) intervals, SUM(interval_s) / 3600.0 hours FROM (
  SELECT DISTINCT b.element, r.market, r.interval_start, r.interval_s FROM readings r JOIN (
    SELECT market, interval_start, element FROM constraints
    UNION SELECT market, interval_start, element FROM clearings WHERE element IS NOT NULL
  ) b ON b.market = r.market AND b.interval_start = r.interval_start
) GROUP BY element
"""


def assets_of(reader: RunReader, *, years: float, rate_frac: float) -> dict[str, Any]:
    """Every asset that is registered or bound, the one with the most rent first.

    Parameters
    ----------
    reader : of a run; only intervals that were delivered count.
    years, rate_frac : over which, and at which interest, a cost is spread.
    """
    register = _register(reader)
    bound = {row["element"]: row for row in reader.rows(BOUND)}
    rent = _rent_usd(reader)
    span = reader.row("SELECT SUM(interval_s) / 3600.0 h, MIN(interval_start) begin FROM readings")
    if not span.get("h"):
        return {"study_h": 0.0, "years": years, "rate_frac": rate_frac, "assets": []}
    year = int(reader.row("SELECT strftime('%Y', ?, 'unixepoch') y", span["begin"])["y"])
    rows = []
    for element in sorted({*register, *bound, *rent}):
        asset = register.get(element, Asset(element))
        times = bound.get(element, {"intervals": 0, "hours": 0.0})
        yearly = per_year(rent.get(element, 0.0), span["h"])
        rows.append(
            {**_figures(asset, yearly, years, rate_frac), **times, "age_years": asset.age_years(year)}
        )
    rows.sort(key=lambda r: (-r["rent_usd_per_year"], -r["hours"], r["element"]))
    return {"study_h": span["h"], "years": years, "rate_frac": rate_frac, "assets": rows}


def _figures(asset: Asset, rent: float, years: float, rate_frac: float) -> dict[str, Any]:
    cost = asset.cost_usd
    annuity = None if cost is None else annuity_usd(cost, years, rate_frac)
    return {
        "element": asset.element,
        "rating": asset.rating,
        "unit": asset.unit,
        "installed": asset.installed,
        "cost_usd": cost,
        "rent_usd_per_year": rent,
        "annuity_usd_per_year": annuity,
        "payback_years": None if cost is None else payback_years(cost, rent),
        "rent_pays": None if annuity is None else rent >= annuity,
    }


def _register(reader: RunReader) -> dict[str, Asset]:
    """What the scenario says of assets, and of upgrades what they cost, with the model's own ratings."""
    network = json.loads(reader.facts.get("resolved", "{}")).get("network", {})
    rated = {r["element"]: r for r in reader.rows("SELECT element, rating, unit FROM elements")}
    costs = {u["element"]: u["cost_usd"] for u in network.get("upgrades", ()) if u["cost_usd"]}
    given = {a["element"]: a for a in network.get("assets", ())}
    found = {}
    for element in {*costs, *given}:
        own, model = given.get(element, {}), rated.get(element, {})
        kva = own.get("rating_kva")
        rating, unit = (kva, "kVA") if kva is not None else (model.get("rating"), model.get("unit"))
        cost = own.get("cost_usd")
        cost = costs.get(element) if cost is None else cost
        found[element] = Asset(element, rating, unit, own.get("installed"), cost)
    return found


def _rent_usd(reader: RunReader) -> dict[str, float]:
    """The congestion rent of each element in the study [USD]."""
    rows = reader.rows(
        "SELECT substr(account, 6) element, -SUM(amount_uusd) / 1e6 usd FROM ledger "
        "WHERE account LIKE 'rent:%' GROUP BY account"
    )
    return {row["element"]: row["usd"] for row in rows}
