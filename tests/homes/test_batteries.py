"""Batteries of homes: what is refused, and draws that nobody else changes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from dso.homes.batteries import Batteries, draw_batteries

DRAWN = draw_batteries(4000, 1, 0.3)


def batteries(count: int = 1, **changed: Any) -> Batteries:
    """10 kWh, 5 kW in and 4 kW out, 90 % in and 80 % out, 2 kWh kept, 2 ct of wear and half on top."""
    given = {
        "customers": np.arange(count), "capacity_kwh": 10.0, "charge_kw": 5.0, "discharge_kw": 4.0,
        "charge_frac": 0.9, "discharge_frac": 0.8, "reserve_kwh": 2.0, "wear_usd_per_kwh": 0.02,
        "profit_margin_frac": 0.5, "slider": 0.5,
    }  # fmt: skip
    return Batteries(**{name: np.broadcast_to(value, (count,)) for name, value in (given | changed).items()})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity_kwh": -1.0}, "capacity_kwh must be above 0, was -1"),
        ({"reserve_kwh": 11.0}, "reserve_kwh must be at most capacity_kwh, was 11"),
        ({"reserve_kwh": -1.0}, "reserve_kwh must be 0 or more, was -1"),
        ({"charge_frac": 90.0}, "charge_frac must be a fraction above 0 and at most 1, was 90"),
        ({"discharge_frac": 0.0}, "discharge_frac must be a fraction above 0 and at most 1, was 0"),
        ({"discharge_kw": -4.0}, "discharge_kw must be 0 or more, was -4"),
        ({"slider": 1.5}, "slider must be 0 to 1, was 1.5"),
        ({"capacity_kwh": np.nan}, "capacity_kwh must be finite, was nan"),
    ],
)
def test_an_impossible_battery_is_named_with_its_row(wrong: dict[str, float], message: str) -> None:
    ((name, value),) = wrong.items()
    column = np.array([getattr(batteries(), name)[0], value])
    with pytest.raises(ValueError, match=f"^{message} \\(row 1\\)$"):
        batteries(2, **{name: column})


def test_columns_of_different_length_are_refused() -> None:
    fine = batteries(2)
    columns = {f.name: getattr(fine, f.name) for f in fields(fine)} | {"slider": np.ones(3)}
    with pytest.raises(ValueError, match=r"slider must be \(2,\), was \(3,\)"):
        Batteries(**columns)


def test_nameplates_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        DRAWN.capacity_kwh[0] = 1.0


def test_some_of_the_batteries_are_those_rows() -> None:
    some = DRAWN.take([3, 1])
    assert some.customers.tolist() == DRAWN.customers[[3, 1]].tolist()
    assert some.capacity_kwh.tolist() == DRAWN.capacity_kwh[[3, 1]].tolist()


def test_draws_are_ratings_of_models_sold() -> None:
    """Powerwall 2: 13.5 kWh, 5 kW, 90 % there and back."""
    powerwall = DRAWN.capacity_kwh == 13.5
    assert powerwall.mean() == pytest.approx(0.55, abs=0.05)
    assert np.unique(DRAWN.charge_kw[powerwall]).tolist() == [5.0]
    assert (DRAWN.charge_frac * DRAWN.discharge_frac)[powerwall] == pytest.approx(0.9)
    assert len(DRAWN) / 4000 == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(("count", "share"), [(4000, 0.6), (9000, 0.3)])
def test_what_one_has_does_not_depend_on_who_else_has_one(count: int, share: float) -> None:
    other = draw_batteries(count, 1, share)
    same = np.flatnonzero(np.isin(other.customers, DRAWN.customers))
    for f in fields(DRAWN):
        assert np.array_equal(getattr(other, f.name)[same], getattr(DRAWN, f.name))


def test_a_slider_may_be_the_same_for_all() -> None:
    assert set(draw_batteries(50, 1, 1.0, slider=0.25).slider.tolist()) == {0.25}


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"share must be 0 to 1, was 1\.5"):
        draw_batteries(10, 1, 1.5)


def test_nobody_may_have_one() -> None:
    assert len(draw_batteries(0, 1, 1.0)) == len(draw_batteries(10, 1, 0.0)) == 0
