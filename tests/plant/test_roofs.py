"""PV injects what the sun gives, and less where it is told to."""

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.austin import austin_august
from dso.homes.climate import Climate
from dso.homes.roofs import Roofs, draw_roofs
from dso.plant.roofs import RoofPlant
from tests.homes.test_climate import AUSTIN, chain

pytest.importorskip("pvlib")

MIDNIGHT = parse_time("2016-08-10T05:00Z")
NOON = parse_time("2016-08-10T18:00Z")


def climate() -> Climate:
    return Climate(austin_august(), *AUSTIN)


def pair() -> Roofs:
    """Two alike, of which the second takes orders: 5 kW, south, 20°, 10 % losses."""
    return Roofs(
        np.arange(2), np.full(2, 5.0), np.full(2, 20.0), np.full(2, 180.0), np.full(2, 4.0), np.full(2, 0.1),
        np.array([False, True]),
    )  # fmt: skip


def test_power_is_that_of_pvlibs_own_chain_through_losses_and_inverter() -> None:
    """5 kW · 0.9 · what pvlib's chain gives for one; then PVWatts' inverter by its formula."""
    plant = RoofPlant(pair(), climate())
    dc = 5 * 0.9 * float(np.asarray(chain(climate(), np.array([float(NOON)]), 20.0, 180.0).dc)[0])
    load = dc / (4 / 0.96)
    expected = dc * 0.96 / 0.9637 * (0.9858 - 0.0162 * load - 0.0059 / load)
    assert plant.sun_kw(NOON) == pytest.approx([expected] * 2, rel=2e-4)
    assert expected > 1


def test_who_takes_orders_gives_no_more_than_told_and_no_more_than_the_sun() -> None:
    plant, span = RoofPlant(pair(), climate()), (NOON, NOON + 300)
    _, free = plant.step(plant.start(NOON), *span)
    _, told = plant.step(plant.start(NOON), *span, np.array([-0.5, -0.5]))
    assert told == pytest.approx([free[0], -0.5])
    _, told = plant.step(plant.start(NOON), *span, np.array([0.0, 0.0]))
    assert told == pytest.approx([free[0], 0.0])
    _, told = plant.step(plant.start(NOON), *span, np.array([-9.0, -9.0]))
    assert (told == free).all()
    _, told = plant.step(plant.start(NOON), *span, np.array([np.nan, np.nan]))
    assert (told == free).all()


def test_without_supply_an_inverter_gives_nothing() -> None:
    plant, span = RoofPlant(pair(), climate()), (NOON, NOON + 300)
    _, free = plant.step(plant.start(NOON), *span)
    _, half = plant.step(plant.start(NOON), *span, None, np.array([0.5, 0.0]))
    assert half == pytest.approx([free[0] / 2, 0.0])


def test_by_night_there_is_nothing() -> None:
    plant = RoofPlant(pair(), climate())
    assert plant.step(plant.start(MIDNIGHT), MIDNIGHT, MIDNIGHT + 3600)[1].tolist() == [0.0, 0.0]
    assert plant.measured(plant.start(MIDNIGHT), MIDNIGHT)["sun_kw"].tolist() == [0.0, 0.0]


def test_sensors_say_what_the_sun_would_give() -> None:
    plant = RoofPlant(pair(), climate())
    _, kw = plant.step(plant.start(NOON), NOON, NOON + 300)
    around = [plant.measured(plant.start(NOON), at_s)["sun_kw"][0] for at_s in (NOON, NOON + 300)]
    assert -kw[0] == pytest.approx(np.mean(around), rel=1e-3)


def test_an_hour_is_the_mean_of_its_parts_and_roofs_do_not_matter_to_one_another() -> None:
    roofs = draw_roofs(np.ones(60), 2, 1.0)
    plant = RoofPlant(roofs, climate())
    whole = plant.step(plant.start(NOON), NOON, NOON + 3600)[1]
    parts = [plant.step(plant.start(NOON), t, t + 300)[1] for t in range(NOON, NOON + 3600, 300)]
    assert whole == pytest.approx(np.mean(parts, axis=0))
    alone = RoofPlant(roofs.take([11]), climate())
    assert (alone.step(alone.start(NOON), NOON, NOON + 3600)[1] == whole[11:12]).all()
    assert (whole >= -roofs.inverter_kw - 1e-9).all()


def test_a_kilowatt_in_august_gives_what_the_region_is_known_for() -> None:
    """NREL's PVWatts has about 1400 kWh a year for 1 kW in Houston (20°, south), 3.8 a day; Austin's August
    is sunnier than the year's mean: 3.8 to 5 a day."""
    roofs = Roofs(*(np.array([v]) for v in (0, 1.0, 20.0, 180.0, 1.0, 0.14, False)))
    plant, start = RoofPlant(roofs, climate()), parse_time("2016-08-01T05:00Z")
    kwh = -sum(plant.step(plant.start(t), t, t + 3600)[1][0] for t in range(start, start + 31 * 86_400, 3600))
    assert 3.8 < kwh / 31 < 5.0
