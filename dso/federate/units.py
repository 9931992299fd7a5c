"""Units at the border: what others call them, and what one of them is in ours."""

from __future__ import annotations

# unit -> (what it measures, its size in our unit)
UNITS: dict[str, tuple[str, float]] = {
    "W": ("power", 0.001),
    "VA": ("power", 0.001),
    "kW": ("power", 1.0),
    "MW": ("power", 1000.0),
    "MVA": ("power", 1000.0),
    "Wh": ("energy", 0.001),
    "kWh": ("energy", 1.0),
    "MWh": ("energy", 1000.0),
    "USD/kWh": ("price", 1.0),
    "$/kWh": ("price", 1.0),
    "USD/MWh": ("price", 0.001),
    "$/MWh": ("price", 0.001),
    "degC": ("temperature", 1.0),
    "": ("number", 1.0),
}
OURS = {"power": "kW", "energy": "kWh", "price": "USD/kWh", "temperature": "degC", "number": "no unit"}


def size_of(unit: str) -> float:
    """What one of a unit is in ours: kW, kWh, USD/kWh."""
    return UNITS[unit][1]


def measures(unit: str) -> str:
    """What a unit measures: power, energy, price, number."""
    return UNITS[unit][0]


def units_of(kind: str) -> list[str]:
    """The units that measure something; a setting is in those that devices understand."""
    kinds = ("power", "temperature") if kind == "setting" else (kind,)
    return [unit for unit, (what, _) in UNITS.items() if what in kinds and unit]
