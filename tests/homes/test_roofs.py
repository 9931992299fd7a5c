"""Who has PV, how much, and what inverters make of what modules give."""

import numpy as np
import pytest

from dso.homes.roofs import Roofs, draw_roofs

SIZES = np.linspace(0.5, 2.0, 4000)


def one(**changes) -> Roofs:
    values = {
        "customers": 0, "kw_dc": 10.0, "tilt_deg": 20.0, "azimuth_deg": 180.0, "inverter_kw": 4.8,
        "losses_frac": 0.0, "curtailable": False,
    }  # fmt: skip
    return Roofs(**{name: np.array([value]) for name, value in (values | changes).items()})


def test_an_inverter_as_pvwatts_has_it_by_hand() -> None:
    """4.8 kW take up to 5 kW; at 2.5 kW, ζ = 0.5, η = 0.96/0.9637·(0.9858 − 0.0162ζ − 0.0059/ζ) = 0.96219
    (PVWatts Version 5 Manual, eq. 12), so 2.4055 kW; 10 kW are cut off at 4.8."""
    pytest.importorskip("pvlib")
    assert one().given_kw(np.array([0.25])) == pytest.approx([2.40548], rel=1e-5)
    assert one().given_kw(np.array([1.0])) == pytest.approx([4.8])
    assert one().given_kw(np.array([0.0])) == pytest.approx([0.0])


def test_losses_come_before_the_inverter() -> None:
    pytest.importorskip("pvlib")
    assert one(losses_frac=0.2).given_kw(np.array([0.3125])) == pytest.approx(
        one().given_kw(np.array([0.25]))
    )


def test_the_share_of_customers_have_one_and_a_higher_share_adds() -> None:
    some, more = (
        draw_roofs(SIZES, 1, 0.3, curtailable_share=0.5),
        draw_roofs(SIZES, 1, 0.5, curtailable_share=0.5),
    )
    assert len(some) / 4000 == pytest.approx(0.3, abs=0.03)
    assert some.curtailable.mean() == pytest.approx(0.5, abs=0.06)
    shared = np.isin(more.customers, some.customers)
    assert shared.sum() == len(some)
    for name in ("kw_dc", "tilt_deg", "azimuth_deg", "curtailable"):
        assert (getattr(more, name)[shared] == getattr(some, name)).all()


def test_a_roof_does_not_depend_on_how_many_customers_there_are() -> None:
    many, few = draw_roofs(SIZES, 1, 1.0), draw_roofs(SIZES[:100], 1, 1.0)
    assert (many.take(np.arange(100)).kw_dc == few.kw_dc).all()


def test_sizes_are_those_of_homes() -> None:
    roofs = draw_roofs(np.ones(4000), 1, 1.0)
    assert np.median(roofs.kw_dc) == pytest.approx(7.0, rel=0.03)
    assert roofs.inverter_kw == pytest.approx(roofs.kw_dc / 1.15)


def test_planes_are_worked_out_in_classes() -> None:
    roofs = Roofs(
        np.arange(4), np.ones(4), np.array([20.0, 22.0, 23.0, 20.0]), np.array([180.0, 184.0, 359.0, 0.0]),
        np.ones(4), np.zeros(4), np.zeros(4),
    )  # fmt: skip
    tilt, azimuth, row = roofs.planes()
    assert list(zip(tilt[row].tolist(), azimuth[row].tolist(), strict=True)) == [
        (20.0, 180.0),
        (20.0, 180.0),
        (25.0, 0.0),
        (20.0, 0.0),
    ]
    assert len(tilt) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kw_dc": 0.0}, r"kw_dc must be above 0, was 0 \(row 0\)"),
        ({"inverter_kw": -1.0}, r"inverter_kw must be above 0, was -1 \(row 0\)"),
        ({"tilt_deg": 95.0}, r"tilt_deg must be 0 to 90, was 95 \(row 0\)"),
        ({"azimuth_deg": -90.0}, r"azimuth_deg must be 0 to 360, was -90 \(row 0\)"),
        ({"losses_frac": 1.0}, r"losses_frac must be 0 to below 1, was 1 \(row 0\)"),
        ({"kw_dc": np.inf}, r"kw_dc must be finite, was inf \(row 0\)"),
    ],
)
def test_impossible_roofs_are_named(changes: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        one(**changes)


@pytest.mark.parametrize("given", [{"share": 1.2}, {"share": 0.5, "curtailable_share": -0.1}])
def test_a_share_that_is_none_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share must be 0 to 1"):
        draw_roofs(SIZES, 1, **given)
