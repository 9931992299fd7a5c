"""Prices beside PYPOWER's DC optimal power flow, an independent solver, on its own cases."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from dso.errors import InputError
from dso.wholesale.iso.dispatch import dispatch
from dso.wholesale.iso.matpower import from_matpower
from dso.wholesale.iso.qp import How

pypower = pytest.importorskip("pypower.api", reason="PYPOWER is not installed: pip install pypower")

TO_PRICE, LIMIT, PRICE, POWER = 1e-4, 5, 13, 1


def _case(name: str, limits: float = 1.0, load: float = 1.0) -> dict[str, Any]:
    case: dict[str, Any] = getattr(importlib.import_module(f"pypower.{name}"), name)()
    case["branch"][:, LIMIT] *= limits
    case["bus"][:, 2] *= load
    return case


@pytest.mark.parametrize("way", ["qp", "tangents"])
@pytest.mark.parametrize(
    ("name", "limits", "load"),
    [
        ("case9", 1.0, 1.0),
        ("case14", 1.0, 1.0),
        ("case30", 1.0, 1.0),
        # Squeezed, so that lines are full and prices differ: 26.7 to 29.5, 30.9 to 42.8, 3.65 to 7.18.
        ("case9", 0.6, 1.2),
        ("case14", 0.008, 1.0),
        ("case30", 0.75, 1.0),
    ],
)
def test_prices_agree_to_a_hundredth_of_a_cent(name: str, limits: float, load: float, way: How) -> None:
    case = _case(name, limits, load)
    oracle = pypower.rundcopf(_case(name, limits, load), pypower.ppoption(VERBOSE=0, OUT_ALL=0))
    assert oracle["success"]
    system, load_mw = from_matpower(case)
    found = dispatch(system, load_mw, system.grid.units.min_mw, system.grid.units.max_mw, way=way)
    assert found.price_usd_per_mwh == pytest.approx(oracle["bus"][:, PRICE], abs=TO_PRICE)
    assert found.generation_mw == pytest.approx(oracle["gen"][:, POWER], abs=1e-3)
    split = oracle["bus"][:, PRICE].max() - oracle["bus"][:, PRICE].min()
    assert (split > 1.0) == (limits != 1.0)  # the squeezed cases do test congestion


def test_units_and_lines_out_of_service_are_left_out() -> None:
    case = _case("case9")
    case["gen"][1, 7] = 0
    case["branch"][2, 10] = 0
    system, _ = from_matpower(case)
    assert system.grid.units.number.size == 2
    assert system.grid.lines.limit_mw.size == 8


def test_what_the_power_flow_cannot_know_is_refused_all_at_once() -> None:
    case = _case("case9")
    case["gencost"][0, 0] = 1
    case["branch"][0, 9] = 30.0
    with pytest.raises(InputError) as refused:
        from_matpower(case)
    assert [problem.where for problem in refused.value.problems] == ["gencost", "branch"]


def test_a_cost_of_two_coefficients_is_a_line() -> None:
    case = _case("case9")
    case["gencost"][0, 3:7] = (2, 12.0, 100.0, 0.0)
    units = from_matpower(case)[0].grid.units
    assert (units.square_usd_per_mw2h[0], units.linear_usd_per_mwh[0]) == (0.0, 12.0)
    assert np.isclose(units.square_usd_per_mw2h[1], 0.085)
