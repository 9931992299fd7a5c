"""The market operator on the ERCOT system and on small ones, and its stand-in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dso.clock import HOUR_S, Interval, parse_time
from dso.data.ercot_load import buses, industrial_mw, load_table
from dso.errors import DsoError, InputError
from dso.wholesale.grid import Grid, Lines, Units, ercot_grid, ercot_wind
from dso.wholesale.iso import BidBook, DayAheadResult, Demand, Iso, Participant, StubIso, ercot_system
from dso.wholesale.iso.bids import Bid
from dso.wholesale.iso.results import RealTimeState
from dso.wholesale.iso.system import Abilities, System
from dso.wholesale.iso.unit_commitment import Effort
from dso.wholesale.price_series import PriceSeries
from dso.wholesale.supply_curve import QuadraticSupply

MIDNIGHT_S = parse_time("2016-08-10T00:00-05:00")
DAY = tuple(Interval(MIDNIGHT_S + k * HOUR_S, HOUR_S) for k in range(24))
NOW = (Interval(MIDNIGHT_S, 300),)
NONE = np.zeros(0)
EIGHT = tuple(Participant(f"dso{bus}", bus) for bus in buses())


def _small(limit: float = 30.0, ramp_mw_per_min: float = np.inf) -> System:
    """Two buses: 100 MW at 20 USD/MWh and 10 MW of wind at the first, 100 MW at 50 at the second."""
    most, zero = np.array([100.0, 10.0, 100.0]), np.zeros(3)
    units = Units(
        np.arange(3), np.array([0, 0, 1]), ("coal", "wind", "gas"), zero, most, zero, np.array([20, 0, 50.0])
    )
    able = replace(
        Abilities.free(3),
        ramp_mw_per_min=np.array([ramp_mw_per_min, np.inf, np.inf]),
        always_on=np.array([False, True, False]),
    )
    return System(Grid((1, 2), Lines.of([0], [1], [0.1], [limit]), units), able, np.array([1]))


TWO = (Participant("a", 2, estimate_mw=25.0), Participant("b", 2, estimate_mw=5.0))
ALL_ON = np.full(3, True)


def _book(*bids: tuple[str, Demand]) -> BidBook:
    return BidBook("rt", NOW, {name: Bid(name, (demand,)) for name, demand in bids})


def test_wind_is_clamped_between_nothing_and_its_rating() -> None:
    iso = Iso((), _small())
    for wind, used in ((-5.0, 0.0), (4.0, 4.0), (99.0, 10.0)):
        found = iso.real_time(_book(), [20.0, 0.0], [wind], ALL_ON)
        assert found.dispatch is not None
        assert found.dispatch.generation_mw[:2] == pytest.approx([20.0 - used, used])


def test_two_dsos_at_one_bus_are_told_their_own_quantities() -> None:
    # The line brings 30 MW; beyond it 50 USD/MWh. a: 20 firm and 20 at 60; b: 10 firm and 20 at 45.
    bids = (("a", Demand.blocks(20.0, [20.0], [60.0])), ("b", Demand.blocks(10.0, [20.0], [45.0])))
    found = Iso(TWO, _small()).real_time(_book(*bids), [0.0, 0.0], [0.0], ALL_ON)
    assert found.price_at(1) == pytest.approx([20.0])
    assert found.trades["a"].price_usd_per_mwh == pytest.approx([50.0])
    assert [found.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([40.0, 10.0])


def test_a_participants_own_units_are_kept_apart_from_the_bus() -> None:
    who = Participant("a", 2, scale=100.0)
    found = Iso((who,), _small()).real_time(_book(("a", Demand.fixed(20.0))), [0.0, 0.0], [0.0], ALL_ON)
    result = found.trades["a"].as_result("m")
    assert result.quantity_kw == pytest.approx([200.0])
    assert result.price_usd_per_kwh == pytest.approx([0.02])


def test_what_is_shed_is_shared_by_the_firm_loads_at_the_bus() -> None:
    # 130 MW reach bus 2 at most. Firm: 60 of a, 80 of b, 20 of others: 30 MW short, 18.75 % of each.
    bids = (("a", Demand.fixed(60.0)), ("b", Demand.fixed(80.0)))
    found = Iso(TWO, _small()).real_time(_book(*bids), [0.0, 20.0], [0.0], ALL_ON)
    assert found.price_at(2) == pytest.approx([1000.0])
    assert [found.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([48.75, 65.0])


def test_who_bids_badly_keeps_what_its_last_good_bid_bought() -> None:
    iso = Iso(TWO, _small())
    good = (("a", Demand.blocks(10.0, [20.0, 20.0], [60.0, 45.0])), ("b", Demand.fixed(2.0)))
    first = iso.real_time(_book(*good), [0.0, 0.0], [0.0], ALL_ON)
    # Firm 12 and 18 of a's dear 20 over the line at 20 USD/MWh, the other 2 from the unit at 50.
    assert first.trades["a"].cleared_mw == pytest.approx([30.0])
    second = iso.real_time(_book(("b", Demand.fixed(3.0))), [0.0, 0.0], [0.0], ALL_ON, first.state)
    assert second.trades["a"].cleared_mw == pytest.approx([30.0])
    third = iso.real_time(_book(), [0.0, 0.0], [0.0], ALL_ON, second.state)
    assert [third.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([30.0, 3.0])


def test_who_never_bid_well_is_served_its_estimate() -> None:
    found = Iso(TWO, _small()).real_time(_book(), [0.0, 0.0], [0.0], ALL_ON)
    assert [found.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([25.0, 5.0])


def test_a_units_ramp_holds_it_from_one_interval_to_the_next() -> None:
    # 2 MW a minute from 10 MW: 20 after five minutes; the other 8 come dear, and would be cheap without.
    iso, before = Iso((), _small(ramp_mw_per_min=2.0)), RealTimeState(np.array([10.0, 0.0, 0.0]))
    held = iso.real_time(_book(), [28.0, 0.0], [0.0], ALL_ON, before)
    assert held.dispatch is not None
    assert held.dispatch.generation_mw == pytest.approx([20.0, 0.0, 8.0])
    assert held.price_at(1) == pytest.approx([50.0])
    assert iso.real_time(_book(), [28.0, 0.0], [0.0], ALL_ON).price_at(1) == pytest.approx([20.0])


def test_a_unit_that_failed_is_simply_not_on() -> None:
    found = Iso((), _small()).real_time(_book(), [28.0, 0.0], [0.0], np.array([False, True, True]))
    assert found.price_at(1) == pytest.approx([50.0])


def test_figures_of_the_wrong_shape_or_that_are_none_are_refused_together() -> None:
    with pytest.raises(InputError) as refused:
        Iso((), _small()).real_time(_book(), [28.0], [np.nan], ALL_ON)
    assert [problem.where for problem in refused.value.problems] == ["load_mw", "wind_mw"]


def _ercot_day(bids: dict[str, Bid] | None = None) -> DayAheadResult:
    """The first eight hours of 10 August with two fifths of each bus' load price-responsive."""
    hour = int(np.searchsorted(load_table()[0], MIDNIGHT_S))
    when, hours = slice(hour, hour + 8), DAY[:8]
    load = load_table()[1][when]
    industry = np.tile([industrial_mw(bus) for bus in buses()], (8, 1))
    given = bids
    if given is None:
        rest = load - industry
        given = {
            who.name: Bid(
                who.name,
                tuple(Demand.quadratic(0.8 * q, 0.4 * q, 60.0, 50.0 / (0.8 * q)) for q in rest[:, k]),
            )
            for k, who in enumerate(EIGHT)
        }
    iso = Iso(EIGHT, effort=Effort(gap_frac=5e-3))
    return iso.day_ahead(BidBook("da", hours, given), industry, ercot_wind()[2][when], iso.start())


@pytest.fixture(scope="module")
def ercot_day() -> DayAheadResult:
    return _ercot_day()


def test_the_day_balances_at_every_bus_and_keeps_its_limits(ercot_day: DayAheadResult) -> None:
    grid, industry = ercot_grid(), np.array([industrial_mw(bus) for bus in buses()])
    assert ercot_day.on is not None
    for t, hour in enumerate(ercot_day.hours):
        out = np.bincount(grid.lines.from_bus, hour.flow_mw, grid.size)
        out -= np.bincount(grid.lines.to_bus, hour.flow_mw, grid.size)
        taken = np.array([ercot_day.trades[who.name].cleared_mw[t] for who in EIGHT])
        made = np.bincount(grid.units.bus, hour.generation_mw, grid.size)
        assert made - out - hour.spilled_mw == pytest.approx(industry + taken, abs=1e-5)
        assert (np.abs(hour.flow_mw) <= grid.lines.limit_mw + 1e-6).all()
        assert (hour.generation_mw <= grid.units.max_mw * ercot_day.on[t] + 1e-6).all()


def test_every_bid_takes_exactly_what_its_worth_says_at_the_price(ercot_day: DayAheadResult) -> None:
    """The worth falls from 60 to 10 USD/MWh over 0.4·q: taken is 0.4·q·(60 − price)/50, to 1e-6."""
    hour = int(np.searchsorted(load_table()[0], MIDNIGHT_S))
    for k, who in enumerate(EIGHT):
        rest = load_table()[1][hour : hour + 8, k] - industrial_mw(who.bus)
        price, cleared = ercot_day.price_at(who.bus), ercot_day.trades[who.name].cleared_mw
        assert cleared == pytest.approx(rest * (0.8 + 0.4 * (60 - price) / 50), rel=1e-6)


def test_the_same_day_twice_is_the_same_to_the_last_bit(ercot_day: DayAheadResult) -> None:
    again = _ercot_day()
    assert ercot_day.price_usd_per_mwh.tobytes() == again.price_usd_per_mwh.tobytes()
    assert ercot_day.generation_mw.tobytes() == again.generation_mw.tobytes()


def test_the_next_day_begins_where_this_one_ended(ercot_day: DayAheadResult) -> None:
    assert ercot_day.state is not None
    assert ercot_day.on is not None
    assert (ercot_day.state.units.on == ercot_day.on[-1]).all()
    assert set(ercot_day.state.last_mw) == {who.name for who in EIGHT}


def test_ercots_units_have_ramps_times_and_start_costs() -> None:
    # Rows of case_config_8bus.json: unit 14 (coal, 92.88 MW/min, 269,413.92 USD), unit 22 (nuclear, 4.86).
    system = ercot_system()
    at = {int(number): k for k, number in enumerate(system.grid.units.number)}
    able = system.abilities
    assert able.ramp_mw_per_min[at[14]] == pytest.approx(92.88)
    assert able.startup_usd[at[14]] == pytest.approx(269413.92)
    assert able.ramp_mw_per_min[at[22]] == pytest.approx(4.86)
    assert able.always_on[[at[22], at[26]]].all()
    assert not ercot_system(minimum_times=False).abilities.min_up_h.any()


SERIES = PriceSeries([interval.start_s for interval in DAY], np.arange(24) / 1000)


def test_a_stand_in_with_a_price_series_gives_each_bid_what_it_wants_at_the_price() -> None:
    # 10 MW firm, 5 MW from 20 down to 10 USD/MWh: hour 12 costs 12, of the 5 MW 4 are worth it.
    demand = Demand(10.0, np.array([5.0]), np.array([20.0]), np.array([10.0]))
    stub = StubIso(SERIES, (Participant("a", 3, scale=2.0),))
    book = BidBook("da", DAY, {"a": Bid("a", (demand,) * 24)})
    found = stub.day_ahead(book, np.zeros((24, 8)), np.zeros((24, 34)), stub.start())
    assert found.price_at(3) == pytest.approx(np.arange(24.0))
    assert found.trades["a"].cleared_mw[[0, 12, 23]] == pytest.approx([15.0, 14.0, 10.0])
    assert found.trades["a"].as_result("m").quantity_kw[12] == pytest.approx(7000.0)
    assert found.state is not None
    assert found.state.last_mw["a"][12] == pytest.approx(14.0)


def test_a_stand_in_with_a_supply_curve_meets_all_bids_together() -> None:
    # 10 + 0.1·Q USD/MWh; 50 MW of other load, 20 and 30 firm: 20 USD/MWh, and a block of 40 at 22 up to it:
    # 10 + 0.1·(100 + x) = 22 at x = 20.
    supply = QuadraticSupply.from_mw(0.0, 0.1, 10.0)
    bids = (("a", Demand.blocks(20.0, [40.0], [22.0])), ("b", Demand.fixed(30.0)))
    stub = StubIso(supply, TWO)
    found = stub.real_time(_book(*bids), np.array([50.0]), NONE)
    assert found.price_at(5) == pytest.approx([22.0])
    assert [found.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([40.0, 30.0])
    silent = stub.real_time(_book(), np.array([50.0]), NONE, None, found.state)
    assert [silent.trades[name].cleared_mw[0] for name in "ab"] == pytest.approx([40.0, 30.0])


def test_a_stand_in_without_a_price_says_so() -> None:
    stub = StubIso(PriceSeries([0], [0.03]), TWO)
    with pytest.raises(DsoError, match="must have a price"):
        stub.real_time(_book(), np.zeros(8), NONE)
