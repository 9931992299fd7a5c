"""Kinds of devices by name: one file each; a new kind is one more file and one more entry."""

from collections.abc import Mapping

from dso.registry.kinds.around import around_of
from dso.registry.kinds.batteries import BATTERY
from dso.registry.kinds.elastic import ELASTIC
from dso.registry.kinds.houses import HVAC
from dso.registry.kinds.making import KindParts
from dso.registry.kinds.roofs import PV
from dso.registry.kinds.tanks import WATER_HEATER
from dso.registry.kinds.vehicles import EV

KINDS: Mapping[str, KindParts] = {
    "hvac": HVAC,
    "water_heater": WATER_HEATER,
    "ev": EV,
    "battery": BATTERY,
    "pv": PV,
    "elastic": ELASTIC,
}

__all__ = ["KINDS", "around_of"]
