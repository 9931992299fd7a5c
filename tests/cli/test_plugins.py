"""Tariffs from outside the package: a file beside the scenario, or an entry point."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import write
from tests.scenario.examples import small

# A stranger's flat rate, written from the ports alone.
NIGHT = '''
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NightTariff:
    """So much a kWh; nobody bids."""

    name: str
    rate_usd_per_kwh: float = 0.1
    mechanism: str = "estimate"
    takes_positions: bool = False

    def market_operator(self):
        return None

    def load_serving(self):
        return self

    def retail_usd_per_kwh(self, wholesale, congestion):
        return np.full_like(wholesale, self.rate_usd_per_kwh)

    def wholesale_curve(self, demand):
        return demand

    def position_usd(self, energy_kwh, price_usd_per_kwh):
        return np.zeros_like(energy_kwh)

    def delivery_usd(self, meter_kwh, position_kwh, price_usd_per_kwh):
        return meter_kwh * price_usd_per_kwh

    def network_usd_per_kwh(self):
        return 0.04

    def fixed_usd_per_month(self):
        return 0.0
'''


def study(plugin: str, **options: object) -> Path:
    own = {"name": "own", "kind": "custom", "share": 0.5, "plugin": plugin, "options": options}
    flat = {"name": "standard", "kind": "flat", "share": 0.5, "rate_usd_per_kwh": 0.1}
    return write(Path("study.yaml"), small(tariffs=[flat, own]))


def told(dso, path: Path) -> str:
    """The one line that both `check` and `run` say of a tariff that cannot be used."""
    answers = {dso(command, path)[::2] for command in ("check", "run")}
    ((code, err),) = answers
    assert code == 2
    assert err.count("\n") == 1
    assert not Path("runs").exists()
    return err.removeprefix("dso: study.yaml:").partition(": ")[2].rstrip()


def test_a_tariff_in_a_file_beside_the_scenario_runs(dso):
    Path("night.py").write_text(NIGHT)
    answer = dso("run", study("night.py:NightTariff", rate_usd_per_kwh=0.2), "--json")
    assert answer.code == 0
    assert answer.err == ""
    page = json.loads(answer.out)
    own = next(bill for bill in page["bills"] if bill["tariff"] == "own")
    assert own["average_usd_per_kwh"] == pytest.approx(0.2, rel=1e-6)
    assert page["audit"]["money_uusd"] == 0


def test_an_installed_tariff_runs_and_its_customers_bid(dso):
    answer = dso("run", study("auction", scaling=1.0, distribution_usd_per_kwh=0.05), "--json")
    assert answer.code == 0
    page = json.loads(answer.out)
    prices = [row["lowest_usd_per_kwh"] for row in page["prices"] if row["tariff"] == "own"]
    assert prices == pytest.approx([0.09, 0.09])  # 1.0 · 0.04 + 0.05, day-ahead and in real time
    bill = next(bill for bill in page["bills"] if bill["tariff"] == "own")
    assert bill["energy_kwh"] > 0


def test_a_name_that_is_not_installed(dso):
    assert told(dso, study("nightly")) == (
        "there is no tariff 'nightly' installed; there is auction, flat, or name a file: path.py:ClassName"
    )


def test_no_such_class(dso):
    Path("night.py").write_text(NIGHT)
    assert told(dso, study("night.py:Night")) == "night.py has no class 'Night'; there is NightTariff"


def test_no_such_file(dso):
    assert told(dso, study("nights.py:NightTariff")) == "there is no file nights.py beside the scenario"


def test_a_folder_is_no_file(dso):
    Path("night.py").mkdir()
    assert told(dso, study("night.py:NightTariff")) == "must be a file, night.py is none"


def test_a_file_that_cannot_be_imported(dso):
    Path("night.py").write_text("import nothing_of_that_name\n")
    assert told(dso, study("night.py:NightTariff")) == (
        "night.py cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'"
    )
    Path("night.py").write_text("class NightTariff\n")
    assert told(dso, study("night.py:NightTariff")).startswith("night.py cannot be imported: SyntaxError:")


def test_a_class_that_will_not_be_made(dso):
    Path("night.py").write_text(NIGHT)
    assert told(dso, study("night.py:NightTariff", rate=3)) == (
        "night.py:NightTariff cannot be made: TypeError: NightTariff.__init__() got an unexpected keyword "
        "argument 'rate'"
    )
    Path("night.py").write_text(
        "class NightTariff:\n    def __init__(self, name):\n        raise ValueError('a\\nb')\n"
    )
    assert told(dso, study("night.py:NightTariff")) == (
        "night.py:NightTariff cannot be made: ValueError: a b"
    )


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("def delivery_usd", "def deliver", "load_serving() of night.py:NightTariff lacks delivery_usd()"),
        ("def load_serving", "def serve", "night.py:NightTariff lacks load_serving(); see dso.ports.Tariff"),
        ("takes_positions: bool = False", "", "load_serving() of night.py:NightTariff lacks takes_positions"),
        (
            '"estimate"',
            '"barter"',
            "night.py:NightTariff has mechanism 'barter'; "
            "there is auction, capacity, consensus, estimate, voltage",
        ),
        (
            '"estimate"',
            '"capacity"',
            "market_operator() of night.py:NightTariff lacks aggregate(), award(), sell()",
        ),
        (
            "return None",
            "return object()",
            "market_operator() of night.py:NightTariff lacks aggregate(), award()",
        ),
        (
            "return self\n",
            "raise RuntimeError('no')\n",
            "night.py:NightTariff cannot say who serves or clears: RuntimeError: no",
        ),
        ("    name: str\n", "    name: int = 3\n", "night.py:NightTariff calls itself"),
    ],
)
def test_a_tariff_that_lacks_something(dso, before, after, line):
    code = NIGHT.replace(before, after)
    if "calls itself" in line:
        code = NIGHT.replace("    name: str\n", "    name: str\n\n    def __post_init__(self):\n"
                             "        object.__setattr__(self, 'name', 'other')\n\n")  # fmt: skip
    Path("night.py").write_text(code)
    assert told(dso, study("night.py:NightTariff")).startswith(line)


def test_charges_of_a_custom_tariff_are_its_own(dso):
    path = study("flat", rate_usd_per_kwh=0.1)
    text = path.read_text().replace("plugin: flat", "plugin: flat\n  fixed_usd_per_month: 10")
    path.write_text(text)
    assert "fixed_usd_per_month" in (line := dso("check", path).err)
    assert "is not known here" in line
