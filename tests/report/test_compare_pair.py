"""Which runs can be compared, and over what."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml

from dso.clock import HOUR_S, parse_time
from dso.errors import InputError
from dso.report.compare import compare_of, notes_of, pair_of, tariff_prices
from dso.run_file import RunReader
from dso.study import run
from tests.report.compare_pair import hand_made, plain
from tests.scenario.examples import small

NOON = parse_time("2016-08-10T12:00-05:00")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return hand_made(tmp_path_factory.mktemp("pair"))


def told(run_path: Path, base_path: Path) -> list[str]:
    """What is said against a pair."""
    with RunReader(run_path) as ours, RunReader(base_path) as theirs, pytest.raises(InputError) as refused:
        pair_of(ours, theirs)
    return [str(problem) for problem in refused.value.problems]


def test_two_runs_that_both_have_a_market_or_both_have_none_are_refused(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    with_market, without = paths
    again = {path: Path(shutil.copy(path, tmp_path / f"again-{path.name}")) for path in paths}
    assert told(with_market, again[with_market])[0].startswith(
        f"{again[with_market]}: must be run with market none, has a market"
    )
    assert told(without, again[without])[0].startswith(
        f"{without}: must have a market, was run with market none"
    )


def test_a_base_case_that_is_given_first_is_told_the_order(paths: tuple[Path, Path]) -> None:
    with_market, without = paths
    assert told(without, with_market) == [
        f"{without}: is the base case (market none); give it second: dso compare {with_market} {without}"
    ]


def test_runs_of_different_studies_are_refused_with_what_differs(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    other = plain(tmp_path, "none", customers={"count": 12}, seed=4)
    seed, study = told(paths[0], other)
    assert seed == f"{other}: has seed 4, {paths[0]} has 3; run both with the same --seed"
    assert "differs from" in study
    assert "in what was studied: customers.count; make both from one file" in study


def test_a_scenario_that_says_market_none_itself_is_the_same_study(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    scenario, own = tmp_path / "base.yaml", tmp_path / "base.dso"
    scenario.write_text(yaml.safe_dump(small(market="none", name="alone")), encoding="utf-8")
    run(scenario, own)
    with RunReader(paths[0]) as with_market, RunReader(own) as without:
        assert len(pair_of(with_market, without).load.start_s) == 16


def test_of_runs_of_different_length_the_common_stretch_is_compared_and_it_is_said(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    plain(tmp_path, "none")
    short = tmp_path / "short.dso"
    run(tmp_path / "small.yaml", short, market="none", until_s=NOON + 2 * HOUR_S + 1500)
    with RunReader(paths[0]) as with_market, RunReader(short) as without:
        pair = pair_of(with_market, without)
        notes, figures = "\n".join(notes_of(pair)), compare_of(pair)
    assert figures["stretch"]["hours"] == 2.25
    assert (
        f"{paths[0]} goes on to 2016-08-10 16:00-05:00; compared is what both have, to 2016-08-10 14:15"
        in notes
    )
    assert (figures["bills"], figures["billed_periods"]) == ([], [])
    assert "no period is billed in both runs yet" in notes
    assert figures["money"] is None  # the day-ahead market is not over
    assert figures["system"]["energy_kwh"]["market"] == pytest.approx(40 + 60 + 60 / 4)


def test_ledgers_of_unfinished_runs_are_compared_as_far_as_both_have_settled(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    plain(tmp_path, "none")
    short = tmp_path / "short.dso"
    run(tmp_path / "small.yaml", short, market="none", until_s=NOON + 8 * HOUR_S)
    with RunReader(paths[0]) as with_market, RunReader(short) as without:
        assert not without.finished
        figures = compare_of(pair_of(with_market, without))
    assert any("to 2016-08-10 16:00-05:00, settled in both, without fixed" in n for n in figures["notes"])
    assert figures["money"]["wholesale"]["cost_usd"]["market"] == pytest.approx(8.5)


def test_a_study_in_which_nobody_can_take_part_says_so(tmp_path: Path) -> None:
    flat = [{"name": "standard", "kind": "flat", "share": 1.0, "rate_usd_per_kwh": 0.112}]
    ours, theirs = (plain(tmp_path, market, tariffs=flat) for market in ("tariffs", "none"))
    with RunReader(ours) as with_market, RunReader(theirs) as without:
        pair = pair_of(with_market, without)
        figures = compare_of(pair)
        assert "no device of any customer takes part in the market" in figures["notes"]
        assert [r["group"] for r in figures["bills"]] == ["others"]
        assert figures["system"]["energy_kwh"]["change"] == 0.0
        assert list(tariff_prices(with_market, pair)) == ["standard"]


def test_runs_without_an_interval_in_common_are_refused(paths: tuple[Path, Path], tmp_path: Path) -> None:
    plain(tmp_path, "none")
    early = tmp_path / "early.dso"
    run(tmp_path / "small.yaml", early, market="none", until_s=NOON - HOUR_S)
    assert told(paths[0], early) == [f"{early}: has no delivered interval in common with {paths[0]}"]


def test_a_run_that_kept_no_customers_meters_is_compared_without_them(
    paths: tuple[Path, Path], tmp_path: Path
) -> None:
    summary = Path(shutil.copy(paths[1], tmp_path / "summary.dso"))
    with sqlite3.connect(summary) as db:
        db.execute("UPDATE readings SET customers_milliwh = NULL")
    db.close()
    with RunReader(paths[0]) as with_market, RunReader(summary) as without:
        figures = compare_of(pair_of(with_market, without))
    assert figures["bills"][0]["energy_kwh"] is None
    assert any("records: summary" in note for note in figures["notes"])
