"""Values of a rate file: each reader gives what it reads, or None and one problem more."""

from __future__ import annotations

import json
import sys
from typing import Any

from dso.errors import Problem
from dso.rates.rate import ENERGY_UNITS, DemandStructure, DemandTier, EnergyStructure, EnergyTier, Schedule

Problems = list[Problem]


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def number(value: Any, where: str, problems: Problems) -> float | None:
    """A finite number."""
    if is_number(value):
        return value  # type: ignore[no-any-return]
    problems.append(Problem(where, f"must be a number, was {shown(value)}"))
    return None


def not_negative(value: Any, where: str, problems: Problems) -> float | None:
    """A number of at least 0."""
    found = number(value, where, problems)
    if found is not None and found < 0:
        problems.append(Problem(where, f"must not be negative, was {shown(value)}"))
        return None
    return found


def truth(value: Any, where: str, problems: Problems) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    problems.append(Problem(where, f"must be true or false, was {shown(value)}"))
    return None


def text(value: Any, where: str, problems: Problems) -> str | None:
    """A text."""
    if isinstance(value, str):
        return value
    problems.append(Problem(where, f"must be a text, was {shown(value)}"))
    return None


def one_of(words: tuple[str, ...], value: Any, where: str, problems: Problems) -> str | None:
    """One of some words."""
    if isinstance(value, str) and value in words:
        return value
    problems.append(Problem(where, f"must be one of {', '.join(words)}; was {shown(value)}"))
    return None


def items(value: Any, count: int, what: str, where: str, problems: Problems) -> list[Any] | None:
    """A list of so many items."""
    if isinstance(value, list) and len(value) == count:
        return value
    was = f"{len(value)} long" if isinstance(value, list) else shown(value)
    problems.append(Problem(where, f"must be a list of {count} {what}, was {was}"))
    return None


def monthly(value: Any, where: str, problems: Problems) -> tuple[float, ...] | None:
    """Twelve numbers."""
    rows = items(value, 12, "numbers, one a month", where, problems)
    found = [number(row, f"{where}[{m}]", problems) for m, row in enumerate(rows or [])]
    return None if rows is None or None in found else tuple(x for x in found if x is not None)


def fraction(value: Any, where: str, problems: Problems) -> float | None:
    """A number between 0 and 1."""
    found = not_negative(value, where, problems)
    if found is not None and found > 1:
        problems.append(Problem(where, f"must be a fraction from 0 to 1 (0.8 for 80 %), was {shown(value)}"))
        return None
    return found


def monthly_fractions(value: Any, where: str, problems: Problems) -> tuple[float, ...] | None:
    """Twelve numbers between 0 and 1."""
    rows = items(value, 12, "fractions, one a month", where, problems)
    found = [fraction(row, f"{where}[{m}]", problems) for m, row in enumerate(rows or [])]
    return None if rows is None or None in found else tuple(x for x in found if x is not None)


def monthly_truths(value: Any, where: str, problems: Problems) -> tuple[bool | int, ...] | None:
    """Twelve times true or false, or 1 or 0, as they were."""
    rows = items(value, 12, "truth values, one a month", where, problems)
    bad = [m for m, row in enumerate(rows or []) if row not in (0, 1) or not isinstance(row, int)]
    for m in bad:
        problems.append(
            Problem(f"{where}[{m}]", f"must be 1 or 0, true or false, was {shown((rows or [])[m])}")
        )
    return None if rows is None or bad else tuple(rows)


def period(value: Any, where: str, problems: Problems) -> int | None:
    """The number of a period."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    problems.append(Problem(where, f"must be the number of a period, 0 or more, was {shown(value)}"))
    return None


def periods(value: Any, count: int, what: str, where: str, problems: Problems) -> tuple[int, ...] | None:
    """So many numbers of periods."""
    rows = items(value, count, what, where, problems)
    found = [period(row, f"{where}[{k}]", problems) for k, row in enumerate(rows or [])]
    return None if rows is None or None in found else tuple(p for p in found if p is not None)


def months_of_periods(value: Any, where: str, problems: Problems) -> tuple[int, ...] | None:
    """A period for each month."""
    return periods(value, 12, "periods, one a month", where, problems)


def schedule(value: Any, where: str, problems: Problems) -> Schedule | None:
    """A period for each hour of a day, for each month."""
    rows = items(value, 12, "months of 24 hours", where, problems)
    found = [
        periods(row, 24, "periods, one an hour", f"{where}[{m}]", problems)
        for m, row in enumerate(rows or [])
    ]
    return None if rows is None or None in found else tuple(row for row in found if row is not None)


def _tiers(value: Any, known: tuple[str, ...], where: str, problems: Problems) -> list[dict[str, Any]] | None:
    """The tiers of a period as objects with known fields and a rate."""
    if not isinstance(value, list) or not value:
        problems.append(Problem(where, "is a period without a rate: it needs at least one tier with a rate"))
        return None
    before = len(problems)
    for k, tier in enumerate(value):
        at = f"{where}[{k}]"
        if not isinstance(tier, dict):
            problems.append(Problem(at, f"must be an object with a rate, was {shown(tier)}"))
            continue
        for key in sorted(tier.keys() - set(known)):
            problems.append(Problem(f"{at}.{key}", f"is not known; a tier has {', '.join(known)}"))
        if tier.get("rate") is None:
            problems.append(Problem(at, "is a tier without a rate"))
        for key in ("rate", "max", "adj", "sell"):
            if key in tier and key in known and (key != "rate" or tier[key] is not None):
                number(tier[key], f"{at}.{key}", problems)
    return None if len(problems) > before else value


def energy_structure(value: Any, where: str, problems: Problems) -> EnergyStructure | None:
    """Periods of tiers of energy."""
    if not isinstance(value, list):
        problems.append(Problem(where, f"must be a list of periods, was {shown(value)}"))
        return None
    before, found = len(problems), []
    for p, row in enumerate(value):
        tiers = _tiers(row, ("max", "unit", "rate", "adj", "sell"), f"{where}[{p}]", problems)
        for k, tier in enumerate(tiers or []):
            unit, units = tier.get("unit", "kWh"), {u.lower() for u in ENERGY_UNITS}
            if not isinstance(unit, str) or unit.lower() not in units:
                at = f"{where}[{p}][{k}].unit"
                problems.append(Problem(at, f"must be one of {', '.join(ENERGY_UNITS)}; was {shown(unit)}"))
        found.append(tuple(EnergyTier(**tier) for tier in tiers or []))
    return None if len(problems) > before else tuple(found)


def demand_structure(value: Any, where: str, problems: Problems) -> DemandStructure | None:
    """Periods of tiers of demand."""
    if not isinstance(value, list):
        problems.append(Problem(where, f"must be a list of periods, was {shown(value)}"))
        return None
    before, found = len(problems), []
    for p, row in enumerate(value):
        tiers = _tiers(row, ("max", "unit", "rate", "adj"), f"{where}[{p}]", problems)
        for k, tier in enumerate(tiers or []):
            if tier.get("unit", "kW") != "kW":
                at = f"{where}[{p}][{k}].unit"
                problems.append(Problem(at, f"must be kW, was {shown(tier['unit'])}"))
        found.append(tuple(DemandTier(**tier) for tier in tiers or []))
    return None if len(problems) > before else tuple(found)
