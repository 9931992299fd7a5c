"""Rooftop PV: modules, where they look, and inverters."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.homes.sun import ac_kw
from dso.messages import FloatArray, IntArray

SIZE, ROOF, WANT = 150, 151, 152  # streams of random numbers, one a purpose

TILT_CLASS_DEG, AZIMUTH_CLASS_DEG = 5.0, 15.0  # planes are worked out in classes of this width
MEDIAN_KW, SIZE_SPREAD, SIZE_LIMITS_KW = 7.0, 0.35, (2.0, 25.0)  # residential; see `draw_roofs`; round
SIZE_POWER = 0.5  # modules grow with the root of the load; round
TILT_DEG, TILT_SHARE = (15.0, 20.0, 25.0, 30.0), (0.15, 0.35, 0.35, 0.15)  # pitches of 3:12 to 7:12; round
AZIMUTH_DEG, AZIMUTH_SHARE = (90.0, 135.0, 180.0, 225.0, 270.0), (0.15, 0.12, 0.38, 0.13, 0.22)  # round
DC_PER_AC = 1.15  # modules over inverter; round
LOSSES_FRAC = 0.14  # PVWatts' default: dirt, shade, wires, mismatch, age

_ABOVE_ZERO = ("kw_dc", "inverter_kw")


@dataclass(frozen=True, slots=True, eq=False)
class Roofs:
    """PV on roofs, one plane each.

    Parameters
    ----------
    customers : (n,) index of the customer who owns each.
    kw_dc : (n,) rating of the modules [kW], above 0.
    tilt_deg : (n,) from horizontal [°], 0 to 90.
    azimuth_deg : (n,) that they face, clockwise from north [°], 0 to 360.
    inverter_kw : (n,) the most that it gives [kW], above 0.
    losses_frac : (n,) of direct power, before the inverter [1], 0 to below 1.
    curtailable : (n,) whether the inverter takes orders to give less.

    Raises
    ------
    ValueError : a value is out of its range; it names field, value and row.
    """

    customers: IntArray
    kw_dc: FloatArray
    tilt_deg: FloatArray
    azimuth_deg: FloatArray
    inverter_kw: FloatArray
    losses_frac: FloatArray
    curtailable: NDArray[np.bool_]

    def __post_init__(self) -> None:
        kinds: dict[str, type] = {"customers": np.int64, "curtailable": np.bool_}
        for f in fields(self):
            value: NDArray[Any] = np.array(getattr(self, f.name), kinds.get(f.name, np.float64))
            value.flags.writeable = False
            object.__setattr__(self, f.name, value)
            if value.shape != (len(self.customers),):
                raise ValueError(f"{f.name} must be ({len(self.customers)},), was {value.shape}")
            self._all(f.name, "finite", np.isfinite(value))
        for name in _ABOVE_ZERO:
            self._all(name, "above 0", getattr(self, name) > 0)
        self._all("tilt_deg", "0 to 90", (self.tilt_deg >= 0) & (self.tilt_deg <= 90))
        self._all("azimuth_deg", "0 to 360", (self.azimuth_deg >= 0) & (self.azimuth_deg <= 360))
        self._all("losses_frac", "0 to below 1", (self.losses_frac >= 0) & (self.losses_frac < 1))

    def _all(self, name: str, what: str, good: NDArray[np.bool_]) -> None:
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(f"{name} must be {what}, was {float(getattr(self, name)[row]):g} (row {row})")

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: ArrayLike) -> Roofs:
        """Some of the roofs."""
        picked = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[picked] for f in fields(self)})

    def planes(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """Tilts and azimuths of classes of planes, (p,) each, and the class of each roof, (n,)."""
        tilt = TILT_CLASS_DEG * np.round(self.tilt_deg / TILT_CLASS_DEG)
        azimuth = AZIMUTH_CLASS_DEG * np.round(self.azimuth_deg / AZIMUTH_CLASS_DEG) % 360
        both, row = np.unique(np.stack([tilt, azimuth], axis=1), axis=0, return_inverse=True)
        return both[:, 0], both[:, 1], row.reshape(-1).astype(np.int64)

    def given_kw(self, dc_per_kw: FloatArray) -> FloatArray:
        """What inverters give, (..., n) [kW], where modules give (..., n) for each kW of their rating."""
        return ac_kw(self.kw_dc * (1 - self.losses_frac) * dc_per_kw, self.inverter_kw)


def draw_roofs(
    customer_size: FloatArray, seed: int, share: float, *, curtailable_share: float = 0.0
) -> Roofs:
    """PV on the roofs of some of a DSO's customers; what a roof is like does not depend on who else has one.

    Sizes are log-normal around 7 kW, azimuths mostly south and west: G. Barbose et al., Tracking the Sun,
    Lawrence Berkeley National Laboratory (2023), rounded; tilts are those of common roofs.

    Parameters
    ----------
    customer_size : (customers,) load of each over the mean one's [1], above 0.
    seed : 0 or more.
    share : of customers that have PV [1], 0 to 1; a higher share adds to a lower one's.
    curtailable_share : of them, whose inverter takes orders [1], 0 to 1.

    Raises
    ------
    ValueError : an argument is out of its range.
    """
    for name, part in (("share", share), ("curtailable_share", curtailable_share)):
        if not 0 <= part <= 1:
            raise ValueError(f"{name} must be 0 to 1, was {part}")
    size = np.asarray(customer_size, np.float64)
    if not (size > 0).all():
        raise ValueError(f"customer_size must be above 0, was {size.min()}")
    owns = np.random.default_rng([seed, SIZE, 0]).random(len(size)) < share

    def u(stream: int, column: int) -> FloatArray:
        return np.asarray(np.random.default_rng([seed, stream, column]).random(len(size))[owns])

    normal = np.random.default_rng([seed, SIZE, 1]).standard_normal(len(size))[owns]
    kw_dc = MEDIAN_KW * size[owns] ** SIZE_POWER * np.exp(SIZE_SPREAD * np.clip(normal, -2.5, 2.5))
    kw_dc = np.clip(kw_dc, *SIZE_LIMITS_KW)
    return Roofs(
        customers=np.flatnonzero(owns),
        kw_dc=kw_dc,
        tilt_deg=_one_of(TILT_DEG, TILT_SHARE, u(ROOF, 0)),
        azimuth_deg=_one_of(AZIMUTH_DEG, AZIMUTH_SHARE, u(ROOF, 1)),
        inverter_kw=kw_dc / DC_PER_AC,
        losses_frac=np.full(len(kw_dc), LOSSES_FRAC),
        curtailable=u(WANT, 0) < curtailable_share,
    )


def _one_of(values: tuple[float, ...], shares: tuple[float, ...], u: FloatArray) -> FloatArray:
    return np.array(values)[np.searchsorted(np.cumsum(shares)[:-1], u, side="right")]
