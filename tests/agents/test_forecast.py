import numpy as np
import pytest

from dso.agents.forecast import SeededForecast
from dso.agents.forecast_error import LEADS_H, lead_bucket
from dso.clock import Interval
from tests.agents.small import NOON, load

HOURS = [Interval(NOON.start_s + 3600 * k, 300) for k in range(400)]


def forecast(count: int = 4, **options) -> SeededForecast:
    return SeededForecast(load(count), np.array([1, 3]), 7, **options)


def errors(blurred: SeededForecast, lead_s: int) -> np.ndarray:
    """Relative errors at one lead time, (400, n); everybody truly draws 2 kW."""
    return np.array([blurred.meter_kw([i], i.start_s - lead_s)[0] / 2.0 - 1 for i in HOURS])


def test_without_error_it_is_the_truth():
    exact = forecast(std_1h_frac=0.0, customer_std_1h_frac=0.0)
    assert exact.meter_kw([NOON], NOON.start_s - 86400)[0] == pytest.approx([2.0] * 4)
    assert exact.device_kw([NOON], NOON.start_s - 86400)[0] == pytest.approx([0, 0.8, 0, 0.8])


def test_the_error_of_all_customers_is_unbiased_and_grows_with_lead_time():
    """1 % an hour ahead: 1 % · √24 = 4.9 % up to a day ahead, 1 % · √¼ = 0.5 % for five minutes."""
    blurred = forecast(std_1h_frac=0.01, customer_std_1h_frac=0.0)
    for lead_s, std in ((300, 0.005), (3000, 0.01), (20 * 3600, 0.01 * 24**0.5)):
        error = errors(blurred, lead_s)[:, 0]
        assert error.mean() == pytest.approx(0.0, abs=4 * std / 20)  # 4 standard errors of 400 hours
        assert error.std() == pytest.approx(std, rel=0.15)


def test_the_own_errors_of_customers_average_out():
    blurred = forecast(2500, std_1h_frac=0.0, customer_std_1h_frac=0.03)
    error = errors(blurred, 3000)
    assert error.std() == pytest.approx(0.03, rel=0.02)
    assert np.abs(error.mean(axis=1)).max() < 5 * 0.03 / 50


def test_meter_and_device_err_alike_so_that_no_residual_is_negative():
    blurred = forecast()
    meter, device = (
        blurred.meter_kw(HOURS, NOON.start_s - 86400),
        blurred.device_kw(HOURS, NOON.start_s - 86400),
    )
    assert meter[:, [1, 3]] - device[:, [1, 3]] == pytest.approx(0.6 * meter[:, [1, 3]])
    assert (device[:, [0, 2]] == 0).all()


def test_a_forecast_does_not_depend_on_what_was_asked_before():
    one, other = forecast(), forecast()
    other.meter_kw(HOURS[::-1], NOON.start_s - 40 * 3600)
    assert (one.meter_kw(HOURS, NOON.start_s) == other.meter_kw(HOURS, NOON.start_s)).all()


def test_within_an_hour_and_a_bucket_the_error_stays():
    blurred = forecast()
    early, late = (blurred.meter_kw([NOON], NOON.start_s - s) for s in (7 * 3600, 8 * 3600))
    nearer = blurred.meter_kw([NOON], NOON.start_s - 4 * 3600)
    assert (early == late).all()
    assert (early != nearer).all()


def test_even_the_largest_error_changes_no_sign():
    blurred = forecast(1000, std_1h_frac=0.0, customer_std_1h_frac=0.048)
    assert blurred.meter_kw(HOURS[:20], NOON.start_s - 10 * 86400).min() > 0


@pytest.mark.parametrize(
    ("lead_s", "bucket"), [(-500, 0), (900, 0), (901, 1), (3600, 1), (86400, 5), (10**6, len(LEADS_H) - 1)]
)
def test_lead_times_fall_into_their_buckets(lead_s, bucket):
    assert lead_bucket(lead_s) == bucket


@pytest.mark.parametrize("options", [{"std_1h_frac": -0.01}, {"customer_std_1h_frac": 0.05}])
def test_errors_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"at most 0\.048 together"):
        forecast(**options)
