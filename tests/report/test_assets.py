"""What bound most often and what its rent would pay for, from a run; and how reliable supply was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dso.report.assets import assets_of
from dso.report.reliability import reliability_lines, reliability_of
from dso.run_file import RunReader, RunWriter
from tests.engine.small import REAL_TIME, Plant, Wires, build
from tests.engine.wires_study import failure, study

ASSETS = {
    "assets": [{"element": "substation", "rating_kva": 5.0, "installed": 1998, "cost_usd": 10_000}],
    "upgrades": [{"element": "line.far", "cost_usd": 500.0}],
}


def recorded(engine, path: Path, network: dict) -> RunReader:
    writer = RunWriter(path)
    writer.attach(engine)
    writer.begin(engine, {"resolved": json.dumps({"network": network}), "name": "small", "seed": "1"})
    engine.run()
    writer.finish()
    return RunReader(path)


def test_rent_is_held_against_what_a_new_asset_costs_a_year(tmp_path: Path) -> None:
    """6 kW are wanted at 0.10, 5 pass: a device that wants 2·(1 − p/0.2) kW gets 0.5 at 0.15, so μ = 0.05.

    μ · 5 kW · 1 h are 0.25 USD, 2,191.50 a year; 10,000 USD are 750.09 a year, paid back in 4.56.
    """
    wires = Wires(import_limit_kw=5.0)
    engine = build(hours=1, series={"rt": REAL_TIME}, wires=wires, plant=Plant(wires, 0.0))
    with recorded(engine, tmp_path / "run.dso", ASSETS) as reader:
        found = assets_of(reader, years=40, rate_frac=0.07)
    head, line = found["assets"]
    assert (head["element"], head["intervals"], head["hours"]) == ("substation", 12, pytest.approx(1.0))
    assert head["rent_usd_per_year"] == pytest.approx(2191.5, rel=1e-4)
    assert head["annuity_usd_per_year"] == pytest.approx(750.09, abs=0.01)
    assert head["payback_years"] == pytest.approx(10_000 / 2191.5, rel=1e-4)
    assert (head["rent_pays"], head["age_years"], head["rating"]) == (True, 18, 5.0)
    assert (line["element"], line["hours"], line["rent_pays"], line["payback_years"]) == (
        "line.far",
        0.0,
        False,
        None,
    )


def test_the_page_tells_the_indices(tmp_path: Path) -> None:
    """Four customers dark for 15 min, once."""
    with recorded(study(failure("substation", 1500)), tmp_path / "run.dso", {}) as reader:
        found = reliability_of(reader)
    assert reliability_lines(found) == ["1 unplanned: SAIDI 15.00 min, SAIFI 1.000, CAIDI 15.0 min"]
    assert found is not None
    (row,) = found["outages"]
    assert (row["outage"], row["customers"], row["customer_minutes"]) == ("substation fails", 4, 60.0)


def test_a_run_without_outages_has_nothing_to_tell(tmp_path: Path) -> None:
    with recorded(study(), tmp_path / "run.dso", {}) as reader:
        assert reliability_of(reader) is None
    assert reliability_lines(None) == []
