"""Rooftop PV: drawn, simulated, and represented."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np

from dso.agents.rooftop_pv import RooftopPv
from dso.errors import MissingExtraError
from dso.homes.roofs import Roofs, draw_roofs
from dso.messages import FloatArray, IntArray
from dso.plant.device import Devices as Physics
from dso.plant.roofs import RoofPlant
from dso.ports import Population
from dso.registry.device_files import from_table
from dso.registry.kinds.around import Around
from dso.registry.kinds.making import KindParts
from dso.scenario.devices import Pv


def _need_pvlib() -> None:
    if find_spec("pvlib") is None:
        raise MissingExtraError("weather", "rooftop PV")


def _roofs(given: Pv, around: Around, folder: Path) -> Roofs:
    _need_pvlib()

    def draw(share: float) -> Roofs:
        return draw_roofs(around.size, around.seed, share, curtailable_share=given.curtailable_share)

    return draw(given.share) if given.file is None else cast(Roofs, from_table(given.file, folder, draw(1.0)))


def _roof_plant(roofs: Roofs, given: Pv, around: Around) -> Physics:
    return RoofPlant(roofs, around.climate)


def _roof_agents(roofs: Roofs, number: IntArray, given: Pv, around: Around) -> list[Population]:
    return [RooftopPv(roofs, number, around.forecast)]


def _peak_kw(roofs: Roofs) -> FloatArray:
    return np.zeros(len(roofs.customers))


PV = KindParts(_roofs, _roof_plant, _roof_agents, _peak_kw)
