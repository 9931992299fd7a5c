"""Green Button files of others: units, gaps, several points, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dso.errors import InputError
from dso.formats import UsagePoint, read_green_button
from tests.formats.handmade import block, entry, feed, meter, point, reading, reading_type

T0 = 1_293_868_800  # 2011-01-01T08:00Z
HOUR_S = 3600
TWO = block(reading(T0, 5), reading(T0 + HOUR_S, 7))


def read(path: Path, *entries: str) -> list[UsagePoint]:
    file = path / "meter.xml"
    file.write_text(feed(*entries), encoding="utf-8")
    return read_green_button(file)


def wrong(path: Path, *entries: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(path, *entries)
    return [str(p).removeprefix(f"{path}/") for p in error.value.problems]


@pytest.mark.parametrize(
    ("multiplier", "kwh"), [(None, 0.005), (0, 0.005), (3, 5.0), (-3, 0.000005), (6, 5000.0), (-6, 5e-9)]
)
def test_any_multiplier_is_turned_into_kwh(tmp_path: Path, multiplier: int | None, kwh: float) -> None:
    numbers = {} if multiplier is None else {"powerOfTenMultiplier": multiplier}
    (one,) = read(tmp_path, point(), meter(TWO, reading_type(**numbers)))
    assert one.kwh[0] == kwh
    assert one.name == "house 1"
    assert (one.starts_s.tolist(), one.durations_s.tolist()) == ([T0, T0 + HOUR_S], [HOUR_S, HOUR_S])


def test_average_power_counts_for_as_long_as_it_lasted(tmp_path: Path) -> None:
    """8 kW over a quarter of an hour are 2 kWh."""
    quarter = block(reading(T0, 8, 900))
    kind = reading_type(uom=38, kind=37, powerOfTenMultiplier=3, accumulationBehaviour=6, dataQualifier=2)
    (one,) = read(tmp_path, point(), meter(quarter, kind))
    assert one.kwh.tolist() == [2.0]


def test_what_flows_back_is_taken_off_and_a_lone_reading_counts_the_other_as_nothing(tmp_path: Path) -> None:
    back = block(reading(T0 + HOUR_S, 9), reading(T0 + 2 * HOUR_S, 4))
    (one,) = read(
        tmp_path, point(), meter(TWO, reading_type()), meter(back, reading_type(flowDirection=19), channel=2)
    )
    assert one.kwh.tolist() == pytest.approx([0.005, -0.002, -0.004], rel=1e-12)


def test_net_flow_is_taken_as_it_is_but_not_beside_forward_and_reverse(tmp_path: Path) -> None:
    net = block(reading(T0, -6))
    (alone,) = read(tmp_path, point(), meter(net, reading_type(flowDirection=4)))
    assert alone.kwh.tolist() == [-0.006]
    (beside,) = read(
        tmp_path, point(), meter(TWO, reading_type()), meter(net, reading_type(flowDirection=4), channel=2)
    )
    assert beside.kwh.tolist() == [0.005, 0.007]
    assert beside.left_out == ("channel 2: counts the same energy as channel 1",)


def test_net_flow_without_forward_leaves_the_reverse_out(tmp_path: Path) -> None:
    net, back = block(reading(T0, -6)), block(reading(T0, 6))
    (one,) = read(
        tmp_path, point(), meter(back, reading_type(flowDirection=19)),
        meter(net, reading_type(flowDirection=4), channel=2),
    )  # fmt: skip
    assert one.kwh.tolist() == [-0.006]
    assert one.left_out == ("channel 1: counts the same energy as channel 2",)


def test_the_finest_of_several_is_taken(tmp_path: Path) -> None:
    day = block(reading(T0, 12, 86400))
    (one,) = read(tmp_path, point(), meter(day, reading_type()), meter(TWO, reading_type(), channel=2))
    assert one.kwh.tolist() == [0.005, 0.007]
    assert one.left_out == ("channel 1: counts the same energy as channel 2",)


def test_energy_split_by_period_of_the_tariff_is_added_up(tmp_path: Path) -> None:
    peak, rest = block(reading(T0, 2)), block(reading(T0, 3), reading(T0 + HOUR_S, 7))
    (one,) = read(
        tmp_path, point(), meter(peak, reading_type(tou=1)), meter(rest, reading_type(tou=2), channel=2)
    )
    assert one.kwh.tolist() == [0.005, 0.007]


def test_a_month_in_one_meter_reading_and_the_next_in_another_are_one(tmp_path: Path) -> None:
    later = block(reading(T0 + 5 * HOUR_S, 1))
    (one,) = read(tmp_path, point(), meter(later, reading_type()), meter(TWO, reading_type(), channel=2))
    assert one.kwh.tolist() == [0.005, 0.007, 0.001]
    assert one.gaps == 1


def test_what_is_no_energy_by_interval_is_left_out_and_said(tmp_path: Path) -> None:
    others = {
        "commodity 7": {"commodity": 7}, "uom 61": {"uom": 61}, "a register": {"accumulationBehaviour": 3},
        "flowDirection 20": {"flowDirection": 20}, "the maximum": {"uom": 38, "dataQualifier": 8},
    }  # fmt: skip
    entries = [meter(TWO, reading_type(**k), channel=n) for n, k in enumerate(others.values(), start=1)]
    (one,) = read(tmp_path, point(), *entries)
    assert one.kwh.size == 0
    for number, (why, said) in enumerate(zip(others, one.left_out, strict=True), start=1):
        assert said.startswith(f"channel {number}: ")
        assert why in said


def test_gas_is_left_out_beside_electricity(tmp_path: Path) -> None:
    gas = point(2, kind=1) + meter(TWO, reading_type(), 2)
    house, other = read(tmp_path, point(), meter(TWO, reading_type()), gas)
    assert house.kwh.tolist() == [0.005, 0.007]
    assert (other.name, other.kwh.size) == ("house 2", 0)
    assert other.left_out == ("house 2: service of kind 1, not electricity (0)",)


def test_readings_without_a_period_follow_one_another_from_the_start_of_the_block(tmp_path: Path) -> None:
    """The schema: if there is no period, there is a reading for each intervalLength."""
    bare = "<interval><duration>2700</duration><start>{}</start></interval>" + "".join(
        f"<IntervalReading>{v}</IntervalReading>" for v in ("<value>1</value>", "", "<value>3</value>")
    )
    (one,) = read(tmp_path, point(), meter(block(bare.format(T0)), reading_type(intervalLength=900)))
    assert one.starts_s.tolist() == [T0, T0 + 1800]
    assert one.durations_s.tolist() == [900, 900]
    assert one.gaps == 1


def test_links_with_a_host_and_a_file_with_one_of_each_are_understood(tmp_path: Path) -> None:
    """Some utilities write whole addresses in some places; some leave links out."""
    up = "https://utility.example/espi/UsagePoint/9"
    (hosted,) = read(
        tmp_path,
        entry('<UsagePoint xmlns="http://naesb.org/espi"/>', up, related=(f"{up}/MeterReading",), title="h"),
        entry('<MeterReading xmlns="http://naesb.org/espi"/>', "/espi/UsagePoint/9/MeterReading/1",
              related=("/espi/ReadingType/1",)),
        entry(reading_type(), "http://other.example/espi/ReadingType/1/"),
        entry(TWO, "/espi/UsagePoint/9/MeterReading/1/IntervalBlock/1"),
    )  # fmt: skip
    (bare,) = read(
        tmp_path,
        entry('<UsagePoint xmlns="http://naesb.org/espi"/>', title="b"),
        entry('<MeterReading xmlns="http://naesb.org/espi"/>'), entry(reading_type()), entry(TWO),
    )  # fmt: skip
    assert hosted.kwh.tolist() == bare.kwh.tolist() == [0.005, 0.007]


def test_a_reading_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    again = block(reading(T0, 5), reading(T0, 5), reading(T0 + HOUR_S, 7))
    (one,) = read(tmp_path, point(), meter(again, reading_type()))
    assert one.kwh.tolist() == [0.005, 0.007]


def test_readings_that_contradict_or_overlap_are_named_with_their_lines(tmp_path: Path) -> None:
    two = block(reading(T0, 5), reading(T0, 6))
    (what,) = wrong(tmp_path, point(), meter(two, reading_type()))
    assert what == (
        "meter.xml:8: a reading from 2011-01-01T08:00Z overlaps that of line 7, from 2011-01-01T08:00Z for "
        "3600 s; each instant may be counted once"
    )
    over = block(reading(T0, 5), reading(T0 + 1800, 6))
    assert "overlaps" in wrong(tmp_path, point(), meter(over, reading_type()))[0]


def test_directions_with_other_intervals_are_named(tmp_path: Path) -> None:
    back = block(reading(T0, 1, 900))
    (what,) = wrong(
        tmp_path, point(), meter(TWO, reading_type()), meter(back, reading_type(flowDirection=19), channel=2)
    )
    assert "must share their intervals" in what


def test_every_number_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    bad = block(
        reading(T0, "5.5"), reading(T0, 2**47 + 1), reading(T0, 1, 0), reading(T0, 1, -1), reading(T0, 1)
    )
    kind = reading_type(powerOfTenMultiplier=4)
    told = wrong(tmp_path, point(), meter(bad, kind))
    assert [w.split(":")[1] for w in told] == ["7", "8", "9", "10", "10", "5"]
    assert "value must be a whole number from -140737488355328 to 140737488355328, was '5.5'" in told[0]
    assert "duration above 0 s" in told[2]
    assert "duration must be a whole number from 0" in told[3]
    assert (
        "powerOfTenMultiplier must be one of -12, -9, -6, -3, -2, -1, 0, 1, 2, 3, 6, 9, 12, was 4" in told[5]
    )


def test_a_file_with_no_end_of_faults_is_left(tmp_path: Path) -> None:
    bad = block(*(reading(T0, "x") for _ in range(1000)))
    told = wrong(tmp_path, point(), meter(bad, reading_type()))
    assert len(told) == 51
    assert told[-1].endswith("the rest was not read")


def test_entries_that_belong_to_nothing_are_named(tmp_path: Path) -> None:
    lost = entry('<MeterReading xmlns="http://naesb.org/espi"/>', "/MeterReading/7")
    told = wrong(tmp_path, point(1), point(2), lost, entry(TWO, "/IntervalBlock/1"))
    assert told[0] == "meter.xml:5: MeterReading belongs to no UsagePoint: none has a link to it"


def test_a_meter_reading_without_a_type_is_named(tmp_path: Path) -> None:
    meter_reading = entry('<MeterReading xmlns="http://naesb.org/espi"/>', "/UsagePoint/1/MeterReading/1")
    assert "no link to a ReadingType" in wrong(tmp_path, point(), meter_reading, entry(TWO))[0]


def test_readings_without_a_period_or_a_length_are_named(tmp_path: Path) -> None:
    bare = f"<interval><duration>900</duration><start>{T0}</start></interval>"
    bare += "<IntervalReading><value>1</value></IntervalReading>"
    assert "need an intervalLength" in wrong(tmp_path, point(), meter(block(bare), reading_type()))[0]


def test_a_file_of_something_else_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "other.xml"
    file.write_text("<rss/>", encoding="utf-8")
    with pytest.raises(InputError, match="no Green Button file"):
        read_green_button(file)
    assert "no UsagePoint" in wrong(tmp_path)[0]
