"""ZIP loads, worked out by hand."""

import numpy as np
import pytest

from dso.homes.zip_load import zip_kw


@pytest.mark.parametrize(
    ("parts", "expected"),
    [((1, 0, 0), 1.8050), ((0, 1, 0), 1.9), ((0, 0, 1), 2.0), ((0.5, 0.3, 0.2), 1.8725)],
)
def test_two_kilowatts_at_95_per_cent(parts: tuple[float, float, float], expected: float) -> None:
    """2·0.95² = 1.805, 2·0.95 = 1.9, 2; half of the first, 0.3 of the second and 0.2 of the third: 1.8725."""
    assert zip_kw(2.0, 0.95, *parts) == pytest.approx(expected, abs=1e-12)


def test_each_load_has_its_own_voltage_and_parts() -> None:
    kw = zip_kw([1.0, 2.0], [1.1, 0.9], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0])
    assert kw == pytest.approx([1.21, 1.8])


def test_nominal_voltage_gives_nominal_power_whatever_the_parts() -> None:
    assert zip_kw(3.0, 1.0, 1.3, -0.7, 0.4) == pytest.approx(3.0)


def test_parts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must add up to 1, were 0\.9"):
        zip_kw(1.0, 1.0, 0.5, 0.3, 0.1)
    with pytest.raises(ValueError, match="must add up to 1, were nan"):
        zip_kw(1.0, 1.0, np.nan, 0.3, 0.1)


def test_a_negative_voltage_is_refused() -> None:
    with pytest.raises(ValueError, match=r"voltage_pu must be 0 or more, was -0\.1"):
        zip_kw(1.0, [1.0, -0.1], 0.0, 0.0, 1.0)
