"""A stranger's tariff: made from a template, tried against what every tariff must keep."""

import json
from pathlib import Path

import pytest


def test_the_template_is_short_and_keeps_every_rule(dso):
    assert dso("init", "own", "--tariff", "night_rate").code == 0
    lines = Path("own/night_rate.py").read_text().splitlines()
    assert len(lines) <= 30
    answer = dso("check-tariff", "own/night_rate.py", "--json")
    assert answer.code == 0
    page = json.loads(answer.out)
    assert page["ok"]
    assert len(page["rules"]) == 9


@pytest.mark.parametrize("name", ["auction", "flat"])
def test_tariffs_of_the_package_keep_every_rule(dso, name):
    options = ("--option", "rate_usd_per_kwh=0.1") if name == "flat" else ()
    assert dso("check-tariff", name, *options).code == 0


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("return -price", "a higher wholesale price never makes retail cheaper"),
        ("return price[:1]", "prices are finite, one for each interval"),
        ("return price / 0.0 * 0.0", "prices are finite, one for each interval"),
        ("raise ValueError('no price today')", "no step of a study fails"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero|invalid value:RuntimeWarning")
def test_a_broken_rule_is_named(dso, line, rule):
    dso("init", ".", "--tariff", "odd")
    text = Path("odd.py").read_text()
    Path("odd.py").write_text(text.replace("return np.minimum(price, self.cap_usd_per_kwh)", line))
    answer = dso("check-tariff", "odd.py", "--json")
    assert answer.code == 2
    assert rule in [r["rule"] for r in json.loads(answer.out)["rules"] if not r["kept"]]


def test_demand_must_mean_the_same_over_both_prices(dso):
    dso("init", ".", "--tariff", "odd")
    text = (
        Path("odd.py").read_text()
        + "\n\ndef _same(self, demand):\n    return demand.to_wholesale(2.0, 0.0)\n"
    )
    Path("odd.py").write_text(text + "\n\nOddTariff.wholesale_curve = _same\n")
    page = json.loads(dso("check-tariff", "odd.py", "--json").out)
    broken = [r["rule"] for r in page["rules"] if not r["kept"]]
    assert broken == ["demand over the wholesale price is demand over what customers then pay"]


def test_what_cannot_be_loaded_is_one_line(dso):
    Path("two.py").write_text("class A: ...\nclass B: ...\n")
    answer = dso("check-tariff", "two.py")
    assert answer.code == 2
    assert answer.err == "dso: two.py must hold one class, or name it: two.py:CLASS; there is A, B\n"
    lacking = dso("check-tariff", "two.py:A")
    assert lacking.code == 2
    assert lacking.err.count("\n") == 1
    assert "lacks" in lacking.err or "cannot be made" in lacking.err


def test_an_option_needs_a_value(dso):
    assert dso("check-tariff", "auction", "--option", "scaling").code == 2


def test_a_tariff_that_is_there_is_not_overwritten(dso):
    dso("init", ".", "--tariff", "odd")
    answer = dso("init", ".", "--tariff", "odd")
    assert answer.code == 2
    assert "is there already" in answer.err
