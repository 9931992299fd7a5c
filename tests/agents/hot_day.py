"""A day whose truth and forecast differ, and houses that live it in a closed loop with their plant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dso.agents.device_agents import DeviceAgents
from dso.agents.hvac import HvacAgents
from dso.agents.planning import plan
from dso.clock import DAY_S, Interval, parse_time
from dso.homes.local_time import LocalTime
from dso.messages import Award, BidRequest, Bids, FloatArray, Measured, PriceSignal
from dso.plant.houses import HousePlant

START_S = parse_time("2016-08-10T05:00Z")  # midnight in Chicago, a Wednesday
CHICAGO = LocalTime("America/Chicago")
STEP_S = 300


@dataclass
class Waves:
    """A sine from low to high, warmest at 16:00 local, sun from 7:00 to 19:00; forecasts miss it by the hour.

    A forecast errs by a normal number, one for each hour, times the root of its lead time in hours (a quarter
    at least): `error_k` an hour ahead outdoors, `error_frac` of the sun.
    """

    low: float = 24.0
    high: float = 38.0
    error_k: float = 0.0
    error_frac: float = 0.0

    def outdoor_c(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        t = np.asarray(t_s, float)
        truth = (self.low + self.high) / 2 - (self.high - self.low) / 2 * np.cos(
            2 * np.pi * (t - START_S - 4 * 3600) / DAY_S
        )
        return truth + self.error_k * self._errors(t, known_at_s)

    def sun_w_per_m2(self, t_s: FloatArray, known_at_s: int | None = None) -> FloatArray:
        t = np.asarray(t_s, float)
        truth = 900 * np.maximum(0.0, np.sin(np.pi * ((t - START_S) % DAY_S / 3600 - 7) / 12))
        return np.maximum(truth * (1 + self.error_frac * self._errors(t, known_at_s)), 0.0)

    def _errors(self, t: FloatArray, known_at_s: int | None) -> FloatArray:
        if known_at_s is None:
            return np.zeros_like(t)
        hours = (t // 3600).astype(int)
        drawn = {h: np.random.default_rng([5, h]).standard_normal() for h in set(hours.tolist())}
        lead = np.clip((t - known_at_s) / 3600, 0.25, 48)
        return np.array([drawn[h] for h in hours.tolist()]) * np.sqrt(lead)


def price_usd_per_kwh(t_s: int) -> float:
    """Dear from 15:00 to 20:00 local, cheap by night."""
    hour = (t_s - START_S) // 3600 % 24
    return 0.25 if 15 <= hour < 20 else 0.06 if hour < 8 else 0.12


def hourly(count: int, start_s: int = START_S) -> tuple[tuple[Interval, ...], FloatArray]:
    """Intervals and what they cost."""
    spans = tuple(Interval(start_s + 3600 * k, 3600) for k in range(count))
    return spans, np.array([price_usd_per_kwh(i.start_s) for i in spans])


def at_price(bids: Bids, price: float) -> FloatArray:
    """(n,) what bids want at a price, by linear interpolation between their points."""
    quantity, dear = bids.quantity_kw[0], bids.price_usd_per_kwh[0]
    wanted = [np.interp(price, p[::-1], q[::-1]) for q, p in zip(quantity, dear, strict=True)]
    return np.array(wanted)


@dataclass
class Lived:
    """What a day was like, (steps, n) each."""

    commanded_kw: FloatArray
    metered_kw: FloatArray
    air_c: FloatArray
    discomfort: FloatArray  # (n,)

    def energy_miss_frac(self) -> FloatArray:
        """(n,) metered energy off what was commanded, as a part of that."""
        commanded = self.commanded_kw.sum(0)
        return np.asarray(np.abs(self.metered_kw.sum(0) - commanded) / commanded)


def live(agents: DeviceAgents, plant: HousePlant, hours: int = 24) -> Lived:
    """Bids, awards at the price that comes, set-points, plant and sensors, every five minutes."""
    spans, prices = hourly(72)
    agents.hear(PriceSignal("da", "t", 0, spans, prices, True))
    state, rows = plant.start(START_S), []
    devices = np.arange(len(plant.customers))
    for k in range(hours * 12):
        now = Interval(START_S + k * STEP_S, STEP_S)
        air = plant.measured(state, now.start_s)
        agents.sense(Measured("hvac", now.start_s, devices, air))
        price = np.array([price_usd_per_kwh(now.start_s)])
        wanted = at_price(agents.bid(BidRequest("rt", "t", 0, (now,), price, now.start_s)), float(price[0]))
        award = Award("rt", "t", (now,), plant.customers, wanted[None], price)
        told = agents.setting(award, 0)
        assert told is not None
        kw = agents.set_points_kw(award, 0)
        state, metered = plant.step(state, now.start_s, now.end_s, told.value)
        rows.append((kw, metered, state[0]))
    return Lived(*(np.array(column) for column in zip(*rows, strict=True)), agents.discomfort)


def population(kind: HvacAgents) -> DeviceAgents:
    """Agents who plan here and now."""
    return DeviceAgents(kind, kind.houses.slider, lambda problems: [plan(p) for p in problems])
