"""What a feeder's voltages need to come back into their band, and what reactive power does to them."""

from __future__ import annotations

import numpy as np

from dso.messages import Equipment, FloatArray
from dso.ports import ReactiveFeeder, VoltageNeeds

MOST_NODES = 40  # of each side, the worst first; what lies farther inside is not watched
MARGIN_PU = 2e-4  # so far inside is aimed, for the sensitivity is straight and the feeder is not


def voltage_needs(
    feeder: ReactiveFeeder, load_kw: FloatArray, equipment: Equipment, low: FloatArray, high: FloatArray
) -> VoltageNeeds | None:
    """The nodes nearest to their limits, with what they need; None while all are in their band.

    Parameters
    ----------
    feeder : that can say what reactive power does.
    load_kw, equipment : the state that is looked at, (points,) [kW]; raises as `Feeder.solve` does.
    low, high : (nodes,) the band of each node [p.u.].
    """
    volts = feeder.solve(load_kw, equipment).voltage_pu
    under, above = low - volts, volts - high
    if not ((under > 0).any() or (above > 0).any()):
        return None
    watched = np.union1d(_worst(under), _worst(above))
    inside = MARGIN_PU * np.ones(len(watched))
    shortfall = under[watched] + np.where(under[watched] > 0, inside, 0.0)
    room = -above[watched] - np.where(above[watched] > 0, inside, 0.0)
    names = tuple(feeder.nodes[k] for k in watched)
    return VoltageNeeds(names, shortfall, room, feeder.per_kvar(load_kw, equipment, watched))


def _worst(beyond: FloatArray) -> np.ndarray:
    alive = np.flatnonzero(np.isfinite(beyond))
    return alive[np.argsort(-beyond[alive], kind="stable")][:MOST_NODES].astype(np.int64)
