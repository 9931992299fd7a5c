"""The rates that come along: read without a fault, written as they are, and billed as their sheets say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dso.errors import InputError
from dso.rates import bills, write_rate
from dso.rates.library import library_rate, rate_files
from tests.rates.examples import YEAR


@pytest.mark.parametrize("name", sorted(rate_files()))
def test_each_is_read_and_written_exactly(name: str) -> None:
    path = rate_files()[name]
    assert write_rate(library_rate(name)) == json.loads(path.read_text(encoding="utf-8"))
    assert library_rate(name).carried["label"] == name


@pytest.mark.parametrize("name", sorted(rate_files()))
def test_each_says_where_it_is_from_or_that_it_is_illustrative(name: str) -> None:
    source = library_rate(name).carried["source"]
    published = rate_files()[name].parent.name == "published"
    assert ("https://" in source or "http://" in source) is published
    assert name.startswith("illustrative") is not published


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(
        InputError, match="nowhere: is no rate of the package; there is anderson-residential, "
    ):
        library_rate("nowhere")


@pytest.mark.parametrize(
    ("name", "january_usd"),
    [
        # 1,000 kWh in January, 1.344 kW all the time, worked out from the sheets
        ("sioux-falls-residential", 7.61 + 0.134 * 1000),
        ("sioux-falls-large-commercial", 17.29 + 0.0443 * 1000 + 20.87 * 1000 / 744),
        ("palo-alto-e-1-2009", 0.09524 * 310 + 0.1302 * 310 + 0.17399 * 380),
        ("modern-electric-35", 12.70 + 0.05419 * 750 + 0.05887 * 250),
        ("anderson-residential", 9.86 + 0.102243 * 500 + 0.08309 * 500),
        ("randolph-residential-2023", 21.5 + 0.115 * 700 + 0.095 * 300),
        ("river-falls-time-of-day", 0.191 * 1000 * (23 * 12) / 744 + 0.066 * 1000 * (744 - 23 * 12) / 744),
        ("georgia-power-smart-usage", 0.015 * 1000 + 12.21 * 1000 / 744),
        ("hawaiian-electric-tou-oahu-2016", 1000 / 24 * (11 * 0.237 + 8 * 0.149 + 5 * 0.373)),
        ("st-charles-il-rate-5", 70.7 + 63 + 20.2 * 1000 / 744),
        ("wisconsin-rapids-rg-1", 9.5 + 97.9),
    ],
)
def test_a_bill_is_what_the_sheet_says(name: str, january_usd: float) -> None:
    found = bills(library_rate(name), np.full((1, 8760), 1000 / 744), YEAR)
    assert found.total_usd[0, 0] == pytest.approx(january_usd)
