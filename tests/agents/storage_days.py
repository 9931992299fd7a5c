"""Days in which agents of storage live in a closed loop with their plant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dso.agents.battery import BatteryAgents
from dso.agents.device_agents import DeviceAgents
from dso.agents.ev import EvAgents
from dso.agents.kind import Kind
from dso.agents.planning import plan
from dso.clock import Interval
from dso.homes.batteries import Batteries
from dso.homes.vehicles import Vehicles
from dso.messages import Award, BidRequest, Bids, FloatArray, Measured, PriceSignal
from dso.plant.batteries import BatteryPlant
from dso.plant.device import Devices
from dso.plant.vehicles import VehiclePlant
from tests.homes.test_vehicles import CHICAGO

SEED = 7


@dataclass
class Lived:
    """What days were like, (steps, n) each."""

    starts_s: FloatArray  # (steps,)
    commanded_kw: FloatArray
    metered_kw: FloatArray
    stored_kwh: FloatArray  # at the end of each step
    plugged_in: FloatArray  # likewise
    discomfort: FloatArray  # (n,)
    missing_kwh: FloatArray  # (n,) true

    def energy_miss_frac(self) -> FloatArray:
        """(days, n) metered energy off what was commanded, as a part of what was moved; 0 if nothing was."""
        days = round(len(self.starts_s) * (self.starts_s[1] - self.starts_s[0]) / 86400)
        both = self.commanded_kw, self.metered_kw
        commanded, metered = (kw.reshape(days, -1, kw.shape[1]) for kw in both)
        moved = np.abs(commanded).sum(1)
        return np.asarray(np.abs((metered - commanded).sum(1)) / np.where(moved > 0, moved, 1.0))


def usual_usd_per_kwh(t_s: int) -> float:
    """Dear in the evening, cheap by night."""
    hour = CHICAGO.hour(t_s)
    return 0.25 if 15 <= hour < 20 else 0.06 if hour < 8 else 0.12


def at_price(bids: Bids, price: float) -> FloatArray:
    """(n,) what bids want at a price, by linear interpolation between their points."""
    pairs = zip(bids.quantity_kw[0], bids.price_usd_per_kwh[0], strict=True)
    return np.array([np.interp(price, p[::-1], q[::-1]) for q, p in pairs])


def forecast(agents: DeviceAgents, start_s: int) -> None:
    """Tell agents the prices of three days."""
    spans = tuple(Interval(start_s + 3600 * k, 3600) for k in range(72))
    prices = np.array([usual_usd_per_kwh(i.start_s) for i in spans])
    agents.hear(PriceSignal("da", "t", 0, spans, prices, True))


def live(
    agents: DeviceAgents, plant: Devices, start_s: int, *, days: int = 2, step_s: int = 300, err: float = 0.3
) -> Lived:
    """Bids, awards at prices that err from what is usual, set-points, plant and sensors."""
    state, rows, devices = plant.start(start_s), [], np.arange(len(plant.customers))
    errors = np.random.default_rng(3).standard_normal(days * 86400 // step_s)
    for k, error in enumerate(errors.tolist()):
        now = Interval(start_s + k * step_s, step_s)
        if (now.start_s - start_s) % 86400 == 0:
            forecast(agents, now.start_s)
        agents.sense(Measured(plant.kind, now.start_s, devices, plant.measured(state, now.start_s)))
        expected = np.array([usual_usd_per_kwh(now.start_s)])
        bids = agents.bid(BidRequest("rt", "t", 0, (now,), expected, now.start_s))
        price = expected * (1 + err * error)
        award = Award("rt", "t", (now,), plant.customers, at_price(bids, float(price[0]))[None], price)
        kw = agents.set_points_kw(award, 0)
        state, metered = plant.step(state, now.start_s, now.end_s, kw)
        seen = plant.measured(state, now.end_s)
        rows.append((now.start_s, kw, metered, state[0], seen.get("plugged_in", np.ones_like(kw))))
    return Lived(*(np.array(c) for c in zip(*rows, strict=True)), agents.discomfort, state[-1])


def population(kind: Kind, slider: FloatArray) -> DeviceAgents:
    """Agents who plan here and now."""
    return DeviceAgents(kind, slider, lambda problems: [plan(p) for p in problems])


def batteries_live(own: Batteries, start_s: int, **options: Any) -> Lived:
    """Days of batteries."""
    kind = BatteryAgents(own, np.arange(len(own)))
    return live(population(kind, own.slider), BatteryPlant(own), start_s, **options)


def vehicles_live(own: Vehicles, start_s: int, **options: Any) -> Lived:
    """Days of vehicles."""
    kind = EvAgents(own, np.arange(len(own)), CHICAGO)
    return live(population(kind, own.slider), VehiclePlant(own, CHICAGO, SEED), start_s, **options)
