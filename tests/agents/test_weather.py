import sys
from pathlib import Path

import numpy as np
import pytest

from dso.clock import parse_time
from dso.data.austin import austin_august
from dso.data.tmy3 import read_tmy3
from dso.data.typical_year import HOURS, Weather, typical_hour
from dso.errors import InputError, MissingExtraError

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def at(text: str) -> np.ndarray:
    return np.array([parse_time(text)])


def ramp(utc_offset_s: int = 0) -> Weather:
    """Each hour of the year is as warm as its number."""
    nothing = np.zeros(HOURS)
    return Weather("ramp", utc_offset_s, np.arange(HOURS, dtype=float), nothing, nothing, nothing, nothing)


def hour_of_year(month: int, day: int, hour: int) -> int:
    return (sum(DAYS[: month - 1]) + day - 1) * 24 + hour


def tmy3_text(*, without: tuple[str, ...] = (), temperature: str | None = None) -> str:
    """A TMY3 file of the ramp of hours modulo 40, with the columns that pvlib needs."""
    lines = ['700000,"NOWHERE [UT]",TX,-6.0,30.290,-97.740,213']
    lines.append("Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),Wspd (m/s)")
    for month, days in enumerate(DAYS, 1):
        for day in range(1, days + 1):
            for hour in range(1, 25):
                stamp = f"{month:02}/{day:02}/1995,{hour:02}:00"
                warm = str((hour_of_year(month, day, hour) % HOURS) % 40)
                if stamp == "03/04/1995,05:00" and temperature:
                    warm = temperature
                if stamp not in without:
                    lines.append(f"{stamp},100,200,50,{warm},3.0")
    return "\n".join(lines) + "\n"


def test_the_carried_august_holds_what_nrels_file_says():
    """Rows '08/01/2004,01:00 … 25.1' and '08/31/2004,24:00 … 24.4' of station 722540, UTC−6."""
    weather = austin_august()
    assert weather.temperature_c(at("2016-08-01T07:00Z")) == pytest.approx(25.1)
    assert weather.temperature_c(at("2016-09-01T06:00Z")) == pytest.approx(24.4)


def test_the_carried_august_has_the_mean_and_maximum_of_the_file():
    """Taken from the original with awk: 744 hours, mean 27.3047 °C, highest 37.8 °C."""
    hours = parse_time("2016-08-01T07:00Z") + 3600 * np.arange(744)
    temperature = austin_august().temperature_c(hours)
    assert temperature.mean() == pytest.approx(27.3047, abs=5e-5)
    assert temperature.max() == 37.8


def test_the_last_hour_that_is_carried_is_still_covered():
    assert np.isfinite(austin_august().temperature_c(at("2016-09-04T06:00Z")))


@pytest.mark.parametrize("text", ["2016-07-01T00:00Z", "2016-09-04T06:05Z"])
def test_weather_outside_the_carried_month_is_refused_with_the_next_step(text):
    with pytest.raises(InputError, match=r"07-29T00:00 to 09-04T00:00.*path of a TMY3 file"):
        austin_august().temperature_c(at(text))


def test_temperature_is_linear_between_the_hours():
    values = ramp().temperature_c(parse_time("2015-01-01T10:00Z") + np.array([0, 900, 1800, 3599.0]))
    assert values == pytest.approx([10, 10.25, 10.5, 10 + 3599 / 3600])


def test_local_standard_time_comes_from_the_offset():
    assert ramp(-6 * 3600).temperature_c(at("2015-01-02T06:00Z")) == pytest.approx(24)


def test_the_last_hour_of_the_year_leads_back_to_new_year():
    assert ramp().temperature_c(at("2015-12-31T23:30Z")) == pytest.approx((8759 + 0) / 2)


@pytest.mark.parametrize(
    ("text", "month", "day"),
    [
        ("2016-02-28", 2, 28),
        ("2016-02-29", 2, 28),
        ("2016-03-01", 3, 1),
        ("2016-12-31", 12, 31),
        ("2015-03-01", 3, 1),
        ("2000-02-29", 2, 28),
        ("2100-03-01", 3, 1),
    ],
)
def test_the_29th_of_february_takes_the_28ths_values(text, month, day):
    seconds = at(f"{text}T13:00Z").astype(float)
    assert typical_hour(seconds) == pytest.approx(hour_of_year(month, day, 13))


def test_a_whole_tmy3_file_is_read(tmp_path: Path):
    path = tmp_path / "any.csv"
    path.write_text(tmy3_text())
    weather = read_tmy3(path)
    assert weather.utc_offset_s == -6 * 3600
    assert weather.name == "NOWHERE [UT] (TMY3 700000)"
    noon = weather.temperature_c(at("2016-08-10T18:00Z"))
    assert noon == pytest.approx(hour_of_year(8, 10, 12) % 40)
    assert set(weather.ghi_w_per_m2) == {100.0}


@pytest.mark.parametrize("station", ["703165TY.csv", "723170TYA.CSV"])
def test_the_stations_in_pvlibs_wheel_are_read(station):
    pvlib = pytest.importorskip("pvlib")
    weather = read_tmy3(Path(pvlib.__path__[0]) / "data" / station)
    assert np.isfinite(weather.temperature).all()


def test_missing_hours_are_named_and_not_filled(tmp_path: Path):
    path = tmp_path / "gap.csv"
    path.write_text(tmy3_text(without=("03/04/1995,05:00", "03/04/1995,06:00")))
    with pytest.raises(InputError, match="lacks 03-04T05:00, 03-04T06:00"):
        read_tmy3(path)


@pytest.mark.parametrize("value", ["-9900", "99", "nan"])
def test_values_that_are_no_weather_are_named(tmp_path: Path, value):
    path = tmp_path / "odd.csv"
    path.write_text(tmy3_text(temperature=value))
    with pytest.raises(InputError, match="temp_air must lie between -90 and 60, did not at 03-04T05:00"):
        read_tmy3(path)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "not weather at all"])
def test_a_file_that_is_no_tmy3_is_refused(tmp_path: Path, text):
    path = tmp_path / "other.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="must be a TMY3 file"):
        read_tmy3(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_tmy3(tmp_path / "none.csv")


def test_without_pvlib_the_extra_is_named(tmp_path: Path, monkeypatch):
    path = tmp_path / "any.csv"
    path.write_text("x")
    monkeypatch.setitem(sys.modules, "pvlib.iotools", None)
    with pytest.raises(MissingExtraError, match=r"dso-engine\[weather\]"):
        read_tmy3(path)
