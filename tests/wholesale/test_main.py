"""`python -m dso.wholesale`: the market by itself."""

from __future__ import annotations

import json

import pytest

import dso.wholesale
from dso.wholesale.__main__ import main


def test_json_has_a_row_an_hour_with_all_buses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", "2016-08-10T16:00-05:00", "--hours", "2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["start"] for row in rows] == ["2016-08-10T21:00Z", "2016-08-10T22:00Z"]
    assert set(rows[0]["price_usd_per_mwh"]) == set("12345678")
    assert rows[0]["full_lines"] == ["5-7"]
    assert rows[0]["load_mw"]["1"] == 20966.21  # the source's row "8/10/2016 17:00"


def test_a_date_begins_at_central_midnight(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", "2016-01-10", "--hours", "1"]) == 0
    assert "01-10 00:00" in capsys.readouterr().out


@pytest.mark.parametrize("start", ["2015-08-10", "yesterday"])
def test_a_wrong_time_is_one_line_and_exit_code_2(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", start]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_step_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--step", "0"]) == 2
    assert "step" in capsys.readouterr().err


def test_the_package_names_what_it_offers() -> None:
    for name in dso.wholesale.__all__:
        assert getattr(dso.wholesale, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Ercot'"):
        _ = dso.wholesale.Ercot
