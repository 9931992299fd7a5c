"""A part of the fixed load that answers prices: drawn, simulated, and represented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dso.agents.responsive import ResponsiveLoad
from dso.clock import Interval
from dso.errors import InputError, Problem
from dso.messages import FloatArray, IntArray
from dso.plant.device import Devices as Physics
from dso.plant.elastic import ElasticPlant
from dso.ports import Population
from dso.registry.kinds.around import Around
from dso.registry.kinds.making import KindParts
from dso.scenario.devices import Elastic

OWNS = 172  # stream of random numbers
MOST_KW_PER_SIZE = 20.0  # rating: far above what a part of the fixed load can come to


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Whose fixed load answers prices in part."""

    customers: IntArray  # (n,)
    slider: FloatArray  # (n,)
    rating_kw: FloatArray  # (n,)

    def take(self, rows: IntArray) -> Parts:
        """Some of them."""
        return Parts(self.customers[rows], self.slider[rows], self.rating_kw[rows])


@dataclass(frozen=True, slots=True, eq=False)
class OwnForecast:
    """What agents expect of their own part: the truth, with the error of their customer's forecast."""

    parts: Parts
    devices: IntArray  # (n,) number of each
    load_frac: float
    around: Around

    def device_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """Expected power, (t, devices up to the last of ours) [kW]."""
        kw, own = np.zeros((len(intervals), int(self.devices.max()) + 1)), self.parts.customers
        for t, interval in enumerate(intervals):
            truth = self.load_frac * self.around.fixed_kw(interval)[own]
            kw[t, self.devices] = truth * self.around.error.factor(interval, known_at_s)[own]
        return kw

    def meter_kw(self, intervals: Sequence[Interval], known_at_s: int) -> FloatArray:
        """The same: these agents have no other meter."""
        return self.device_kw(intervals, known_at_s)


def _parts(given: Elastic, around: Around, folder: Path) -> Parts:
    if given.file is not None:
        raise InputError([Problem("", "file: elastic load has no nameplates; leave it out")])
    everybody = np.arange(len(around.size))
    own = everybody[around.drawn(OWNS, everybody) < given.share]
    return Parts(own, around.slider[own], MOST_KW_PER_SIZE * around.size[own])


def _plant(parts: Parts, given: Elastic, around: Around) -> Physics:
    def need_kw(interval: Interval) -> FloatArray:
        return np.asarray(given.load_frac * around.fixed_kw(interval)[parts.customers])

    return ElasticPlant(parts.customers, need_kw, parts.rating_kw)


def _agents(parts: Parts, number: IntArray, given: Elastic, around: Around) -> list[Population]:
    forecast = OwnForecast(parts, number, given.load_frac, around)
    rating = parts.rating_kw
    return [ResponsiveLoad("elastic", parts.customers, rating, forecast, parts.slider, devices=number)]


def _of_fixed_load(given: Elastic) -> float:
    return given.load_frac


def _peak_kw(parts: Parts) -> FloatArray:
    return np.zeros(len(parts.customers))  # in the fixed load already


ELASTIC = KindParts(_parts, _plant, _agents, _peak_kw, _of_fixed_load)
