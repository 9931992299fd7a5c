"""Homes with devices: a meter is the fixed load and the devices behind it, each once."""

import numpy as np
import pytest

from dso.clock import Interval
from dso.errors import EngineError
from dso.messages import AS_BUILT, Deliver, Setting
from dso.network.static import StaticNetwork
from dso.plant.fleet import Fleet, Group
from dso.plant.homes import AnswersVoltage, HomesPlant
from tests.plant.hands import Counters

START, STEP = 36_000, 300
NAN = np.nan
NOBODY = np.full(3, NAN)


def plant(**options) -> HomesPlant:
    """Three customers of 10, 20 and 30 kW.

    Customer 0 has counters of 1 and 2 kW, device 1 the second; customer 2 a counter of 3 kW, device 0, and a
    thermostat of 1 kW, device 2.
    """
    groups = (
        Group(Counters([0, 0, 2]), np.array([-1, 1, 0])),
        Group(Counters([2], "thermostat", unit="°C"), np.array([2])),
    )
    fleet = Fleet(groups, 3, 3, STEP)
    place = np.zeros(3, np.int64)
    return HomesPlant(
        lambda i: np.array([10.0, 20.0, 30.0]), fleet, StaticNetwork(loss_frac=0.1), place, START, **options
    )


def order(number: int = 0, kw=NOBODY, settings=(), supplied=None, length: int = STEP) -> Deliver:
    interval = Interval(START + number * STEP, length)
    return Deliver("m", interval, np.array(kw, float), AS_BUILT, supplied, settings)


def kw(reading) -> tuple[list[float], list[float]]:
    """Meters and devices [kW]."""
    hours = reading.interval.hours
    return (reading.meter_kwh / hours).round(9).tolist(), (reading.device_kwh / hours).round(9).tolist()


def test_without_a_word_everything_runs_by_itself_and_is_metered_once() -> None:
    assert kw(plant().deliver(order())) == ([13, 20, 34], [3, 2, 1])


def test_the_head_is_all_meters_and_the_losses() -> None:
    """67 kW and a tenth of it."""
    assert plant().deliver(order()).head_kwh == pytest.approx(67 * 1.1 / 12)


def test_set_points_are_by_number_of_the_device() -> None:
    assert kw(plant().deliver(order(kw=[5, 6, NAN]))) == ([17, 20, 36], [5, 6, 1])


def test_a_set_point_in_kw_does_not_reach_a_thermostat_and_a_setting_does() -> None:
    assert kw(plant().deliver(order(kw=[NAN, NAN, 8]))) == ([13, 20, 34], [3, 2, 1])
    told = Setting("thermostat", np.array([2]), "°C", np.array([4.0]))
    assert kw(plant().deliver(order(kw=[NAN, NAN, 8], settings=(told,)))) == ([13, 20, 37], [3, 2, 4])


def test_a_setting_goes_before_a_set_point_and_only_to_its_kind() -> None:
    told = Setting("counter", np.array([0]), "kW", np.array([7.0]))
    assert kw(plant().deliver(order(kw=[5, 6, NAN], settings=(told,)))) == ([17, 20, 38], [7, 6, 1])


def test_a_setting_in_another_unit_is_a_mistake() -> None:
    told = Setting("counter", np.array([0]), "°C", np.array([7.0]))
    with pytest.raises(ValueError, match="a setting of counter must be in kW, was in °C"):
        plant().deliver(order(settings=(told,)))


def test_there_is_one_set_point_for_each_device() -> None:
    with pytest.raises(ValueError, match=r"set-points must be \(3,\), were \(2,\)"):
        plant().deliver(order(kw=[1, 2]))


def test_sensors_speak_for_devices_that_take_part_in_the_order_of_numbers() -> None:
    counters, thermostat = plant().deliver(order()).measured
    assert (counters.kind, counters.devices.tolist(), counters.at_s) == ("counter", [0, 1], START + STEP)
    assert counters.values["drawn_kwh"].tolist() == pytest.approx([3 / 12, 2 / 12])
    assert (thermostat.kind, thermostat.devices.tolist()) == ("thermostat", [2])


def test_nothing_is_delivered_twice_nor_backwards() -> None:
    p = plant()
    p.deliver(order(1))
    with pytest.raises(EngineError, match="was delivered before"):
        p.deliver(order(1))
    with pytest.raises(EngineError, match="was asked for after"):
        p.deliver(order(0))


def test_between_deliveries_devices_run_by_themselves() -> None:
    p = plant()
    p.deliver(order(0, kw=[0, 0, NAN]))
    counters, _ = p.deliver(order(3, kw=[0, 0, NAN])).measured
    assert counters.values["drawn_kwh"].tolist() == pytest.approx([3 * 2 / 12, 2 * 2 / 12])


def test_homes_without_supply_draw_nothing_and_their_devices_state_goes_on() -> None:
    p = plant()
    assert kw(p.deliver(order(supplied=np.array([0.0, 0.5, 1.0])))) == ([0, 10, 34], [3, 0, 1])
    steps = p.get_state().states[0][1]
    assert steps.tolist() == [1, 1, 1]  # those in the dark have lived the step, too
    assert p.get_state().states[0][0].tolist() == pytest.approx([0, 0, 3 / 12])


def test_a_memory_that_is_given_back_goes_on_from_there() -> None:
    p, other = plant(), plant()
    p.deliver(order(0, kw=[9, 9, 9]))
    held = p.get_state()
    other.set_state(held)
    one, two = p.deliver(order(1)), other.deliver(order(1))
    assert one.measured[0].values["drawn_kwh"].tolist() == two.measured[0].values["drawn_kwh"].tolist()
    assert held.at_s == START + STEP  # what was handed out has not changed
    with pytest.raises(EngineError):
        other.deliver(order(0))


def test_fixed_load_answers_the_voltage_and_devices_do_not() -> None:
    """At 0.9 p.u. constant impedance takes 81 %; the voltage is that of nominal load and all devices."""
    asked = []

    def voltage(points_kw, equipment):
        asked.append(points_kw.tolist())
        return np.array([0.9])

    reading = plant(fixed=AnswersVoltage((1.0, 0.0, 0.0), voltage)).deliver(order())
    assert kw(reading) == ([8.1 + 3, 16.2, 24.3 + 4], [3, 2, 1])
    assert asked == [[67.0]]
    dead = plant(fixed=AnswersVoltage((1.0, 0.0, 0.0), lambda points_kw, equipment: np.array([NAN])))
    assert kw(dead.deliver(order()))[0] == [13, 20, 34]


def test_homes_without_any_device_have_their_fixed_load() -> None:
    place = np.zeros(2, np.int64)
    p = HomesPlant(lambda i: np.ones(2), Fleet((), 2, 0), StaticNetwork(), place, START)
    reading = p.deliver(order(kw=[]))
    assert (kw(reading), reading.measured) == (([1, 1], []), ())
