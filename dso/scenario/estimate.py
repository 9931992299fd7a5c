"""How large a run will be, before it is run."""

from __future__ import annotations

from typing import Any

from dso.scenario.model import Scenario
from dso.scenario.times import instant, local_text, zone_of

# Bytes, measured on the demo and on ten times its customers (docs/performance.md says how).
BYTES_A_STEP = 260
BYTES_A_MARKET = 3_500
BYTES_A_CUSTOMER_INTERVAL = 34


def size_estimate(scenario: Scenario) -> dict[str, Any]:
    """Markets, steps and megabytes that a run of a scenario comes to, to within a factor of two."""
    start_s, end_s = instant(scenario.start, scenario), instant(scenario.end, scenario)
    markets = steps = intervals = 0
    for series in scenario.series:
        count = (end_s - start_s) // (series.intervals * series.interval)
        markets += count
        steps += count * (18 + series.rounds * (6 + 7 * len(scenario.tariffs)))
        intervals += count * series.intervals
    size = steps * BYTES_A_STEP + markets * BYTES_A_MARKET
    if scenario.settings.records != "summary":
        size += intervals * scenario.customers.count * BYTES_A_CUSTOMER_INTERVAL
    return {
        "name": scenario.name,
        "start": local_text(start_s, zone_of(scenario)),
        "end": local_text(end_s, zone_of(scenario)),
        "customers": scenario.customers.count,
        "tariffs": {tariff.name: tariff.kind for tariff in scenario.tariffs},
        "wholesale": scenario.wholesale.kind,
        "markets": markets,
        "steps_about": steps,
        "run_file_about_mb": round(size / 1e6, 1),
        "records": scenario.settings.records,
    }
