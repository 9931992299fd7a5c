"""What the LSE expects: fixed load, devices that bid and those that do not, each once, with an error."""

import numpy as np

from dso.agents.forecast_error import ForecastError
from dso.agents.homes_forecast import HomesForecast
from dso.clock import Interval
from dso.homes.customers import Customers

HOUR = 3600
NOW = 400_000 * HOUR
SOON = [Interval(NOW, 300), Interval(NOW + HOUR, 900)]


class Alone:
    """Devices of customers 0, 0 and 2 bid: 1, 2 and 3 kW by themselves; others draw 5 kW at customer 1."""

    def __init__(self) -> None:
        self.forgotten_s: list[int] = []
        self.state = "fresh"

    def customers_kw(self, interval):
        return np.array([0.0, 5.0, 0.0])

    def devices_kw(self, interval):
        return np.array([1.0, 2.0, 3.0])

    def forget(self, before_s: int) -> None:
        self.forgotten_s.append(before_s)

    def get_state(self):
        return self.state

    def set_state(self, state) -> None:
        self.state = state


def forecast(std: float = 0.0, each: float = 0.0, alone: Alone | None = None) -> HomesForecast:
    error = ForecastError(Customers(3, 1, 0.0), 1, std_1h_frac=std, customer_std_1h_frac=each)
    owners = np.array([0, 0, 2])
    return HomesForecast(lambda i: np.array([10.0, 20.0, 30.0]), alone or Alone(), owners, error)


def test_a_meter_is_fixed_load_and_all_devices_each_once() -> None:
    assert forecast().meter_kw(SOON, NOW).tolist() == [[13, 25, 33]] * 2


def test_devices_that_may_bid_are_known_by_number() -> None:
    assert forecast().device_kw(SOON, NOW).tolist() == [[1, 2, 3]] * 2


def test_what_is_left_when_devices_bid_for_themselves_are_the_others() -> None:
    f = forecast(0.02, 0.02)
    meter, device = f.meter_kw(SOON, NOW), f.device_kw(SOON, NOW)
    left = meter - np.stack([device[:, 0] + device[:, 1], np.zeros(2), device[:, 2]], axis=1)
    factor = meter / np.array([13, 25, 33])
    np.testing.assert_allclose(left, factor * np.array([10, 25, 30]))


def test_the_error_is_one_factor_for_each_customer_and_the_same_for_its_devices() -> None:
    f = forecast(0.02, 0.02)
    meter, device = f.meter_kw(SOON, NOW), f.device_kw(SOON, NOW)
    factor = meter / np.array([13, 25, 33])
    np.testing.assert_allclose(device, factor[:, [0, 0, 2]] * np.array([1, 2, 3]))
    assert (factor != 1).all()
    assert len(np.unique(factor[0])) == 3
    np.testing.assert_array_equal(meter, forecast(0.02, 0.02).meter_kw(SOON, NOW))


def test_it_is_off_by_more_the_further_it_looks() -> None:
    """1000 hours seen an hour ahead, and two days: √48 times as far off, as far as a sample tells."""
    f = forecast(0.01, 0.0)
    spans = [Interval(NOW + k * HOUR, HOUR) for k in range(1000)]
    near = np.array([f.meter_kw([i], i.start_s - HOUR // 2)[0, 0] for i in spans])
    far = np.array([f.meter_kw([i], i.start_s - 40 * HOUR)[0, 0] for i in spans])
    ratio = np.std(far) / np.std(near)
    assert 0.85 * 48**0.5 < ratio < 1.15 * 48**0.5


def test_hours_long_gone_may_be_forgotten() -> None:
    alone = Alone()
    forecast(alone=alone).meter_kw(SOON, NOW)
    assert alone.forgotten_s == [NOW - 3 * HOUR]


def test_its_memory_is_that_of_the_homes_by_themselves() -> None:
    one, other = forecast(), forecast()
    other.set_state("later")
    assert (one.get_state(), other.get_state()) == ("fresh", "later")
