"""The shared retail clearing cases through the functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dso.market import Book, PolynomialCurve, awards, clear

FILE = Path(__file__).parents[1] / "data" / "cases" / "retail_clearing.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_shared_case_clears_at_its_exact_answer(case: dict[str, Any]) -> None:
    given, exact = case["inputs"], case["exact"]
    book = Book.from_rows(given["bids_QP"])
    price = given["retail_supply_price"]
    if given["mode"] == "chain":
        limit = given["Q_max_kW"]
        price = PolynomialCurve((0.02, 0.0, 0.08 / limit**2), 0.0, limit).scaled(1.25, 0.04)
    found = clear(
        book,
        import_price=price,
        import_limit_kw=given["Q_max_kW"],
        price_cap_usd_per_kwh=given["retail_price_cap"],
    )
    assert found.price_usd_per_kwh == pytest.approx(exact["price"], rel=1e-12)
    assert exact["q_min"] - 1e-9 <= found.quantity_kw <= exact["q_max"] + 1e-9
    assert found.curtailed_kw == pytest.approx(exact.get("curtailed_kw", 0.0))
    assert awards(book, found).sum() == pytest.approx(found.quantity_kw, rel=1e-9)
    assert found.rent_usd_per_h == pytest.approx(found.congestion_usd_per_kwh * found.import_kw)


def test_the_rent_of_a_binding_limit_is_the_mark_up_over_the_delivered_price() -> None:
    case = next(c for c in CASES if c["name"].startswith("09"))
    book = Book.from_rows(case["inputs"]["bids_QP"])
    found = clear(book, import_price=0.09, import_limit_kw=950)
    assert found.rent_usd_per_h == pytest.approx((0.11098331106261278 - 0.09) * 950)
