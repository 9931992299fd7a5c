"""What weather lacks of what a study needs, said before it runs."""

from __future__ import annotations

import numpy as np

from dso.clock import HOUR_S
from dso.data.typical_year import HOURS, Weather, month_day_hour, typical_hour
from dso.messages import FloatArray, IntArray

NAMED = 5  # hours that a message lists before it only counts
IRRADIANCE = ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2")


def gaps(weather: Weather, start_s: int, end_s: int) -> list[str]:
    """What a study would miss in weather, in a sentence each; nothing where all is there.

    Parameters
    ----------
    start_s, end_s : the study, with as much as its agents look ahead [s since the epoch].
    """
    first, last = start_s // HOUR_S, -(-end_s // HOUR_S)
    instants = typical_hour(np.arange(first, last + 1) * float(HOUR_S) + weather.utc_offset_s)
    begins, ends = np.unique(np.floor(instants).astype(int)), np.unique(np.ceil(instants[1:]).astype(int))
    found = []
    for name, hours in (("temperature", begins), *((name, ends) for name in BY_HALF_HOUR)):
        missing = [
            month_day_hour(int(h)) for h in hours % HOURS if np.isnan(getattr(weather, name)[h % HOURS])
        ]
        if missing:
            named = ", ".join(missing[:NAMED])
            more = f" and {len(missing) - NAMED} hours more" if len(missing) > NAMED else ""
            found.append(f"{name} of {weather.name} must cover the study, lacks {named}{more}")
    return found


def _hours(*positions: FloatArray) -> IntArray:
    """Positions of a typical year, in order, each once."""
    return np.asarray(list(dict.fromkeys(np.concatenate(positions).astype(np.int64) % HOURS)), np.int64)
