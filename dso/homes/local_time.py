"""What the clock on the wall says: hours and days in a study's time zone, daylight saving days included."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike

from dso.clock import DAY_S, HOUR_S
from dso.messages import FloatArray, IntArray

STEP_S = HOUR_S // 4  # offsets of all zones since 1986 change on a quarter of an hour


@dataclass(slots=True)
class LocalTime:
    """Local hour and weekday of instants.

    One day in spring lacks an hour of the clock, one day in autumn has one twice: schedules by the hour of
    the day skip it, or keep it twice.

    Parameters
    ----------
    zone : name of an IANA time zone.
    """

    zone: str
    _offsets: dict[int, int] = field(default_factory=dict)

    def local_s(self, t_s: ArrayLike) -> FloatArray:
        """Instants as the clock on the wall shows them, (...,) [s since 1970 on that clock]."""
        t = np.asarray(t_s, np.float64)
        quarters, places = np.unique(np.floor(t / STEP_S).astype(np.int64), return_inverse=True)
        offsets = np.array([self._offset_s(int(q)) for q in quarters.tolist()], np.float64)
        return np.asarray(t + offsets[places].reshape(t.shape))

    def hour(self, t_s: ArrayLike) -> FloatArray:
        """Hours since local midnight, (...,) [h], 0 to below 24."""
        return np.asarray(self.local_s(t_s) % DAY_S / HOUR_S)

    def day(self, t_s: ArrayLike) -> IntArray:
        """Number of the local day since 1970-01-01, (...,)."""
        return np.asarray(self.local_s(t_s) // DAY_S, np.int64)

    def weekend(self, t_s: ArrayLike) -> np.ndarray:
        """Whether it is Saturday or Sunday, (...,)."""
        return np.asarray((self.day(t_s) + 3) % 7 >= 5)  # 1970-01-01 was a Thursday

    def _offset_s(self, quarter: int) -> int:
        found = self._offsets.get(quarter)
        if found is None:
            moment = datetime.fromtimestamp(quarter * STEP_S, UTC).astimezone(ZoneInfo(self.zone))
            offset = moment.utcoffset()
            assert offset is not None  # a zone has one
            found = self._offsets[quarter] = int(offset.total_seconds())
        return found
