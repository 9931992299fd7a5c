"""Meter data of a run as Green Button: exact, repeatable, read by others."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from dso.errors import InputError
from dso.formats import UNKNOWN, Feed, MeterColumns, Study, meters, read_green_button
from dso.run_file import RunReader
from tests.formats.handmade import NOON_S, QUARTER_S, metered

ESPI = "{http://naesb.org/espi}"
STUDY = Study("by hand", "key", "America/Chicago")
# customer 0 draws; 1 injects at times; 2 has a gap; 3 reads more than fits a double's half
COLUMNS = [(1_126_045, -250_001, 7, 2**46 + 1), (0, 3, None, 2**46 + 3), (999_999, -1, 11, 2**46 + 5)]
ENROLMENTS = [{"tariff": "live & <new>", "customers": [0, 1]}, {"tariff": "standard", "customers": [2, 3]}]
ORDER = {  # of the schema's sequences; what we do not write is left out
    "UsagePoint": "ServiceCategory status serviceDeliveryPoint",
    "LocalTimeParameters": "dstEndRule dstOffset dstStartRule tzOffset",
    "ReadingType": "accumulationBehaviour commodity dataQualifier defaultQuality flowDirection "
    "intervalLength kind powerOfTenMultiplier uom",
    "IntervalReading": "ReadingQuality timePeriod value",
    "timePeriod": "duration start",
}


def written(run: Path, target: Path, *customers: int) -> Path:
    with RunReader(run) as reader, target.open("w", encoding="utf-8") as file:
        columns = MeterColumns(reader, customers)
        Feed(STUDY, columns.grid).write(file, columns, STUDY.name)
    return target


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return metered(tmp_path / "run.dso", COLUMNS, enrolments=ENROLMENTS)


@pytest.mark.parametrize("slab", [1, 5, 2_000_000])
def test_what_was_metered_comes_back_to_the_milliwatt_hour(
    run: Path, tmp_path: Path, slab: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few values are held at a time; missing readings stay missing."""
    monkeypatch.setattr(meters, "SLAB_VALUES", slab)
    points = read_green_button(written(run, tmp_path / "all.xml"))
    assert [p.name for p in points] == ["customer 0", "customer 1", "customer 2", "customer 3"]
    for customer, point in enumerate(points):
        kept = [(place, c[customer]) for place, c in enumerate(COLUMNS) if c[customer] is not None]
        assert point.starts_s.tolist() == [NOON_S + QUARTER_S * place for place, _ in kept]
        assert set(point.durations_s.tolist()) == {QUARTER_S}
        assert [round(kwh * 10**6) for kwh in point.kwh.tolist()] == [value for _, value in kept]
        assert point.left_out == ()
    assert [p.gaps for p in points] == [0, 0, 1, 0]


def test_what_was_injected_is_the_reverse_flow_of_a_two_way_meter(run: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(written(run, tmp_path / "one.xml", 1)).getroot()
    flows = [int(e.text or "") for e in root.iter(f"{ESPI}flowDirection")]
    values = [int(e.text or "") for e in root.iter(f"{ESPI}value")]
    assert flows == [1, 19]
    assert values == [0, 3, 0, 250_001, 0, 1]


def test_who_never_injects_has_no_reverse_flow(run: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(written(run, tmp_path / "one.xml", 0)).getroot()
    assert [e.text for e in root.iter(f"{ESPI}flowDirection")] == ["1"]
    assert [e.text for e in root.iter(f"{ESPI}powerOfTenMultiplier")] == ["-3"]
    assert [e.text for e in root.iter(f"{ESPI}uom")] == ["72"]
    assert [e.text for e in root.iter(f"{ESPI}intervalLength")] == ["900"]


def test_elements_stand_in_the_order_of_the_schema(run: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(written(run, tmp_path / "all.xml")).getroot()
    for name, order in ORDER.items():
        for element in root.iter(f"{ESPI}{name}"):
            inside = [child.tag.removeprefix(ESPI) for child in element]
            assert inside == [n for n in order.split() if n in inside]
            assert name == "IntervalReading" or inside == order.split()


def test_names_with_marks_in_them_are_written_as_text(run: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(written(run, tmp_path / "one.xml", 0)).getroot()
    assert [e.text for e in root.iter(f"{ESPI}tariffProfile")] == ["live & <new>"]


def test_the_same_run_gives_the_same_file_and_every_entry_another_id(run: Path, tmp_path: Path) -> None:
    first = written(run, tmp_path / "a.xml").read_text(encoding="utf-8")
    assert written(run, tmp_path / "b.xml").read_text(encoding="utf-8") == first
    ids = re.findall(r"<id>urn:uuid:([0-9a-f-]{36})</id>", first)
    assert len(ids) == len(set(ids)) == first.count("<entry>") + 1
    assert {i[14] for i in ids} == {"5"}  # the version of the UUID


def test_estimates_are_marked_and_by_which_rule(tmp_path: Path) -> None:
    """ESPI: 8 estimated from others like it, 12 projected, 0 valid."""
    estimates = [
        {"interval_start": NOON_S, "rule": "similar", "customers": [1], "customers_milliwh": [2]},
        {"interval_start": NOON_S + QUARTER_S, "rule": "schedule", "customers": [0, 1]},
    ]
    run = metered(tmp_path / "run.dso", [(1, 2), (3, 4), (5, 6)], estimates=estimates)
    points = read_green_button(written(run, tmp_path / "all.xml"))
    assert [p.quality.tolist() for p in points] == [[0, 12, 0], [8, 12, 0]]


def test_a_block_is_a_day_at_the_place_and_its_readings_fill_it(tmp_path: Path) -> None:
    """Twelve hours after noon in Chicago another day begins."""
    run = metered(tmp_path / "run.dso", [(1,)] * 50)
    root = ElementTree.parse(written(run, tmp_path / "all.xml")).getroot()
    blocks = list(root.iter(f"{ESPI}IntervalBlock"))
    assert [len(b.findall(f"{ESPI}IntervalReading")) for b in blocks] == [48, 2]
    assert [b.findtext(f"{ESPI}interval/{ESPI}duration") for b in blocks] == ["43200", "1800"]


def test_a_reader_from_elsewhere_finds_the_same_energy(run: Path, tmp_path: Path) -> None:
    parse = pytest.importorskip("greenbutton_objects.parse", reason="greenbutton-objects from PyPI")
    points = parse.parse_feed(written(run, tmp_path / "all.xml"))
    assert len(points) == 4
    for customer, point in enumerate(points):
        assert (point.title, point.status, point.serviceCategory.name) == (
            f"customer {customer}",
            1,
            "electricity",
        )
        net: dict[float, float] = {}
        for meter in point.meterReadings:
            assert (meter.readingType.uom.name, meter.readingType.kind.name) == ("wattHours", "energy")
            sign = 1 if meter.readingType.flowDirection.name == "forward" else -1
            for one in meter.intervalReadings:
                assert one.timePeriod.duration.total_seconds() == QUARTER_S
                start_s = one.timePeriod.start.timestamp()
                net[start_s] = net.get(start_s, 0) + sign * one.value
        expected = {
            NOON_S + QUARTER_S * p: c[customer] for p, c in enumerate(COLUMNS) if c[customer] is not None
        }
        assert net == pytest.approx({start: (mwh or 0) / 1e3 for start, mwh in expected.items()}, rel=1e-12)


def test_a_run_without_customers_meters_says_what_to_change(tmp_path: Path) -> None:
    run = metered(tmp_path / "run.dso", [None, None])
    with RunReader(run) as reader, pytest.raises(InputError, match="records: awards"):
        MeterColumns(reader)


def test_every_customer_who_is_not_there_is_named(run: Path) -> None:
    with RunReader(run) as reader, pytest.raises(InputError, match="it has 0 to 3") as error:
        MeterColumns(reader, (2, 4, 9))
    assert [p.where for p in error.value.problems] == ["customer 4", "customer 9"]


def test_an_interval_without_any_reading_is_a_gap_of_all(tmp_path: Path) -> None:
    run = metered(tmp_path / "run.dso", [(1,), None, (3,)])
    with RunReader(run) as reader:
        columns = MeterColumns(reader)
        (meter,) = columns
        assert meter.milliwh.tolist() == [1, UNKNOWN, 3]
        target = io.StringIO()
        assert Feed(STUDY, columns.grid).write(target, [meter], "a") == 2
    assert np.unique(columns.grid.durations_s).tolist() == [QUARTER_S]
