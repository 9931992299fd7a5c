"""How large a run will be, before it is run."""

from __future__ import annotations

from dso.scenario.model import Scenario
from dso.scenario.times import instant

# Bytes, measured on the demo and on ten times its customers (docs/performance.md says how).
BYTES_A_STEP = 260
BYTES_A_MARKET = 3_500
BYTES_A_CUSTOMER_INTERVAL = 34


def size_estimate(scenario: Scenario) -> dict[str, int | str]:
    """Markets, steps and bytes that a run of a scenario comes to, to within a factor of two."""
    span_s = instant(scenario.end, scenario) - instant(scenario.start, scenario)
    markets = steps = intervals = 0
    for series in scenario.series:
        count = span_s // (series.intervals * series.interval)
        markets += count
        steps += count * (18 + series.rounds * (6 + 7 * len(scenario.tariffs)))
        intervals += count * series.intervals
    size = steps * BYTES_A_STEP + markets * BYTES_A_MARKET
    if scenario.settings.records != "summary":
        size += intervals * scenario.customers.count * BYTES_A_CUSTOMER_INTERVAL
    return {
        "customers": scenario.customers.count,
        "markets": markets,
        "steps (about)": steps,
        "run file (about)": f"{size / 1e6:.0f} MB",
        "records": scenario.settings.records,
    }
