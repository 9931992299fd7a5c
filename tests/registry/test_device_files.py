"""Devices from a CSV file: as given, the rest drawn, and everything that is wrong told by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dso.cli.failing import told as code_of
from dso.cli.main import cli
from dso.errors import InputError
from dso.homes.batteries import draw_batteries
from dso.homes.roofs import draw_roofs
from dso.registry.device_files import from_table
from tests.engine.homes_study import homes, told, write

COUNT, SEED = 10, 3
EVERYBODY = draw_batteries(COUNT, SEED, 1.0)


def table(folder: Path, text: str, name: str = "own.csv") -> str:
    (folder / name).write_bytes(text.encode("latin-1"))
    return name


def problems(folder: Path, text: str) -> list[str]:
    """What the user reads of a file of batteries, without the place in the scenario."""
    data = homes({"battery": {"share": 0.5, "file": table(folder, text)}})
    path = write(folder, data)
    line = path.read_text().splitlines().index("  battery:") + 1
    start = f"study.yaml:{line} devices.battery: "
    lines = told(path)
    assert all(x.startswith(start) for x in lines), lines
    return [x.removeprefix(start) for x in lines]


# --- what is given counts ---------------------------------------------------------------------------------


def test_nameplates_of_the_file_count_and_others_are_those_that_the_customer_would_have_drawn(
    tmp_path,
) -> None:
    name = table(tmp_path, "customer,capacity_kwh,charge_kw\n7,20,4\n2,30,6\n")
    own = from_table(name, tmp_path, EVERYBODY)
    assert own.customers.tolist() == [2, 7]
    assert own.capacity_kwh.tolist() == [30, 20]
    assert own.charge_kw.tolist() == [6, 4]
    for field in ("discharge_kw", "charge_frac", "discharge_frac", "profit_margin_frac"):
        np.testing.assert_array_equal(getattr(own, field), getattr(EVERYBODY, field)[[2, 7]])


def test_the_order_of_rows_and_columns_blank_lines_and_blanks_do_not_matter(tmp_path) -> None:
    one = from_table(table(tmp_path, "customer,capacity_kwh\n7,20\n2,30\n"), tmp_path, EVERYBODY)
    text = "\ufeffcapacity_kwh , customer\r\n\r\n 30,2 \r\n,\r\n20,7\r\n"
    (tmp_path / "other.csv").write_text(text, encoding="utf-8", newline="")
    other = from_table("other.csv", tmp_path, EVERYBODY)
    for field in ("customers", "capacity_kwh", "reserve_kwh"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_a_file_of_customers_alone_says_who_owns_one(tmp_path) -> None:
    own = from_table(table(tmp_path, "customer\n4\n"), tmp_path, EVERYBODY)
    assert own.customers.tolist() == [4]
    assert own.capacity_kwh[0] == EVERYBODY.capacity_kwh[4]


def test_a_choice_is_written_as_0_or_1(tmp_path) -> None:
    roofs = draw_roofs(np.ones(COUNT), SEED, 1.0)
    own = from_table(table(tmp_path, "customer,curtailable\n1,1\n2,0\n"), tmp_path, roofs)
    assert own.curtailable.tolist() == [True, False]
    with pytest.raises(InputError, match=r"own\.csv:2: curtailable must be 0 or 1, was 0\.5"):
        from_table(table(tmp_path, "customer,curtailable\n1,0.5\n"), tmp_path, roofs)


# --- what is wrong is told --------------------------------------------------------------------------------

WRONG = {
    "negative": ("customer,capacity_kwh\n1,-1\n", "own.csv:2: capacity_kwh must be above 0, was -1"),
    "a reserve above the capacity": (
        "customer,capacity_kwh,reserve_kwh\n2,5,6\n",
        "own.csv:2: reserve_kwh must be at most capacity_kwh, was 6",
    ),
    "an unknown column": (
        "customer,capacty_kwh\n3,5\n",
        "own.csv: there is no column 'capacty_kwh'; did you mean 'capacity_kwh'?",
    ),
    "a column twice": (
        "customer,capacity_kwh,capacity_kwh\n1,5,6\n",
        "own.csv: column 'capacity_kwh' stands there twice",
    ),
    "text": ("customer,capacity_kwh\n3,5\n1,big\n", "own.csv:3: capacity_kwh must be a number, was 'big'"),
    "nothing": ("customer,capacity_kwh\n3,\n", "own.csv:2: capacity_kwh must be a number, was ''"),
    "no number": ("customer,capacity_kwh\n3,nan\n", "own.csv:2: capacity_kwh must be a number, was 'nan'"),
    "infinite": ("customer,capacity_kwh\n3,inf\n", "own.csv:2: capacity_kwh must be a number, was 'inf'"),
    "after blank lines": (
        "customer,capacity_kwh\n\n\n3,x\n",
        "own.csv:4: capacity_kwh must be a number, was 'x'",
    ),
    "customer twice": ("customer,capacity_kwh\n3,5\n3,6\n", "own.csv:3: customer 3 stands there twice"),
    "a stranger": ("customer\n10\n", "own.csv:2: customer must be 0 to 9, was 10"),
    "below 0": ("customer\n-1\n", "own.csv:2: customer must be 0 to 9, was -1"),
    "half a customer": ("customer\n1.5\n", "own.csv:2: customer must be 0 to 9, was 1.5"),
    "customer nan": ("customer\nnan\n", "own.csv:2: customer must be a number, was 'nan'"),
    "customer infinite": ("customer\ninf\n", "own.csv:2: customer must be a number, was 'inf'"),
    "a cell too many": (
        "customer,capacity_kwh\n1,5,7\n",
        "own.csv:2: must have 2 cells, as the header has, had 3",
    ),
    "a cell too few": (
        "customer,capacity_kwh\n1\n",
        "own.csv:2: must have 2 cells, as the header has, had 1",
    ),
    "an empty file": ("", "own.csv needs a column customer, has none"),
    "no column customer": ("capacity_kwh\n5\n", "own.csv needs a column customer, has capacity_kwh"),
    "a header alone": (
        "customer,capacity_kwh\n",
        "own.csv holds no device; leave the kind out if nobody owns one",
    ),
    "another encoding": ("customer,capacity_kwh\n1,5\xb5\n", "must be a UTF-8 text file"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_cannot_be_used_is_told_by_its_line(case, tmp_path) -> None:
    text, line = WRONG[case]
    assert problems(tmp_path, text) == [line]


def test_all_is_told_at_once_by_lines_of_the_file_whatever_the_order_of_customers(tmp_path) -> None:
    assert problems(tmp_path, "customer,capacity_kwh\n3,5\n2,-1\n1,7\n0,-4\n") == [
        "own.csv:3: capacity_kwh must be above 0, was -1",
        "own.csv:5: capacity_kwh must be above 0, was -4",
    ]
    assert problems(tmp_path, "customer,capacity_kwh\n3,x\n3,y\n12,1\n") == [
        "own.csv:2: capacity_kwh must be a number, was 'x'",
        "own.csv:3: capacity_kwh must be a number, was 'y'",
        "own.csv:3: customer 3 stands there twice",
        "own.csv:4: customer must be 0 to 9, was 12",
    ]


def test_a_file_full_of_mistakes_is_told_in_ten_lines_and_a_count(tmp_path) -> None:
    lines = problems(tmp_path, "customer\n" + "x\n" * 25)
    assert len(lines) == 11
    assert lines[-1] == "and 15 more"


def test_a_file_that_is_not_there_and_one_that_is_a_folder(tmp_path) -> None:
    for name in ("none.csv", "."):
        path = write(tmp_path, homes({"battery": {"share": 0.5, "file": name}}))
        (line,) = told(path)
        assert line.endswith(f"devices.battery: there is no file {name} beside the scenario")


def test_elastic_load_has_no_file(tmp_path) -> None:
    name = table(tmp_path, "customer\n1\n")
    (line,) = told(write(tmp_path, homes({"elastic": {"share": 0.5, "file": name}})))
    assert line.endswith("devices.elastic: file: elastic load has no nameplates; leave it out")


def test_a_vehicle_that_can_never_reach_its_need_is_told_with_its_customer(tmp_path) -> None:
    name = table(tmp_path, "customer,capacity_kwh,reserve_kwh,charge_kw\n4,8,7.9,7\n")
    lines = told(write(tmp_path, homes({"ev": {"share": 0.5, "file": name}})))
    assert lines
    assert all("devices.ev: vehicle of customer 4: " in line for line in lines)
    assert all("must be at most 0.1 kWh, capacity_kwh less reserve_kwh" in line for line in lines)


@pytest.mark.parametrize("command", ["check", "run"])
def test_commands_end_with_2_and_write_nothing(command, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad = {
        "battery": {"share": 1.0, "file": table(tmp_path, "customer,capacity_kwh\ninf,-1\n")},
        "hvac": {"share": 1.0, "cooling_set_point_c": 18, "heating_set_point_c": 22},
    }
    path = write(tmp_path, homes(bad))
    assert code_of(cli, [command, str(path)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    assert (
        sum("devices.battery: own.csv:2: customer must be a number, was 'inf'" in line for line in err) == 1
    )
    assert (
        sum("devices.hvac: cooling_c must be at least 1 above heating_c, was 18" in line for line in err) == 1
    )
    assert not (tmp_path / "runs").exists()
