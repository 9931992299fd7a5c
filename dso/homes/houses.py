"""Houses with heating and cooling: walls, machines, and what people in them want."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.messages import FloatArray, IntArray

AnyArray = NDArray[Any]  # becomes float16
COOLING_AT_C, HEATING_AT_C = 35.0, 25 / 3  # 95 °F and 47 °F, at which machines are rated (AHRI 210/240)
CHANGEOVER_C = (65 - 32) / 1.8  # 65 °F, the base of heating and cooling degree days in the US
LEAST_COP = 1.0  # of a machine in extreme weather: a resistance does as well
LEAST_GAP_K = 1.0
W_PER_KW = 1000.0
DAY_TYPES, HOURS = 2, 24  # working day and weekend

_ABOVE_ZERO = ("ua_kw_per_k", "air_kwh_per_k", "mass_kwh_per_k", "hm_kw_per_k", "cooling_cop", "heating_cop")
_RATINGS = ("cooling_kw", "heating_kw", "backup_kw", "furnace_kw")
_AT_LEAST_ZERO = (*_RATINGS, "sun_m2", "gains_kw", "range_low_k", "range_high_k", "slider")
_SMALL = ("gains_kw", "cooling_c", "heating_c")


@dataclass(frozen=True, slots=True, eq=False)
class Houses:
    """Houses of one zone each, as two-state models: air, and the mass of walls and furniture.

    CA·dTa/dt = UA·(outdoor − Ta) + HM·(Tm − Ta) + heat to air,  CM·dTm/dt = HM·(Ta − Tm) + heat to mass; see
    `dso.homes.etp`. Heat that a machine moves for each kWh is linear in the outdoor temperature, and at least
    `LEAST_COP`. A heat pump's backup is a resistance that runs when the pump alone is not enough. A house
    that burns gas has a furnace, which draws no electricity, and heating_kw 0.

    People have a slider: at 0 they want their set-points kept, at 1 they let air go range_low_k below and
    range_high_k above them for money, between in proportion.

    Parameters
    ----------
    customers : (n,) index of the customer who lives in each house.
    ua_kw_per_k : (n,) conductance to outdoors, UA [kW/K], above 0.
    air_kwh_per_k, mass_kwh_per_k : (n,) heat capacities, CA and CM [kWh/K], above 0.
    hm_kw_per_k : (n,) conductance from air to mass, HM [kW/K], above 0.
    cooling_kw, heating_kw, backup_kw : (n,) electric ratings [kW]; 0: there is none.
    furnace_kw : (n,) heat that a gas furnace gives at most [kW]; 0: there is none.
    cooling_cop, cooling_cop_per_k : (n,) sensible heat moved for each kWh at 35 °C [1], and for each K more.
    heating_cop, heating_cop_per_k : (n,) likewise at 8.3 °C.
    sun_m2 : (n,) heat from the sun over global horizontal irradiance [m²].
    gains_kw : (24, n) heat of people and appliances by local hour [kW], 0 or more.
    cooling_c, heating_c : (2, 24, n) set-points by day type, working day and weekend, and local hour [°C].
        These and gains are kept in half precision, to 0.01 K.
    range_low_k, range_high_k : (n,) how far slider 1 lets air go below and above set-points [K].
    slider : (n,) from comfort, 0, to cost, 1; or above.

    Raises
    ------
    ValueError : a value is out of its range, or a cooling set-point less than 1 K above the heating one.
    """

    customers: IntArray
    ua_kw_per_k: FloatArray
    air_kwh_per_k: FloatArray
    mass_kwh_per_k: FloatArray
    hm_kw_per_k: FloatArray
    cooling_kw: FloatArray
    heating_kw: FloatArray
    backup_kw: FloatArray
    furnace_kw: FloatArray
    cooling_cop: FloatArray
    cooling_cop_per_k: FloatArray
    heating_cop: FloatArray
    heating_cop_per_k: FloatArray
    sun_m2: FloatArray
    gains_kw: AnyArray
    cooling_c: AnyArray
    heating_c: AnyArray
    range_low_k: FloatArray
    range_high_k: FloatArray
    slider: FloatArray

    def __post_init__(self) -> None:
        count = len(self.customers)
        for f in fields(self):
            kind = np.int64 if f.name == "customers" else np.float16 if f.name in _SMALL else np.float64
            value = np.array(getattr(self, f.name), kind)
            value.flags.writeable = False
            object.__setattr__(self, f.name, value)
            if value.shape != (shape := self._shape(f.name, count)):
                raise ValueError(f"{f.name} must be {shape}, was {value.shape}")
            _all(f.name, "finite", value, np.isfinite(value))
        for name in _ABOVE_ZERO:
            _all(name, "above 0", getattr(self, name), getattr(self, name) > 0)
        for name in _AT_LEAST_ZERO:
            _all(name, "0 or more", getattr(self, name), getattr(self, name) >= 0)
        self._check_together()

    def _check_together(self) -> None:
        apart = self.cooling_c >= self.heating_c + np.float16(LEAST_GAP_K)
        _all("cooling_c", f"at least {LEAST_GAP_K:g} above heating_c", self.cooling_c, apart)
        ranges = self.range_low_k + self.range_high_k
        _all("range_low_k + range_high_k", "above 0", ranges, ranges > 0)
        alone = (self.furnace_kw == 0) | (self.heating_kw + self.backup_kw == 0)
        _all("furnace_kw", "0 where heating_kw or backup_kw is above 0", self.furnace_kw, alone)

    @staticmethod
    def _shape(name: str, count: int) -> tuple[int, ...]:
        return {"gains_kw": (HOURS, count)}.get(
            name, (DAY_TYPES, HOURS, count) if name in _SMALL else (count,)
        )

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: ArrayLike) -> Houses:
        """Some of the houses."""
        picked = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[..., picked] for f in fields(self)})

    @property
    def highest_heating_kw(self) -> FloatArray:
        """(n,) what heating draws at most, backup included [kW]."""
        return self.heating_kw + self.backup_kw

    @property
    def highest_kw(self) -> FloatArray:
        """(n,) what a house's machines draw at most [kW]."""
        return np.maximum(self.cooling_kw, self.highest_heating_kw)

    def set_points_c(self, hour: int, weekend: bool) -> tuple[FloatArray, FloatArray]:
        """(n,) heating and cooling set-points of a local hour [°C]."""
        row = int(weekend), hour
        return self.heating_c[row].astype(np.float64), self.cooling_c[row].astype(np.float64)


def _all(name: str, what: str, value: AnyArray, good: NDArray[np.bool_]) -> None:
    if good.all():
        return
    where = tuple(int(i) for i in np.argwhere(~good)[0])
    hour = f", hour {where[-2]}" if len(where) > 1 else ""
    raise ValueError(f"{name} must be {what}, was {float(value[where]):g} (row {where[-1]}{hour})")
