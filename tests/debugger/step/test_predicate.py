"""Conditions are read, never run; what is not known makes no comparison true."""

from __future__ import annotations

import pytest

from dso.debugger.predicate import Predicate
from dso.errors import InputError

KNOWN = {"price": 0.35, "load_kw": 100.0, "limit_kw": None, "state": "delivery.metering", "round": 2}


def holds(text: str) -> bool:
    return Predicate(text, tuple(KNOWN)).holds(KNOWN.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "price > 0.30",
        "0.3 < price <= 0.35",
        "price * 2 + 0.1 > 0.7 and round == 2",
        "not price < 0.1",
        "state == 'delivery.metering' or price > 9",
        '"metering" in state',
        "-price < 0",
        "load_kw / 2 == 50",
        "limit_kw > 5 or price > 0.3",
        "not limit_kw > 5",
        "state not in 'elsewhere'",
        "round",
    ],
)
def test_what_is_true(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "price > 0.40",
        "limit_kw > 5",
        "limit_kw < 5",
        "limit_kw + 1 > 0",
        "price / 0 > 1",
        "state > 5",
        "'a' * 3 == 'aaa'",
        "price in 3",
    ],
)
def test_what_is_not(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "price.real > 0",
        "(lambda: 1)()",
        "[p for p in 'ab']",
        "price if round else 0",
        "2 ** 99999999 > price",
        "price is None",
        "f'{price}' == ''",
        "(price := 3) > 1",
        "state[0] == 'd'",
        "None",
        "b'x'",
        "1j",
        "price << 3",
        "*price",
        "price; round",
        "price >",
        "",
        "\0",
        "(" * 150,
        "x" * 500,
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Predicate(text, tuple(KNOWN))


def test_a_deep_condition_is_worked_out() -> None:
    assert holds("-" * 150 + "1")


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(InputError, match="knows no 'prize'; did you mean 'price'"):
        Predicate("prize > 1", tuple(KNOWN))
