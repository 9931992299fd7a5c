"""The pictures of a run, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Iterator

from dso.report.charts_bound import what_bound
from dso.report.charts_loading import most_loaded
from dso.report.charts_prices import prices_by_distance
from dso.report.charts_time import load_and_prices, voltage_over_time
from dso.report.charts_voltage import voltage_profile
from dso.report.feeder import feeder_plan
from dso.report.figures import Chart
from dso.run_file import RunReader


def charts_of(reader: RunReader) -> Iterator[Chart]:
    """Those for which the run has data; without a feeder only what happens at its head."""
    yield from filter(None, [load_and_prices(reader), what_bound(reader)])
    plan = feeder_plan(reader)
    if plan is None:
        return
    yield from filter(
        None,
        [
            voltage_profile(reader, plan),
            voltage_over_time(reader),
            most_loaded(reader, plan),
            prices_by_distance(reader, plan),
        ],
    )
