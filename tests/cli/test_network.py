"""dso network: what it says of the feeder in an interval is what the run file holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.report.feeder_run import feeder_run


@pytest.fixture(scope="module")
def feeder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return feeder_run(tmp_path_factory.mktemp("feeder"))


def test_without_a_time_it_shows_the_interval_of_the_highest_load(dso: Command, feeder: Path) -> None:
    told = dso("network", feeder)
    assert told.code == 0
    assert told.out.startswith("2016-08-10 13:15-05:00 to 2016-08-10 13:30-05:00 · rt-2016-08-10T18:15Z\n")
    assert "77.0 kW and 12.5 kvar" in told.out
    assert "1.5 kW, 2.00% of the head" in told.out
    assert re.search(r"Bound +nothing", told.out)


def test_a_local_time_and_one_with_a_zone_find_the_interval_that_covers_them(
    dso: Command, feeder: Path
) -> None:
    local, zoned = (dso("network", feeder, "--at", t) for t in ("2016-08-10T14:07", "2016-08-10T19:14:59Z"))
    assert local == zoned
    assert local.out.startswith("2016-08-10 14:00-05:00 to 2016-08-10 14:15-05:00")


def test_the_lowest_voltage_has_its_node_and_distance(dso: Command, feeder: Path) -> None:
    out = " ".join(dso("network", feeder, "--at", "2016-08-10T14:00").out.split())
    assert "lowest 0.9480 p.u. at home_end_1-1.1 (at the service, 2.03 km out)" in out
    assert "highest 1.0200 p.u. at head.1 (on the primaries, 0.00 km out)" in out


def test_elements_stand_in_the_order_of_their_loading(dso: Command, feeder: Path) -> None:
    out = dso("network", feeder, "--at", "2016-08-10T14:00").out
    assert re.search(
        r"l2 +108\.0% +50\.0 A +over its rating\nl1 +40\.0% .*\nsubstation +20\.0% +500\.0 kVA", out
    )


def test_what_bound_has_its_shadow_price_and_rent(dso: Command, feeder: Path) -> None:
    out = dso("network", feeder, "--at", "2016-08-10T14:00").out
    assert re.search(r"l2 +ampacity +1\.5000 USD/h per p\.u\. +0\.7500\nhome_end_1-1\.1 +voltage", out)


def test_the_dearest_point_has_its_price_in_parts_that_add_up(dso: Command, feeder: Path) -> None:
    facts = json.loads(dso("network", feeder, "--at", "2016-08-10T14:00", "--json").out)
    first, last = facts["prices"]["dearest"]
    assert (first["point"], last["point"]) == ("end.1-1", "mid.2-1")
    parts = [first[f"{part}_usd_per_kwh"] for part in ("losses", "congestion", "voltage")]
    assert parts == pytest.approx([0.002, 0.03, 0.004])
    assert first["usd_per_kwh"] == pytest.approx(first["energy_usd_per_kwh"] + sum(parts))
    assert facts["prices"]["tariff"] == "live"


def test_the_profile_draws_phases_as_letters_and_the_ends_of_range_a(dso: Command, feeder: Path) -> None:
    rows = dict(
        re.findall(r"^ *(\d\.\d{4}) │(.*)$", dso("network", feeder, "--at", "2016-08-10T14:00").out, re.M)
    )
    assert rows["1.0500"] == "╌" * 66
    assert rows["1.0200"][0] == "a"
    assert rows["0.9700"].rstrip()[-1] == "a"
    assert rows["0.9500"][-1] == "·"
    assert "b" in rows["1.0150"]


def test_a_time_outside_the_run_is_told_what_the_run_covers(dso: Command, feeder: Path) -> None:
    told = dso("network", feeder, "--at", "2017-01-01")
    assert told.code == 2
    assert "the run covers 2016-08-10 12:00-05:00 to 2016-08-10 16:00-05:00" in told.err


def test_what_is_no_time_is_told_how_one_looks(dso: Command, feeder: Path) -> None:
    told = dso("network", feeder, "--at", "noon")
    assert told.code == 2
    assert told.err.startswith("dso: --at: must be a date or time, such as")


def test_a_run_without_a_feeder_is_told_how_to_get_one(dso: Command, finished: Path) -> None:
    told = dso("network", finished)
    assert (told.code, told.out) == (2, "")
    assert told.err.count("\n") == 1
    assert "its network is static: give the scenario one" in told.err


def test_a_run_that_keeps_no_arrays_says_so_and_tells_the_rest(dso: Command, tmp_path: Path) -> None:
    out = dso("network", feeder_run(tmp_path, detailed=False), "--at", "2016-08-10T14:00").out
    assert "lowest 0.9480 p.u.; highest 1.0200 p.u." in out
    assert "records: summary" in out
    assert "highest 108.0%" in out
    assert "│" not in out
