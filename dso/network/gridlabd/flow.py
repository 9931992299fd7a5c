"""Currents, voltages and losses of a feeder from what GridLAB-D says of it."""

from __future__ import annotations

import numpy as np

from dso.messages import FloatArray
from dso.network.gridlabd.model import GlmModel, Values
from dso.network.gridlabd.ratings import Watched, rated_amps
from dso.network.gridlabd.wires import SUBSTATION, GlmWires


class GlmFigures:
    """The figures of a whole feeder; those of dead elements are 0, of dead nodes NaN.

    Parameters
    ----------
    wires : the feeder.
    watched : the voltages that are watched.
    substation_kva : rating of the substation [kVA].
    """

    def __init__(self, wires: GlmWires, watched: list[Watched], substation_kva: float) -> None:
        self.wires, self.watched = wires, watched
        self.elements = (SUBSTATION, *wires.links)
        self._place = {name: i for i, name in enumerate(self.elements)}
        self.rated = np.array([1e3 * substation_kva, *(rated_amps(wires, o) for o in wires.links.values())])
        self._nominal = np.array([w.nominal_v for w in watched])

    def fractions(self, rating_frac: tuple[tuple[str, float], ...]) -> FloatArray:
        """What is left of each element's rating, (elements,) [1]."""
        left = np.ones(len(self.elements))
        for name, part in rating_frac:
            left[self._place[name]] = part
        return left

    def head_va(self, model: GlmModel, values: Values) -> Values:
        """Power into the feeder, a load at the head itself left out, (…,) [VA]."""
        total = np.zeros(values.shape[:-1], np.complex128)
        head = self.wires.root(self.wires.swing)
        for name in model.links:
            start, end = self.wires.ends(self.wires.links[name])
            if start == head:
                total = total + values[..., model.index[name, "power_in"]]
            elif end == head:
                total = total - values[..., model.index[name, "power_out"]]
        return total

    def loading_pu(self, model: GlmModel, values: Values) -> FloatArray:
        """Of the rating as built: amps on the worst phase of a link, kVA of the substation, (…, elements)."""
        loaded = np.zeros((*values.shape[:-1], len(self.elements)))
        loaded[..., 0] = np.abs(self.head_va(model, values))
        places = [self._place[name] for name in model.links]
        amps = [[model.index[name, f"current_in_{p}"] for p in "ABC"] for name in model.links]
        if places:
            loaded[..., places] = np.abs(values[..., np.array(amps)]).max(axis=-1)
        return np.asarray(loaded / self.rated)

    def voltage_pu(self, model: GlmModel, values: Values) -> FloatArray:
        """Of the nominal voltage, (…, nodes)."""
        volts = np.full((*values.shape[:-1], len(self.watched)), np.nan)
        live = [self.watched[i] for i in model.nodes]
        volts[..., model.nodes] = np.abs(values[..., [model.index[w.node, w.key] for w in live]])
        return np.asarray(volts / self._nominal)
