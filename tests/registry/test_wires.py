"""What a scenario says of its wires becomes a feeder, or one clear line of what is wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import yaml

from dso.cli.failing import told as command
from dso.cli.main import cli
from dso.errors import InputError
from dso.messages import AS_BUILT
from dso.registry.wires import Wires, wires_of
from dso.run_file import RunReader
from dso.scenario.model import Scenario
from tests.scenario.examples import small

SHORT_GLM = Path(__file__).parents[1] / "network" / "figures" / "short.glm"
NEEDS_GRIDLABD = pytest.mark.skipif(
    importlib.util.find_spec("gridlabd") is None, reason="the extra gridlabd is not installed"
)
TWO_LOADS = """Clear
New Circuit.two basekv=4.16 phases=3 bus1=head pu=1 r1=0 x1=1e-6 r0=0 x0=1e-6
New Line.near bus1=head bus2=mid r1={r} x1=0.2 r0={r} x0=0.2 c1=0 c0=0 length=1 units=km normamps=100
New Line.far phases=1 bus1=mid.2 bus2=end.2 r1=0.1 x1=0.2 r0=0.1 x0=0.2 c1=0 c0=0 length=1 units=km
New Load.one phases=1 bus1=mid.1 kv=2.4 kw={one} kvar=2
New Load.two phases=1 bus1=end.2 kv=2.4 kw={two} kvar=2
{more}
Set VoltageBases=[4.16]
CalcVoltageBases
"""
PEAK_KW = np.full(10, 5.0)


def feeder_in(folder: Path, *, r: float = 0.1, one: float = 6, two: float = 4, more: str = "") -> Path:
    path = folder / "own.dss"
    path.write_text(TWO_LOADS.format(r=r, one=one, two=two, more=more), encoding="utf-8")
    return path


def study(**network) -> dict:
    """An hour of the small study."""
    given = {**small(), "network": {"kind": "opendss", "feeder": "own.dss", **network}}
    day_ahead, real_time = given["series"]
    return {**given, "end": "2016-08-10T13:00", "series": [{**day_ahead, "intervals": 1}, real_time]}


def wires(folder: Path, peak_kw=PEAK_KW, **network) -> Wires:
    return wires_of(Scenario.model_validate(study(**network)), folder, peak_kw)


def refusal(folder: Path, peak_kw=PEAK_KW, **network) -> str:
    with pytest.raises(InputError) as refused:
        wires(folder, peak_kw, **network)
    text = str(refused.value)
    assert not any(raw in text for raw in ("DSSException", "#", "Reported From", "Error Description"))
    return text


def table(folder: Path, *rows: str, head: str = "customer,point") -> str:
    (folder / "places.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return "places.csv"


def run_of(folder: Path, scenario: dict) -> RunReader:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    assert command(cli, ["run", str(path), "-o", str(folder / "study.dso")]) == 0
    return RunReader(folder / "study.dso")


# --- who sits where -------------------------------------------------------------------------------


def test_customers_are_spread_as_the_load_of_the_file_is(tmp_path):
    feeder_in(tmp_path)
    made = wires(tmp_path, services=False)
    assert made.network.points == ("one", "two")
    assert np.bincount(made.point_of).tolist() == [6, 4]


def test_homes_hang_at_the_loads_of_the_file_in_the_same_proportion(tmp_path):
    feeder_in(tmp_path)
    made = wires(tmp_path)
    places = [made.network.points[k].partition("-")[0] for k in made.point_of]
    assert (places.count("mid.1"), places.count("end.2")) == (6, 4)


def test_a_table_says_where_each_customer_sits(tmp_path):
    feeder_in(tmp_path)
    rows = [f"{k},{'two' if k % 2 else 'ONE'}" for k in range(10)]
    made = wires(tmp_path, services=False, customers=table(tmp_path, *rows))
    assert [made.network.points[k] for k in made.point_of] == ["one", "two"] * 5


def test_a_table_names_loads_by_bus_and_phase_where_homes_hang_on_transformers(tmp_path):
    feeder_in(tmp_path)
    rows = [f"{k},{'end.2' if k in (2, 7) else 'mid.1'}" for k in range(10)]
    made = wires(tmp_path, customers=table(tmp_path, *reversed(rows)))
    names = [made.network.points[k] for k in made.point_of]
    assert [k for k, name in enumerate(names) if name.startswith("end.2-")] == [2, 7]
    assert [names.count(name) for name in made.network.points] == [4, 4, 2]  # at most six each, evenly


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([f"{k},one" for k in range(9)], "places.csv has no line for customer 9"),
        ([], "places.csv has no line for customer 0, 1, 2, 3, 4 …"),
        ([f"{k},one" for k in range(10)] + ["3,two"], "places.csv:12: customer 3 stands there twice"),
        ([f"{k},one" for k in range(11)], "places.csv:12: customer must be 0 to 9, was '10'"),
        ([*(f"{k},one" for k in range(9)), "x,one"], "places.csv:11: customer must be 0 to 9, was 'x'"),
        ([*(f"{k},one" for k in range(9)), "9"], "places.csv: there is no point ''"),
        ([*(f"{k},one" for k in range(9)), "9,tow"], "places.csv: there is no point 'tow'; did you mean"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_what_is_wrong(tmp_path, rows, said):
    feeder_in(tmp_path)
    told = refusal(tmp_path, services=False, customers=table(tmp_path, *rows))
    assert told.startswith(said)
    assert "\n" not in told


def test_a_table_without_its_columns_is_refused(tmp_path):
    feeder_in(tmp_path)
    told = refusal(tmp_path, services=False, customers=table(tmp_path, "0,one", head="home,bus"))
    assert told == "places.csv needs the columns customer and point, has home, bus"


def test_a_table_that_is_not_there_is_refused(tmp_path):
    feeder_in(tmp_path)
    for services in (True, False):
        told = refusal(tmp_path, services=services, customers="gone.csv")
        assert told == "gone.csv cannot be read as a table in UTF-8: is it beside the scenario?"


# --- what is wrong with a file --------------------------------------------------------------------

ISLAND = "New Line.away phases=1 bus1=a.1 bus2=b.1 r1=1 x1=1 length=1"
BAD = {
    "no such bus": ("New Load.x phases=1 bus1=nowhere.2 kv=2.4 kw=1", "nowhere.2, which no line"),
    "missing phase": ("New Load.x phases=1 bus1=end.3 kv=2.4 kw=1", "at end.3, but bus end has phase 2 only"),
    "island": (ISLAND, "line.away is an island"),
    "no length": ("New Line.z phases=1 bus1=end.2 bus2=z.2 length=0", "Line.z has no impedance"),
    "no impedance": (
        "New Line.z phases=1 bus1=end.2 bus2=z.2 r1=0 x1=0 r0=0 x0=0 c1=0 c0=0 length=1",
        "Line.z has no impedance",
    ),
    "next to no impedance": (
        "New Line.z phases=1 bus1=end.2 bus2=z.2 r1=1e-12 x1=0 r0=1e-12 x0=0 c1=0 c0=0 length=1 units=km",
        "line.z has no impedance",
    ),
    "transformer": (
        "New Transformer.t phases=1 windings=2 buses=[end.2 t.1] kvs=[2.4 0.24] kvas=[25 25] xhl=0",
        "transformer.t has no impedance",
    ),
    "kind": ("New Lime.a", "own.dss:7: there is no kind of element called Lime"),
    "property": ("New Load.a bus1=end.2 foo=3", "own.dss:7: Load.a has no property foo"),
    "number": ("New Load.a bus1=end.2 kw=abc", "own.dss:7: abc is not a number"),
    "code": ("New Line.a bus1=mid bus2=a linecode=x", "own.dss:7: Line.a names LineCode x, which there is"),
    "file": ("Redirect gone.dss", "own.dss:7: there is no file gone.dss"),
    "twice": ("New Load.one phases=1 bus1=end.2 kv=2.4 kw=1", "own.dss:7: Load.one is defined twice"),
    "circle": ("Redirect own.dss", "own.dss has no end: own.dss reads own.dss"),
    "command": ("Blow up", "own.dss:7: OpenDSS refuses the line 'Blow up'"),
    "open": ("Open Line.far 1", "end.2, which no line or transformer joins to the source"),
}


@pytest.mark.parametrize("services", [True, False])
@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_used_is_refused_in_plain_words(tmp_path, capfd, case, services):
    more, said = BAD[case]
    feeder_in(tmp_path, more=more)
    told = refusal(tmp_path, services=services)
    assert said in told
    assert len(told.splitlines()) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("services", [True, False])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "own.dss makes no circuit: it must begin with New Circuit"),
        ("New Line.a bus1=x bus2=y\n", "own.dss:1: it must begin with New Circuit"),
    ],
)
def test_a_file_without_a_circuit_is_refused(tmp_path, text, said, services):
    (tmp_path / "own.dss").write_text(text, encoding="utf-8")
    assert refusal(tmp_path, services=services) == said


def test_a_file_without_loads_is_refused(tmp_path):
    path = feeder_in(tmp_path)
    kept = [line for line in path.read_text().splitlines() if "Load" not in line]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert refusal(tmp_path) == "own.dss: no load of it draws anything, so there is no place for homes"
    assert refusal(tmp_path, services=False) == "own.dss: it has no load, so there is no place for customers"


def test_loads_that_draw_nothing_are_no_place_for_customers(tmp_path):
    feeder_in(tmp_path, one=0, two=0)
    assert "no load of it draws anything" in refusal(tmp_path)
    assert "no load of the feeder draws anything" in refusal(tmp_path, services=False)


def test_a_load_that_draws_nothing_beside_one_that_does_is_left_alone(tmp_path):
    feeder_in(tmp_path, two=0)
    assert {name.partition("-")[0] for name in wires(tmp_path).network.points} == {"mid.1"}


def test_a_file_without_nominal_voltages_is_refused(tmp_path):
    path = feeder_in(tmp_path)
    kept = [s for s in path.read_text().splitlines() if "VoltageBases" not in s]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert "it needs Set VoltageBases and CalcVoltageBases" in refusal(tmp_path, services=False)


def test_a_file_whose_own_load_its_wires_cannot_carry_is_refused(tmp_path):
    feeder_in(tmp_path, r=100, one=400)
    assert "the voltage collapses at mid.1" in refusal(tmp_path, services=False)


def test_a_customer_too_large_for_any_service_transformer_is_refused(tmp_path):
    feeder_in(tmp_path)
    told = refusal(tmp_path, np.full(10, 500.0))
    assert "kVA are needed; customers as large as that need `services: false`" in told


def test_a_file_may_show_and_scale_its_loads(tmp_path):
    feeder_in(tmp_path, more="Set LoadMult=0.5")
    made = wires(tmp_path, services=False)
    assert made.network.feeder.base_kw.tolist() == [3.0, 2.0]
    flow = made.network.flow(np.array([6.0, 4.0]), AS_BUILT)
    assert flow.head_kw == pytest.approx(10.0 + flow.losses_kw, abs=1e-4)


# --- as a run -------------------------------------------------------------------------------------


def test_where_a_feeder_does_not_converge_static_limits_hold_and_money_balances(tmp_path):
    feeder_in(tmp_path, r=400, one=0.6, two=0.4)  # no more than 3.6 kW get to mid.1: 2400² / (4 · 400)
    scenario = study(services=False, import_limit_kw=100, loss_frac=0.03)
    with run_of(tmp_path, scenario) as reader:
        audit = reader.row("SELECT * FROM audit")
        asked = reader.row("SELECT COUNT(*) n FROM journal WHERE event = 'network_unavailable'")
        marked = reader.row("SELECT COUNT(*) n FROM journal WHERE degraded = 'static limits'")
    assert asked["n"] >= 5  # the hour ahead, and its quarters
    assert marked["n"] == asked["n"]
    assert audit["money_uusd"] == 0
    assert audit["markets_unbalanced"] == 0
    assert audit["delivered_exactly_once"]


@NEEDS_GRIDLABD
def test_an_hour_on_a_feeder_of_gridlabd_is_run_and_settled(tmp_path):
    (tmp_path / "feeder.glm").write_text(SHORT_GLM.read_text(encoding="utf-8"), encoding="utf-8")
    scenario = study()
    scenario["network"] = {"kind": "gridlabd", "glm": "feeder.glm"}
    with run_of(tmp_path, scenario) as reader:
        audit = reader.row("SELECT * FROM audit")
        failed = reader.row("SELECT COUNT(*) n FROM journal WHERE event = 'network_unavailable'")
    assert failed["n"] == 0
    assert audit["money_uusd"] == 0
    assert audit["delivered_exactly_once"]


def test_a_glm_that_is_not_there_is_refused(tmp_path):
    scenario = study()
    scenario["network"] = {"kind": "gridlabd", "glm": "gone.glm"}
    with pytest.raises(InputError, match=r"there is no file gone\.glm beside the scenario"):
        wires_of(Scenario.model_validate(scenario), tmp_path, PEAK_KW)
