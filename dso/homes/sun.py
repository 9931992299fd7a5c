"""Where the sun stands, what falls on a tilted plane, and what modules there make of it: all by pvlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dso.errors import MissingExtraError
from dso.messages import FloatArray, IntArray

HORIZON_DEG = 90.0
POWER_PER_K = -0.0037  # of standard modules; A. Dobos, "PVWatts Version 5 Manual", NREL/TP-6A20-62641 (2014)
MOUNT = "close_mount_glass_glass"  # parallel to a roof, with a gap; pvlib's name, after King et al. (2004)

INVERTER_FRAC = 0.96  # nominal efficiency of PVWatts' inverter


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """Sun and weather at instants; all (t,).

    Parameters
    ----------
    zenith_deg, azimuth_deg : of the sun, as seen through the air [°], clockwise from north.
    extra_w_per_m2 : normal irradiance outside the atmosphere [W/m²].
    air_mass : relative, NaN by night.
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : irradiance [W/m²].
    outdoor_c, wind_m_per_s : at the modules [°C], [m/s].
    """

    zenith_deg: FloatArray
    azimuth_deg: FloatArray
    extra_w_per_m2: FloatArray
    air_mass: FloatArray
    ghi_w_per_m2: FloatArray
    dni_w_per_m2: FloatArray
    dhi_w_per_m2: FloatArray
    outdoor_c: FloatArray
    wind_m_per_s: FloatArray

    def at(self, rows: IntArray | NDArray[np.bool_]) -> Sky:
        """Some of the instants."""
        return Sky(*(getattr(self, f.name)[rows] for f in fields(self)))

    def changed(self, sun_frac: FloatArray, warmer_k: FloatArray) -> Sky:
        """With other weather: so much of the irradiance, (t,) [1], and so much warmer, (t,) [K]."""
        return replace(
            self,
            ghi_w_per_m2=self.ghi_w_per_m2 * sun_frac,
            dni_w_per_m2=self.dni_w_per_m2 * sun_frac,
            dhi_w_per_m2=self.dhi_w_per_m2 * sun_frac,
            outdoor_c=self.outdoor_c + warmer_k,
        )


def joined(skies: Sequence[Sky]) -> Sky:
    """Skies one after another."""
    return Sky(*(np.concatenate([getattr(sky, f.name) for sky in skies]) for f in fields(Sky)))


def sun_position(
    t_s: FloatArray, latitude_deg: float, longitude_deg: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Apparent zenith and azimuth of the sun [°], irradiance outside the atmosphere [W/m²] and air mass [1].

    Parameters
    ----------
    t_s : (t,) instants [s since the epoch].

    Raises
    ------
    MissingExtraError : pvlib is not installed.
    """
    times = _module("pandas").to_datetime(t_s, unit="s", utc=True)
    position = _module("pvlib.solarposition").get_solarposition(times, latitude_deg, longitude_deg)
    zenith = position["apparent_zenith"].to_numpy(np.float64)
    extra = _module("pvlib.irradiance").get_extra_radiation(times.day_of_year.to_numpy())
    air_mass = _module("pvlib.atmosphere").get_relative_airmass(zenith)
    return (
        zenith,
        position["azimuth"].to_numpy(np.float64),
        np.asarray(extra),
        np.asarray(air_mass, np.float64),
    )


def plane_w_per_m2(sky: Sky, tilt_deg: ArrayLike, azimuth_deg: ArrayLike) -> dict[str, FloatArray]:
    """Irradiance on planes under the sky of Perez et al. (1990), (t,): `poa_global`, `poa_direct` and more.

    No beam reaches a plane while the sun is below the horizon.

    Parameters
    ----------
    tilt_deg : from horizontal [°], (t,) or one.
    azimuth_deg : that a plane faces, clockwise from north [°], (t,) or one.
    """
    up = sky.zenith_deg < HORIZON_DEG
    found = _module("pvlib.irradiance").get_total_irradiance(
        tilt_deg, azimuth_deg, sky.zenith_deg, sky.azimuth_deg, np.where(up, sky.dni_w_per_m2, 0.0),
        sky.ghi_w_per_m2, sky.dhi_w_per_m2, sky.extra_w_per_m2, sky.air_mass, model="perez",
    )  # fmt: skip
    return {name: np.nan_to_num(np.asarray(value, np.float64)) for name, value in found.items()}


def dc_kw_per_kw(sky: Sky, tilt_deg: ArrayLike, azimuth_deg: ArrayLike) -> FloatArray:
    """What modules give at their terminals for each kW of their rating, before any loss, (t,) [1].

    Reflection on the glass (`pvlib.iam.physical`), cell temperature (SAPM) and power (PVWatts), as pvlib's
    chain for PVWatts has them; parameters as `plane_w_per_m2`.
    """
    plane = plane_w_per_m2(sky, tilt_deg, azimuth_deg)
    pv, temperature = _module("pvlib.pvsystem"), _module("pvlib.temperature")
    angle = _module("pvlib.irradiance").aoi(tilt_deg, azimuth_deg, sky.zenith_deg, sky.azimuth_deg)
    light = plane["poa_direct"] * _module("pvlib.iam").physical(angle) + plane["poa_diffuse"]
    mount = temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"][MOUNT]
    cell = temperature.sapm_cell(plane["poa_global"], sky.outdoor_c, sky.wind_m_per_s, **mount)
    return np.asarray(pv.pvwatts_dc(light, cell, 1.0, POWER_PER_K), np.float64)


def ac_kw(dc_kw: FloatArray, inverter_kw: FloatArray) -> FloatArray:
    """What inverters give at direct powers, (n,) [kW], by PVWatts; at most their rating.

    Raises
    ------
    MissingExtraError : pvlib is not installed.
    """
    return np.asarray(_module("pvlib.inverter").pvwatts(dc_kw, inverter_kw / INVERTER_FRAC), np.float64)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError("weather", "the sun on tilted planes") from error
