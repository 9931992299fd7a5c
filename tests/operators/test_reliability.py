"""Interruptions and indices, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dso.operators.equipment import Case
from dso.operators.reliability import Indices, Interruption, homes_at, interruptions

HOMES = homes_at(np.array([0, 0, 0, 1, 1]), 2)  # three before the line, two behind it


def lit(equipment):
    head = "substation" not in equipment.out
    return np.array([head, head and "line" not in equipment.out])


def out(name: str, element: str, since_min: int, until_min: int | None, cause="failure") -> Case:
    until_s = None if until_min is None else until_min * 60
    return Case(name, element, cause, since_min * 60, until_s)


def found(*cases: Case, start_min: int = 0, end_min: int = 1440) -> dict[str, tuple[int, float]]:
    rows = interruptions(cases, lit, HOMES, start_min * 60, end_min * 60)
    return {name: (r.customers, r.customer_minutes) for name, r in rows.items()}


def test_an_outage_interrupts_who_is_behind_it_for_as_long_as_it_lasts() -> None:
    assert found(out("a", "line", 10, 40), out("b", "substation", 100, 160)) == {
        "a": (2, 60.0),
        "b": (5, 300.0),
    }


def test_who_is_dark_already_is_not_interrupted_again() -> None:
    """Two dark from 0 to 30 by their line; from 20 to 50 the head is out: three more, two from 30 on."""
    assert found(out("a", "line", 0, 30), out("b", "substation", 20, 50)) == {
        "a": (2, 60.0),
        "b": (3, 3 * 30 + 2 * 20.0),
    }


def test_minutes_outside_the_study_do_not_count() -> None:
    assert found(out("a", "line", 0, None), start_min=30, end_min=60) == {"a": (2, 60.0)}


def test_a_change_of_rating_interrupts_nobody() -> None:
    assert found(Case("a", "line", "upgrade", 0, rating_frac=1.5)) == {}


def test_the_indices() -> None:
    """120 + 300 customer-minutes and 2 + 5 interruptions of 100 customers: 4.2 min, 0.07, 60 min."""
    indices = Indices.of([Interruption(2, 120.0), Interruption(5, 300.0)], 100)
    assert (indices.saidi_min, indices.saifi, indices.caidi_min) == pytest.approx((4.2, 0.07, 60.0))
    assert Indices.of([], 100) == Indices(0.0, 0.0, None)
