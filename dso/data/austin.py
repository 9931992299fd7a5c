"""Weather of Austin around August, as the package carries it: enough for a heat wave without any download.

Figures: NREL, National Solar Radiation Data Base, Typical Meteorological Year 3, station 722540 (Austin
Mueller Municipal Airport), 29 July to 4 September. See docs/data-weather.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from dso.clock import HOUR_S
from dso.data.tables import rows
from dso.data.typical_year import HOURS, Weather

UTC_OFFSET_S = -6 * HOUR_S
LATITUDE_DEG, LONGITUDE_DEG = 30.29, -97.74
COLUMNS = ("dry_bulb_c", "ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2", "wind_m_per_s")


@cache
def austin_august() -> Weather:
    """Weather from 29 July to 4 September, local standard time; outside it is not covered."""
    table = np.full((len(COLUMNS), HOURS), np.nan)
    new_year = np.datetime64("2001-01-01T00", "h")
    for row in rows("weather/austin_august.csv"):
        moment = np.datetime64(f"2001-{row['local_standard_time'][:8]}", "h")
        table[:, int((moment - new_year).astype(int))] = [float(row[name]) for name in COLUMNS]
    table.flags.writeable = False
    name = "Austin (TMY3 722540, August only)"
    weather = Weather(name, UTC_OFFSET_S, *table)
    return replace(weather, latitude_deg=LATITUDE_DEG, longitude_deg=LONGITUDE_DEG)
