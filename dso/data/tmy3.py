"""Read the weather of any TMY3 file; pvlib does the parsing, this module trusts nothing in it.

Source of the form: Wilcox, Marion, "Users Manual for TMY3 Data Sets", NREL/TP-581-43156 (2008).
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S
from dso.data.typical_year import FIRST_OF_MARCH, HOURS, Weather, month_day_hour
from dso.errors import InputError, MissingExtraError, Problem

# pvlib's name, lowest and highest value that can be weather; TMY3 marks missing values with -9900
COLUMNS = {
    "temp_air": (-90.0, 60.0),
    "ghi": (0.0, 1500.0),
    "dni": (0.0, 1500.0),
    "dhi": (0.0, 1500.0),
    "wind_speed": (0.0, 110.0),
}
NAMED = 5  # hours that a message lists before it only counts


def read_tmy3(path: str | Path) -> Weather:
    """Weather of a whole typical year from a TMY3 file.

    Parameters
    ----------
    path : of the file, as NREL publishes it: two header lines, then 8760 hours.

    Raises
    ------
    InputError : there is no such file, it is not TMY3, or hours or values are missing, doubled or impossible.
    MissingExtraError : pvlib is not installed.
    """
    frame, header = _parsed(Path(path))
    hours = _positions(frame.index)
    problems = [Problem(str(path), what) for what in _hour_faults(hours)]
    table = np.full((len(COLUMNS), HOURS), np.nan)
    for row, (name, (low, high)) in enumerate(COLUMNS.items()):
        values = frame[name].to_numpy(np.float64)
        wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            what = f"{name} must lie between {low:g} and {high:g}, did not at {_listed(hours[wrong])}"
            problems.append(Problem(str(path), what))
        table[row, hours] = values
    if problems:
        raise InputError(problems)
    table.flags.writeable = False
    name = str(header["Name"]).strip('" ')
    latitude, longitude = (float(header.get(part, math.nan)) for part in ("latitude", "longitude"))
    offset_s, name = round(float(header["TZ"]) * HOUR_S), f"{name} (TMY3 {header['USAF']})"
    weather = Weather(name, offset_s, *table)
    return replace(weather, latitude_deg=latitude, longitude_deg=longitude)


def _parsed(path: Path) -> tuple[Any, dict[str, Any]]:
    """The file's table and header, by pvlib."""
    if not path.is_file():
        raise InputError([Problem(str(path), "there is no such file; give the path of a TMY3 file")])
    try:
        from pvlib.iotools import read_tmy3 as parse
    except ImportError as error:
        raise MissingExtraError("weather", "reading a TMY3 file") from error
    try:
        frame, header = parse(str(path), map_variables=True)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError([Problem(str(path), f"must be a TMY3 file, cannot be read: {error}")]) from error
    missing = [name for name in COLUMNS if name not in frame]
    missing += [name for name in ("Name", "TZ", "USAF") if name not in header]
    if missing:
        raise InputError([Problem(str(path), f"must be a TMY3 file, lacks {', '.join(missing)}")])
    return frame, header


def _positions(index: Any) -> NDArray[np.int64]:
    """Hours since New Year of each row, (rows,); months of a typical year come from different years.

    Where February is a leap year's, 24:00 on the 28th reads as the 29th: that is 1 March 00:00 here.
    """
    first_of_month = np.array([0, 31, FIRST_OF_MARCH, 90, 120, 151, 181, 212, 243, 273, 304, 334])
    month, day, hour = (np.asarray(getattr(index, part), np.int64) for part in ("month", "day", "hour"))
    of_year = first_of_month[month - 1] + day - 1
    return np.asarray((of_year * 24 + hour) % HOURS)


def _hour_faults(hours: NDArray[np.int64]) -> list[str]:
    """What is wrong with the hours that a file holds."""
    count = np.bincount(hours, minlength=HOURS)
    faults = []
    if (count == 0).any():
        faults.append(f"must hold all {HOURS} hours of a year, lacks {_listed(np.flatnonzero(count == 0))}")
    if (count > 1).any():
        faults.append(f"must hold each hour once, holds more often {_listed(np.flatnonzero(count > 1))}")
    return faults


def _listed(hours: NDArray[np.int64]) -> str:
    named = ", ".join(month_day_hour(int(h)) for h in hours[:NAMED])
    return named if len(hours) <= NAMED else f"{named} and {len(hours) - NAMED} hours more"
