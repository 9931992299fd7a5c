"""The one number of a rate that is free: found and set by its path in the rate's JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from dso.errors import InputError, Problem
from dso.rates import Rate, read_rate, write_rate

FIXED = "fixed"
FACTORS = {  # common factor -> the structures whose rate and adj it is of
    "energy": ("energyratestructure",),
    "demand": ("flatdemandstructure", "demandratestructure", "coincidentratestructure"),
}
FUEL = "fueladjustmentsmonthly"
CHARGES = (
    "fixedchargefirstmeter", "fixedmonthlycharge", "mincharge", "minmonthlycharge", "annualmincharge",
)  # fmt: skip
UNITS = {"fixedchargefirstmeter": "fixedchargeunits", "mincharge": "minchargeunits"}
_PRICE = re.compile(
    r"(energyratestructure|flatdemandstructure|demandratestructure|coincidentratestructure)"
    r"\[(\d+)\]\[(\d+)\]\.(rate|adj|sell)"
)
_FUEL = re.compile(FUEL + r"\[(\d+)\]")
FORMS = (
    "energyratestructure[0][0].rate (.adj, .sell, other structures, periods and tiers), "
    f"{FUEL}[0], {', '.join(CHARGES)}, {FIXED}, energy or demand (a factor on all their prices)"
)


@dataclass(frozen=True, slots=True)
class Free:
    """A number of a rate in which bills are linear, minimum charges aside.

    Parameters
    ----------
    rate : whose it is.
    path : in the rate's JSON; or `fixed`, `energy`, `demand`.
    value : what it is in the rate; 1 for a factor.
    """

    rate: Rate
    path: str
    value: float

    def at(self, value: float) -> Rate:
        """The rate with another value there."""
        given = write_rate(self.rate)
        if self.path in FACTORS:
            _scale(given, self.path, value)
        else:
            holder, key = _place(given, _named(given, self.path))
            holder[key] = value
            if key in UNITS:
                given[UNITS[key]] = given.get(UNITS[key]) or "$/month"
        return read_rate(given)


def free_of(rate: Rate, path: str) -> Free:
    """The number of a rate that stands at a path.

    Raises
    ------
    InputError : there is no such number, or bills are not linear in it.
    """
    given = write_rate(rate)
    if path in FACTORS:
        if not any(given.get(name) for name in FACTORS[path]):
            raise InputError([Problem(path, "is a factor on prices that the rate does not have")])
        return Free(rate, path, 1.0)
    holder, key = _place(given, _named(given, path))
    held = holder[key] if isinstance(holder, list) else holder.get(key)
    return Free(rate, path, float(held or 0.0))


def _named(given: dict[str, Any], path: str) -> str:
    """The field that holds the fixed charge; else the path as it is."""
    if path != FIXED:
        return path
    return "fixedmonthlycharge" if given.get("fixedmonthlycharge") is not None else CHARGES[0]


def _place(given: dict[str, Any], path: str) -> tuple[Any, Any]:
    """What holds the number, and under which key or index."""
    price, fuel = _PRICE.fullmatch(path), _FUEL.fullmatch(path)
    if path in CHARGES:
        return given, path
    if fuel is not None and int(fuel[1]) < len(given.get(FUEL) or ()):
        return given[FUEL], int(fuel[1])
    if price is None and fuel is None:
        raise InputError([Problem(path, f"is no price or charge of a rate; may be {FORMS}")])
    if price is not None:
        name, p, k, key = price[1], int(price[2]), int(price[3]), price[4]
        structure = given.get(name) or []
        sold = key != "sell" or name == "energyratestructure"
        if sold and p < len(structure) and k < len(structure[p]):
            return structure[p][k], key
    raise InputError([Problem(path, "is not in the rate; count periods, tiers and months from 0")])


def _scale(given: dict[str, Any], what: str, factor: float) -> None:
    for name in FACTORS[what]:
        for tier in (tier for tiers in given.get(name) or () for tier in tiers):
            tier.update({key: tier[key] * factor for key in ("rate", "adj") if tier.get(key) is not None})
    if what == "energy" and given.get(FUEL):
        given[FUEL] = [value * factor for value in given[FUEL]]
