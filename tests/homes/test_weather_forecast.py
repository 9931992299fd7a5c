"""Forecasts know the past, and miss the future by an error that grows with lead time."""

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.austin import austin_august
from dso.homes.climate import Climate
from dso.homes.weather_forecast import WeatherForecast

NOW = parse_time("2016-08-10T18:00Z")


class Steady:
    """25 °C and 500 W/m², always."""

    def outdoor_c(self, t_s, known_at_s=None):
        return np.full(len(t_s), 25.0)

    def sun_w_per_m2(self, t_s, known_at_s=None):
        return np.full(len(t_s), 500.0)


def errors(lead_h: float, seeds: int = 400) -> np.ndarray:
    """Temperature errors of many forecasts, and irradiance errors."""
    t = np.array([NOW + 3600 * lead_h])
    forecasts = [WeatherForecast(Steady(), seed, outdoor_std_1h_k=0.35) for seed in range(seeds)]
    return np.array([[f.outdoor_c(t, NOW)[0] - 25, f.sun_w_per_m2(t, NOW)[0] / 500 - 1] for f in forecasts]).T


@pytest.mark.parametrize("lead_h", [1, 4, 24])
def test_errors_grow_with_the_root_of_lead_time(lead_h: int) -> None:
    """The standard deviation of 400 samples is known to about 3.5 %: 4 of those are 14 %."""
    temperature, sun = errors(lead_h)
    assert temperature.std() == pytest.approx(0.35 * lead_h**0.5, rel=0.14)
    assert sun.std() == pytest.approx(0.06 * lead_h**0.5, rel=0.14)
    assert abs(temperature.mean()) < 4 * 0.35 * lead_h**0.5 / 20


def test_errors_grow_no_more_beyond_two_days() -> None:
    assert errors(96)[0].std() == pytest.approx(errors(48)[0].std(), rel=0.2)


def test_the_past_and_the_present_are_known() -> None:
    forecast, past = WeatherForecast(Steady(), 1), NOW - 600.0 * np.arange(10)
    assert (forecast.outdoor_c(past, NOW) == 25).all()
    assert (forecast.sun_w_per_m2(past, NOW) == 500).all()


def test_who_asks_for_the_truth_gets_it() -> None:
    future = NOW + 3600.0 * np.arange(1, 9)
    assert (WeatherForecast(Steady(), 1).outdoor_c(future) == 25).all()


def test_a_perfect_forecast_has_no_error() -> None:
    climate = Climate(austin_august(), 30.29, -97.74)
    forecast, future = WeatherForecast(climate, 1, perfect=True), NOW + 3600.0 * np.arange(48)
    assert (forecast.outdoor_c(future, NOW) == climate.outdoor_c(future)).all()
    assert (forecast.sun_w_per_m2(future, NOW) == climate.sun_w_per_m2(future)).all()


def test_errors_of_neighbouring_hours_are_alike() -> None:
    """24 and 25 hours ahead share 24 of 25 hours' news: correlation √(24/25) = 0.98."""
    correlation = np.corrcoef(errors(24)[0], errors(25)[0])[0, 1]
    assert correlation == pytest.approx((24 / 25) ** 0.5, abs=0.015)


def test_temperature_and_sun_err_independently() -> None:
    assert abs(np.corrcoef(*errors(24))[0, 1]) < 0.2


def test_a_forecast_is_the_same_in_whatever_order_it_is_asked_for() -> None:
    future = NOW + 900.0 * np.arange(1, 150)
    forecast = WeatherForecast(Steady(), 7)
    forecast.sun_w_per_m2(future + 1e6, NOW + 86_400)
    one_by_one = [forecast.outdoor_c(future[k : k + 1], NOW)[0] for k in reversed(range(len(future)))]
    assert (WeatherForecast(Steady(), 7).outdoor_c(future, NOW) == one_by_one[::-1]).all()


def test_a_later_forecast_differs_by_the_news_between_only() -> None:
    """What three hours bring moves all later hours alike."""
    forecast, future = WeatherForecast(Steady(), 3), NOW + 3600.0 * np.arange(4, 20)
    moved = forecast.outdoor_c(future, NOW + 3 * 3600) - forecast.outdoor_c(future, NOW)
    assert moved == pytest.approx(np.full(16, moved[0]))
    assert moved[0] != 0


def test_irradiance_is_never_negative_and_night_stays_dark() -> None:
    climate = Climate(austin_august(), 30.29, -97.74)
    day = NOW + 300.0 * np.arange(288)
    for seed in range(5):
        sun = WeatherForecast(climate, seed, sun_std_1h_frac=0.2).sun_w_per_m2(day, NOW - 86_400)
        assert sun.min() >= 0
        assert (sun[climate.sun_w_per_m2(day) == 0] == 0).all()


def test_power_of_modules_is_that_of_the_expected_sun() -> None:
    pytest.importorskip("pvlib")
    climate = Climate(austin_august(), 30.29, -97.74)
    forecast, noon = WeatherForecast(climate, 2), np.array([NOW + 86_400.0])
    expected = climate.pv_kw_per_kw(
        20.0, 180.0, noon, sun_frac=forecast.sun_frac(noon, NOW), warmer_k=forecast.warmer_k(noon, NOW)
    )
    assert (forecast.pv_kw_per_kw(20.0, 180.0, noon, NOW) == expected).all()
    assert (forecast.pv_kw_per_kw(20.0, 180.0, noon) == climate.pv_kw_per_kw(20.0, 180.0, noon)).all()
    assert (expected != climate.pv_kw_per_kw(20.0, 180.0, noon)).all()


@pytest.mark.parametrize("given", [{"outdoor_std_1h_k": -0.1}, {"sun_std_1h_frac": np.nan}])
def test_errors_that_are_no_standard_deviation_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be 0 or more"):
        WeatherForecast(Steady(), 1, **given)
