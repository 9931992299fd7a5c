"""What weather lacks of what a study needs, said before it runs."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S
from dso.data.typical_year import HOURS, Weather, month_day_hour, typical_hour
from dso.messages import FloatArray, IntArray

NAMED = 5  # hours that a message lists before it only counts
IRRADIANCE = ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2")


def gaps(weather: Weather, start_s: int, end_s: int) -> list[str]:
    """What a study would miss in weather, a sentence for each quantity; nothing where all is there.

    Parameters
    ----------
    start_s, end_s : the study, with as much as its agents look ahead [s since the epoch].
    """
    local_s = np.arange(start_s // HOUR_S, -(-end_s // HOUR_S) + 1) * HOUR_S + weather.utc_offset_s
    instants = typical_hour(local_s.astype(np.float64))
    around, ends = _hours(np.floor(instants), np.ceil(instants)), _hours(np.ceil(instants[1:]))
    found = []
    for name, hours in (("temperature", around), *((name, ends) for name in IRRADIANCE)):
        missing = [month_day_hour(int(h)) for h in hours[np.isnan(getattr(weather, name)[hours])]]
        if missing:
            named = ", ".join(missing[:NAMED])
            more = f" and {len(missing) - NAMED} hours more" if len(missing) > NAMED else ""
            found.append(f"{name} of {weather.name} must cover the study, lacks {named}{more}")
    return found


def _hours(*positions: FloatArray) -> IntArray:
    """Positions of a typical year in the order of time, each once."""
    each = np.stack(positions, axis=1).ravel().astype(np.int64) % HOURS
    return np.array(list(dict.fromkeys(each.tolist())), np.int64)
