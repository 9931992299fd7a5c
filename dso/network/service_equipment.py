"""Service transformers, drops and homes as OpenDSS elements, behind the service points of a feeder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from dso.network.services import ServicePoint

SECONDARY_KV = 0.24  # across both legs of a 120/240 V service
HOME_VOLTAGES_PU = (0.5, 1.5)  # between these a home draws the power asked for, whatever its voltage

# Service transformer, both halves of its secondary loaded alike, in % of its rating: docs/data-feeders.md.
TRANSFORMER_R_PCT = 1.2
TRANSFORMER_X_PCT = 1.7
NO_LOAD_LOSS_PCT = 0.2
MAGNETISING_PCT = 0.5

# A home's drop, 1/0 AA triplex, out on one leg and back on the other.
DROP_R_OHM_PER_KM = 1.205
DROP_X_OHM_PER_KM = 0.208
DROP_A = 205.0


def dss_name(name: str) -> str:
    """A name that OpenDSS takes: dots, blanks and brackets are signs there, capitals are small letters."""
    return re.sub(r"[^a-z0-9_-]", "_", name.lower())


def service_dss(services: Sequence[ServicePoint], kw_per_home: float = 0.0) -> list[str]:
    """OpenDSS commands that hang homes on a compiled feeder; its own loads stay as they are.

    A point called p becomes transformer `svc_p` with its rating, line `sec_p` (every home has its own drop of
    the point's length; alike, they are one line) and load `home_p`, all of the point's homes, on bus
    `home_p`. The load is a constant power, the same on both legs.

    Parameters
    ----------
    services : the points.
    kw_per_home : load of each home to begin with [kW].

    Raises
    ------
    ValueError : two points have the same name in OpenDSS.
    """
    counted = Counter(dss_name(point.name) for point in services)
    doubled = [name for name, count in counted.items() if count > 1]
    if doubled:
        raise ValueError(f"service points must have different names in OpenDSS too, were twice: {doubled}")
    added = [line for point in services for line in _elements(point, kw_per_home)]
    return [*added, "MakeBusList", *(line for point in services for line in _voltage_bases(point))]


def _elements(point: ServicePoint, kw_per_home: float) -> tuple[str, str, str]:
    name = dss_name(point.name)
    primary = ".".join((point.bus, *map(str, point.phases)))
    connection = "wye" if len(point.phases) == 1 else "delta"
    kva, homes, kw = point.rated_kva, point.homes, point.homes * kw_per_home
    lowest_pu, highest_pu = HOME_VOLTAGES_PU
    return (
        f"New Transformer.svc_{name} phases=1 windings=2 buses=[{primary} svc_{name}.1]"
        f" conns=[{connection} wye] kvs=[{point.kv:g} {SECONDARY_KV:g}] kvas=[{kva:g} {kva:g}]"
        f" %Rs=[{TRANSFORMER_R_PCT / 2:g} {TRANSFORMER_R_PCT / 2:g}] xhl={TRANSFORMER_X_PCT:g}"
        f" %noloadloss={NO_LOAD_LOSS_PCT:g} %imag={MAGNETISING_PCT:g}"
        f" normhkva={kva:g} emerghkva={1.5 * kva:g}",
        f"New Line.sec_{name} phases=1 bus1=svc_{name}.1 bus2=home_{name}.1"
        f" rmatrix=[{DROP_R_OHM_PER_KM / homes:.9g}] xmatrix=[{DROP_X_OHM_PER_KM / homes:.9g}] cmatrix=[0]"
        f" units=km length={point.secondary_m / 1000:.9g} normamps={homes * DROP_A:g}"
        f" emergamps={homes * DROP_A:g}",
        f"New Load.home_{name} phases=1 bus1=home_{name}.1 kv={SECONDARY_KV:g} model=1"
        f" vminpu={lowest_pu:g} vmaxpu={highest_pu:g} kw={kw:.9g} kvar={kw * point.kvar_per_kw:.9g}",
    )


def _voltage_bases(point: ServicePoint) -> tuple[str, str]:
    name = dss_name(point.name)
    return (
        f"SetkVBase bus=svc_{name} kvln={SECONDARY_KV:g}",
        f"SetkVBase bus=home_{name} kvln={SECONDARY_KV:g}",
    )
