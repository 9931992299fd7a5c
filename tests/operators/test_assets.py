"""What assets cost a year, worked out by hand."""

from __future__ import annotations

import pytest

from dso.operators.assets import Asset, annuity_usd, payback_years, per_year


def test_a_cost_is_spread_over_the_years_of_a_life() -> None:
    """0.07 / (1 − 1.07^−40) = 0.0750091 (any table of annuities)."""
    assert annuity_usd(100_000, 40, 0.07) == pytest.approx(7500.91, abs=0.01)
    assert annuity_usd(100_000, 40, 0.0) == 2500.0


def test_rent_of_a_study_is_that_of_as_many_hours_of_a_year() -> None:
    assert per_year(2.0, 24.0) == pytest.approx(2.0 * 365.25)


def test_what_has_no_rent_is_never_paid_back() -> None:
    assert payback_years(1000, 250) == 4.0
    assert payback_years(1000, 0.0) is None
    assert payback_years(1000, -5.0) is None


def test_an_age_is_counted_from_the_year_of_installation() -> None:
    assert Asset("line", installed=1998).age_years(2016) == 18
    assert Asset("line").age_years(2016) is None
