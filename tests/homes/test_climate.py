"""The weather at instants: energy of each hour is kept, and planes see what pvlib says they see."""

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.austin import austin_august
from dso.data.typical_year import HOURS, Weather
from dso.errors import InputError, MissingExtraError
from dso.homes.climate import Climate

AUSTIN = (30.29, -97.74)
NOON_S = parse_time("2016-08-10T18:00Z")  # 12:00 local standard time
DAY = parse_time("2016-08-10T06:00Z") + 300.0 * np.arange(288)


def austin() -> Climate:
    return Climate(austin_august(), *AUSTIN)


def with_sun(means: dict[int, float]) -> Weather:
    """Sun in some hours after New Year only, UTC."""
    sun, nothing = np.zeros(HOURS), np.zeros(HOURS)
    for hour, mean in means.items():
        sun[hour] = mean
    return Weather("nowhere", 0, nothing, sun, nothing, sun, nothing)


def test_the_sun_of_every_hour_of_the_file_is_kept() -> None:
    """Means of half minutes of a line are exact; TMY3's hour h is the one that ends at h."""
    weather = austin_august()
    hour = 221 * 24  # 10 August 00:00
    for ends_h in range(24):
        minutes = parse_time("2016-08-10T06:00Z") + 3600.0 * (ends_h - 1) + 30 + 60.0 * np.arange(60)
        mean = Climate(weather).sun_w_per_m2(minutes).mean()
        assert mean == pytest.approx(weather.ghi_w_per_m2[hour + ends_h], abs=1e-9)


def test_the_sun_between_hours_as_worked_out_by_hand() -> None:
    """Hours of 100, 300, 600 W/m² that end at 10, 11, 12: at 10:00 it is min(200, 2·100) = 200, at 11:00 450,
    at 10:30 2·300 − (200 + 450)/2 = 275; at 9:00, after a dark hour, 0; at 9:30 2·100 − (0 + 200)/2 = 100."""
    climate = Climate(with_sun({10: 100.0, 11: 300.0, 12: 600.0}))
    t_s = parse_time("2015-01-01T00:00Z") + 3600 * np.array([9.0, 9.5, 10, 10.25, 10.5, 11])
    assert climate.sun_w_per_m2(t_s) == pytest.approx([0, 100, 200, 237.5, 275, 450])


def test_the_sun_is_never_negative_and_the_night_is_dark() -> None:
    sun = austin().sun_w_per_m2(DAY)
    assert sun.min() == 0.0
    assert sun[:60].max() == 0.0  # before five in the morning


def test_temperature_is_what_the_weather_says() -> None:
    t_s = NOON_S + np.array([0.0, 100, 299, 300, 3599, 86_400])
    assert austin().outdoor_c(t_s) == pytest.approx(austin_august().temperature_c(t_s), abs=1e-12)


def test_the_truth_does_not_depend_on_when_it_is_asked_for() -> None:
    assert (austin().outdoor_c(DAY, NOON_S) == austin().outdoor_c(DAY)).all()


def test_the_order_of_questions_changes_no_answer() -> None:
    first, second = austin(), austin()
    for day in range(12):
        first.sun_w_per_m2(DAY - 86_400.0 * day)
    assert (first.sun_w_per_m2(DAY) == second.sun_w_per_m2(DAY[::-1])[::-1]).all()


def chain(climate: Climate, t_s: np.ndarray, tilt: float, azimuth: float):
    """pvlib's own chain for PVWatts, without losses, on the same weather."""
    pd = pytest.importorskip("pandas")
    from pvlib.location import Location
    from pvlib.modelchain import ModelChain
    from pvlib.pvsystem import Array, FixedMount, PVSystem
    from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS

    def at(values: np.ndarray) -> np.ndarray:
        names = {n: np.full(HOURS, 0.0) for n in ("dni_w_per_m2", "dhi_w_per_m2", "wind_m_per_s")}
        weather = replace(climate.weather, ghi_w_per_m2=values, **names)
        return Climate(weather).sun_w_per_m2(t_s)

    source = climate.weather
    wind = Climate(replace(source, temperature=source.wind_m_per_s)).outdoor_c(t_s)
    index = pd.to_datetime(t_s, unit="s", utc=True)
    weather = pd.DataFrame(
        {
            "ghi": at(source.ghi_w_per_m2),
            "dni": at(source.dni_w_per_m2),
            "dhi": at(source.dhi_w_per_m2),
            "temp_air": climate.outdoor_c(t_s),
            "wind_speed": wind,
        },
        index=index,
    )
    array = Array(
        FixedMount(tilt, azimuth),
        module_parameters={"pdc0": 1.0, "gamma_pdc": -0.0037},
        temperature_model_parameters=TEMPERATURE_MODEL_PARAMETERS["sapm"]["close_mount_glass_glass"],
    )
    system = PVSystem([array], inverter_parameters={"pdc0": 1.0})
    model = ModelChain.with_pvwatts(system, Location(*AUSTIN), losses_model="no_loss")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # pvlib asks pandas for what it calls otherwise now
        return model.run_model(weather).results


@pytest.mark.parametrize(("tilt", "azimuth"), [(25.0, 180.0), (20.0, 270.0), (35.0, 90.0)])
def test_power_of_modules_is_that_of_pvlibs_own_chain(tilt: float, azimuth: float) -> None:
    """It looks up the altitude for refraction, which moves the sun by seconds of arc: 2e-5 of the rating."""
    pytest.importorskip("pvlib")
    climate = austin()
    expected = chain(climate, DAY, tilt, azimuth)
    dc, plane = climate.pv_kw_per_kw(tilt, azimuth, DAY)[0], climate.plane_w_per_m2(tilt, azimuth, DAY)
    up = expected.solar_position["apparent_zenith"].to_numpy() < 90
    assert dc[up] == pytest.approx(np.nan_to_num(np.asarray(expected.dc))[up], abs=5e-5)
    poa = np.nan_to_num(expected.total_irrad["poa_global"].to_numpy())
    assert plane[up] == pytest.approx(poa[up], abs=0.1)
    assert dc.max() > 0.5


def test_heat_takes_some_per_cent_of_what_august_gives() -> None:
    """Before losses, direct power over what falls on the plane is 0.85 to 1: at −0.37 %/K, and cells up to
    30 K above air of 38 °C, nothing can be below 1 − 0.0037·43 = 0.84, and August's mornings are milder."""
    pytest.importorskip("pvlib")
    days = parse_time("2016-08-01T06:00Z") + 300.0 * np.arange(31 * 288)
    climate = austin()
    kwh, sun_kwh = (
        climate.pv_kw_per_kw(25.0, 180.0, days).sum(),
        climate.plane_w_per_m2(25.0, 180.0, days).sum(),
    )
    assert 0.84 < kwh * 1000 / sun_kwh < 1.0


def test_several_planes_are_each_as_alone_and_less_sun_gives_less() -> None:
    pytest.importorskip("pvlib")
    climate, noon = austin(), np.array([float(NOON_S)])
    both = climate.pv_kw_per_kw([20.0, 30.0], [180.0, 270.0], DAY)
    assert (both[1] == climate.pv_kw_per_kw(30.0, 270.0, DAY)[0]).all()
    same = climate.pv_kw_per_kw(20.0, 180.0, DAY, sun_frac=np.ones(288), warmer_k=np.zeros(288))
    assert same[0] == pytest.approx(both[0], abs=1e-12)
    half = climate.pv_kw_per_kw(20.0, 180.0, noon, sun_frac=np.full(1, 0.5), warmer_k=np.zeros(1))
    whole = climate.pv_kw_per_kw(20.0, 180.0, noon)
    assert 0.5 < half[0, 0] / whole[0, 0] < 0.6  # a little more than half: cooler cells


def test_weather_that_ends_is_refused_by_name() -> None:
    after = np.array([float(parse_time("2016-09-10T12:00Z"))])
    for ask in (austin().outdoor_c, austin().sun_w_per_m2):
        with pytest.raises(InputError, match="must cover 2016-09-10T12:00Z"):
            ask(after)
    with pytest.raises(InputError, match="must cover 2016-09-10T12:00Z"):
        austin().pv_kw_per_kw(20.0, 180.0, after)


def test_the_last_hour_of_the_weather_can_be_used() -> None:
    last = np.array([float(parse_time("2016-09-04T06:00Z"))])
    assert np.isfinite(austin().outdoor_c(last)).all()
    assert np.isfinite(austin().sun_w_per_m2(last - 1)).all()


def test_planes_want_a_place() -> None:
    with pytest.raises(InputError, match="latitude and longitude must be known"):
        Climate(austin_august()).pv_kw_per_kw(20.0, 180.0, DAY)


def test_without_pvlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pvlib.solarposition", None)
    with pytest.raises(MissingExtraError, match=r"dso-engine\[weather\]"):
        austin().pv_kw_per_kw(20.0, 180.0, DAY)


def test_a_leap_day_and_new_year_are_covered() -> None:
    climate = Climate(with_sun({}))
    for start in ("2015-12-31T20:00Z", "2016-02-28T20:00Z", "2016-02-29T20:00Z"):
        assert (climate.sun_w_per_m2(parse_time(start) + 900.0 * np.arange(40)) == 0).all()


def test_a_tmy3_file_of_pvlibs_wheel_makes_a_climate() -> None:
    pvlib = pytest.importorskip("pvlib")
    from dso.data.tmy3 import read_tmy3

    weather = read_tmy3(Path(pvlib.__path__[0]) / "data" / "723170TYA.CSV")  # Greensboro, North Carolina
    climate = Climate(weather, 36.1, -79.95)
    year = parse_time("2015-01-01T05:00Z") + 1800.0 * np.arange(2 * HOURS)
    assert climate.sun_w_per_m2(year).mean() == pytest.approx(weather.ghi_w_per_m2.mean(), rel=1e-3)
