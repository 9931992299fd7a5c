"""Service points: which homes hang on which rated transformer, at which bus and phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dso.messages import FloatArray, IntArray

STANDARD_KVA = (10.0, 15.0, 25.0, 37.5, 50.0, 75.0, 100.0, 167.0)  # single-phase, IEEE Std C57.12.20
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """One service transformer with its secondary, and the homes behind it.

    Parameters
    ----------
    name : unique, e.g. `48.1-2`: bus, phase or phases, number of the transformer there.
    bus : the primary bus.
    phases : (1,) line to neutral, (1, 2) between two lines.
    kv : voltage across its primary [kV].
    rated_kva : of the transformer [kVA].
    homes : how many hang on it.
    kvar_per_kw : reactive over active power of its homes [1].
    secondary_m : length of its secondary [m].
    peak_kw : design peak of its homes together [kW]; None: that of as many mean homes.
    """

    name: str
    bus: str
    phases: tuple[int, ...]
    kv: float
    rated_kva: float
    homes: int
    kvar_per_kw: float = 0.3
    secondary_m: float = 30.0
    peak_kw: float | None = None


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """The load that a feeder was published with at one bus, between a line and neutral or between two lines.

    Parameters
    ----------
    bus : name of the bus.
    phases : (1,) line to neutral, (1, 2) between two lines.
    kv : voltage across it [kV].
    kw, kvar : what it draws at nominal voltage.
    """

    bus: str
    phases: tuple[int, ...]
    kv: float
    kw: float
    kvar: float

    @property
    def name(self) -> str:
        """Bus and phases, such as `48.1` or `65.3.1`."""
        return ".".join((self.bus, *map(str, self.phases)))


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """How homes share transformers: docs/data-feeders.md.

    Parameters
    ----------
    peak_kw : design peak of a home among many [kW].
    homes_most : how many hang on one transformer at most.
    margin : rating over design peak, for the few homes of one transformer peak more closely together [1].
    secondary_m : length of each home's drop [m].
    """

    peak_kw: float = 5.0
    homes_most: int = 6
    margin: float = 1.25
    secondary_m: float = 30.0


DEFAULT_RULE = ServiceRule()


def services_for(
    loads: Sequence[NodeLoad], homes: int, rule: ServiceRule = DEFAULT_RULE
) -> tuple[ServicePoint, ...]:
    """Service points for a number of homes, spread over a feeder as its published load is.

    Homes go to the loads in proportion to kW, by largest remainder, the earlier load first among equals.
    Those of one load share as few transformers as may be, evenly; each transformer is the smallest standard
    size that carries `margin` times its homes' design peak. A home's power factor is its load's.

    Raises
    ------
    ValueError : fewer than one home, no load, or a transformer that no standard size carries.
    """
    drawing = [load for load in loads if load.kw > 0]
    if homes < 1 or not drawing:
        raise ValueError(f"there must be homes and loads to put them at, were {homes} and {len(drawing)}")
    shares = largest_remainder([load.kw for load in drawing], homes)
    return tuple(
        point for load, count in zip(drawing, shares, strict=True) for point in _points(load, count, rule)
    )


def largest_remainder(weights: Sequence[float], seats: int) -> list[int]:
    """Whole numbers in proportion to weights that add up to `seats`; ties go to the earlier one."""
    quotas = [seats * weight / math.fsum(weights) for weight in weights]
    given = [math.floor(quota + 1e-9) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda k: round(given[k] - quotas[k], 9))
    for k in by_remainder[: seats - sum(given)]:
        given[k] += 1
    return given


def homes_at(services: Sequence[ServicePoint]) -> IntArray:
    """The service point of each customer, (homes,) index into `services`.

    Neighbours in the list of customers are spread over the feeder, so that groups of them mix: customer k
    takes place k · stride (mod homes), the stride being the first number from 0.618 · homes on that has no
    divisor in common with it.
    """
    places = np.repeat(np.arange(len(services)), [point.homes for point in services])
    count = len(places)
    stride = next(s for s in range(math.ceil(GOLDEN * count), 2 * count + 2) if math.gcd(s, count) == 1)
    return np.asarray(places[np.arange(count) * stride % count], np.int64)


def services_at(
    loads: Sequence[NodeLoad], homes: Sequence[int], rule: ServiceRule = DEFAULT_RULE
) -> tuple[ServicePoint, ...]:
    """Service points for a given number of homes at each load; raises ValueError as `services_for` does."""
    return tuple(p for load, count in zip(loads, homes, strict=True) for p in _points(load, count, rule))


def fitted(
    services: Sequence[ServicePoint],
    point_of: IntArray,
    peak_kw: FloatArray,
    rule: ServiceRule = DEFAULT_RULE,
) -> tuple[ServicePoint, ...]:
    """The same points with transformers that were chosen for the customers who hang on them.

    Each is the smallest standard size that carries `margin` times the sum of its customers' peaks, but not
    smaller than the rule makes it.

    Parameters
    ----------
    services : as the rule makes them.
    point_of : (customers,) index of each customer's point.
    peak_kw : (customers,) design peak of each [kW].

    Raises
    ------
    ValueError : no standard size carries it.
    """
    peaks = np.bincount(point_of, peak_kw, len(services)).tolist()
    return tuple(_fitted(point, kw, rule) for point, kw in zip(services, peaks, strict=True))


def _fitted(point: ServicePoint, peak_kw: float, rule: ServiceRule) -> ServicePoint:
    needed = _standard_kva(rule.margin * peak_kw * math.hypot(1.0, point.kvar_per_kw))
    return replace(point, rated_kva=max(point.rated_kva, needed), peak_kw=peak_kw)


def _points(load: NodeLoad, homes: int, rule: ServiceRule) -> list[ServicePoint]:
    transformers = math.ceil(homes / rule.homes_most)
    kvar_per_kw = load.kvar / load.kw
    kva_per_home = rule.margin * rule.peak_kw * math.hypot(1.0, kvar_per_kw)
    return [
        ServicePoint(
            f"{load.name}-{number + 1}",
            load.bus,
            load.phases,
            load.kv,
            _standard_kva(count * kva_per_home),
            count,
            kvar_per_kw,
            rule.secondary_m,
        )
        for number, count in enumerate(_evenly(homes, transformers))
    ]


def _evenly(homes: int, transformers: int) -> list[int]:
    return [homes // transformers + (number < homes % transformers) for number in range(transformers)]


def _standard_kva(needed_kva: float) -> float:
    for size in STANDARD_KVA:
        if size >= needed_kva - 1e-9:
            return size
    raise ValueError(f"a transformer must be one of {STANDARD_KVA} kVA, but {needed_kva:.1f} kVA are needed")
