"""What agents believe of their houses over a stretch of time, under the weather that they expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dso.clock import HOUR_S
from dso.homes.etp import Response, cooling_cop, heat_of_kw, heating_cop, kw_of_heat, response, settled_c
from dso.homes.houses import CHANGEOVER_C, Houses
from dso.homes.local_time import LocalTime
from dso.messages import FloatArray
from dso.ports import Outdoors

SAMPLE_S = 900  # weather of a stretch is averaged over instants so far apart
UNSURE_K = 1.0  # a forecast for the next minutes is not off by more
LOOK_AHEAD_S = 48 * HOUR_S  # as far as any plan reaches
KEPT_STEPS = 2  # lengths of step whose response is remembered: 48 bytes an agent each


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Houses over a stretch of time: where they go without their machines, and what those can do.

    While it is at least `CHANGEOVER_C` outdoors an agent steers cooling, else heating. The thermostat looks
    after the other by itself, and a gas furnace after its house. Within `UNSURE_K` of it nobody is
    sure what a thermostat would make of a temperature, and it is left alone.

    Parameters
    ----------
    houses : as the agent knows them.
    answer : of air and mass to heat over the stretch.
    free : (2, n) air and mass at its end if no machine runs [°C].
    outdoor_c : mean.
    heating_c, cooling_c : (n,) set-points.
    """

    houses: Houses
    answer: Response
    free: FloatArray
    outdoor_c: float
    heating_c: FloatArray
    cooling_c: FloatArray

    @property
    def warm(self) -> bool:
        """Whether cooling is steered, and not heating."""
        return self.outdoor_c >= CHANGEOVER_C

    @property
    def steered(self) -> bool:
        """Whether it is clear which."""
        return abs(self.outdoor_c - CHANGEOVER_C) >= UNSURE_K

    @property
    def rating_kw(self) -> FloatArray:
        """(n,) of the machine that is steered."""
        return self.houses.cooling_kw if self.warm else self.houses.highest_heating_kw

    def heat_kw(self, kw: FloatArray) -> FloatArray:
        """(n,) heat to air of the machine that is steered at a power [kW]."""
        if self.warm:
            return np.asarray(-kw * cooling_cop(self.houses, self.outdoor_c))
        return heat_of_kw(self.houses, kw, heating_cop(self.houses, self.outdoor_c))

    def reach_kw(self, target_c: FloatArray) -> FloatArray:
        """(n,) power that brings air to a temperature by the end [kW], ratings aside; below 0 where it would
        take the other machine."""
        heat = (target_c - self.free[0]) / self.answer.air_k_per_kw
        if self.warm:
            return np.asarray(-heat / cooling_cop(self.houses, self.outdoor_c))
        return kw_of_heat(self.houses, heat, heating_cop(self.houses, self.outdoor_c))

    def own(self) -> tuple[FloatArray, FloatArray]:
        """(n,) heat to air and power [kW] of what the thermostat does by itself."""
        houses, k = self.houses, self.answer.air_k_per_kw
        cold = np.maximum(self.heating_c - self.free[0], 0.0) / k
        heat, kw = np.minimum(cold, houses.furnace_kw), np.zeros_like(cold)
        if self.warm or not self.steered:
            cop = heating_cop(houses, self.outdoor_c)
            kw = np.minimum(kw_of_heat(houses, cold, cop), houses.highest_heating_kw)
            heat = heat + heat_of_kw(houses, kw, cop)
        if not self.warm or not self.steered:
            cop, hot = cooling_cop(houses, self.outdoor_c), np.maximum(self.free[0] - self.cooling_c, 0.0) / k
            cools = np.minimum(hot / cop, houses.cooling_kw)
            heat, kw = heat - cools * cop, kw + cools
        return heat, kw

    def left_alone(self) -> NDArray[np.bool_]:
        """(n,) whose thermostat is not told anything."""
        return np.asarray((self.own()[1] > 0) | (self.rating_kw == 0) | (not self.steered))

    def after(self, kw: FloatArray) -> FloatArray:
        """(2, n) air and mass at the end, at powers of the machine that is steered."""
        steered = np.where(self.left_alone(), 0.0, self.heat_kw(kw))
        return self.answer.heated(self.free, steered + self.own()[0])


def missed_k(houses: Houses, air_c: FloatArray, heating_c: FloatArray, cooling_c: FloatArray) -> FloatArray:
    """(n,) by how much air is outside what people bear at their slider [K]: above the cooling set-point plus
    the slider's share of `range_high_k`, or below the heating set-point less that of `range_low_k`."""
    above = air_c - cooling_c - houses.slider * houses.range_high_k
    below = heating_c - houses.slider * houses.range_low_k - air_c
    return np.maximum(np.maximum(above, below), 0.0)


class HouseModel:
    """Houses as agents know them, under the weather that they expect.

    Parameters
    ----------
    houses : nameplates and habits.
    forecast : the weather expected.
    local_time : by which schedules go.
    """

    def __init__(self, houses: Houses, forecast: Outdoors, local_time: LocalTime) -> None:
        self.houses, self.forecast, self.local_time = houses, forecast, local_time
        self._responses: dict[int, Response] = {}

    def stretch(self, state: FloatArray, from_s: int, to_s: int, known_at_s: int) -> Stretch:
        """A stretch of about an hour at most, from (2 or more, n) air and mass."""
        count = -(-(to_s - from_s) // SAMPLE_S)
        instants = np.linspace(from_s, to_s, 2 * count + 1)[1::2]
        outdoor = float(self.forecast.outdoor_c(instants, known_at_s).mean())
        sun = float(self.forecast.sun_w_per_m2(instants, known_at_s).mean())
        hours = self.local_time.hour(instants).astype(np.int64).tolist()
        gains = sum(self.houses.gains_kw[h].astype(np.float64) * (hours.count(h) / count) for h in set(hours))
        answer = self._response(to_s - from_s)
        free = answer.after(state, settled_c(self.houses, outdoor, sun, np.asarray(gains)))
        return Stretch(self.houses, answer, free, outdoor, *self.set_points_c((from_s + to_s) / 2))

    def set_points_c(self, at_s: float) -> tuple[FloatArray, FloatArray]:
        """(n,) heating and cooling set-points in force at an instant."""
        local = self.local_time
        return self.houses.set_points_c(int(local.hour(at_s)), bool(local.weekend(at_s)))

    def warm(self, at_s: int) -> bool:
        """Whether cooling is steered at an instant, by the forecast of two days before: it may be to come."""
        known_at_s = at_s - LOOK_AHEAD_S
        return float(self.forecast.outdoor_c(np.array([at_s], np.float64), known_at_s)[0]) >= CHANGEOVER_C

    def _response(self, length_s: int) -> Response:
        found = self._responses.get(length_s)
        if found is None:
            if len(self._responses) >= KEPT_STEPS:
                del self._responses[next(iter(self._responses))]
            found = self._responses[length_s] = response(self.houses, length_s / HOUR_S)
        return found
