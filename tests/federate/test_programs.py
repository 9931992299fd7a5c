"""The programs: what they print, what they refuse, and what they return."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dso.cli.doctor import doctor_command
from dso.cli.failing import told
from dso.cli.federate import federate_command
from dso.errors import InputError
from dso.federate import Federate, feeder_main, iso_main
from dso.federate.broker import free_port, open_broker
from dso.federate.errors import ProfileError
from dso.run_file.place import status_of
from tests.federate.conftest import loaded

SMALL = Path(__file__).parents[2] / "examples" / "small.yaml"


def configs(short: Path) -> dict[str, Any]:
    done = CliRunner().invoke(federate_command, [str(short), "--print-config"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_the_config_of_each_side_is_printed_and_fits(short: Path, tmp_path: Path) -> None:
    sides = configs(short)
    assert list(sides) == ["dso", "wholesale", "feeder"]
    assert {p["key"] for p in sides["feeder"]["publications"]} == {
        "feeder/names",
        "feeder/readings",
        "feeder/meter/energy",
        "feeder/device/energy",
        "feeder/head/energy",
    }
    assert [e["name"] for e in sides["wholesale"]["endpoints"]] == ["iso/dso"]
    file = tmp_path / "sides.json"
    file.write_text(json.dumps(sides))
    done = CliRunner().invoke(doctor_command, [str(file)])
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_doctor_tells_every_problem_and_returns_2(
    short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = configs(short)
    sides["feeder"]["publications"][1]["type"] = "double"
    sides["feeder"]["publications"][2]["key"] = "feeder/meter/power"
    file = tmp_path / "sides.json"
    file.write_text(json.dumps(sides))
    assert told(doctor_command, [str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("dso: ") for line in lines)


def test_three_processes_make_a_run_file(short: Path, tmp_path: Path) -> None:
    port = free_port()
    broker = open_broker(3, port)
    address = f"tcp://127.0.0.1:{port}"
    start = [sys.executable, "-m"]
    iso = [*start, "dso.federate.iso_main", "--stub", "--scenario", str(short), "--broker", address]
    feeder = [*start, "dso.federate.feeder_main", str(short), "--broker", address, "--quiet"]
    others = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in (iso, feeder)]
    run = tmp_path / "run.dso"
    done = CliRunner().invoke(federate_command, [str(short), "-o", str(run), "--broker", address])
    said = [other.communicate(timeout=20)[0] for other in others]
    assert done.exit_code == 0, done.output
    assert [other.returncode for other in others] == [0, 0]
    assert "iso: 6 bids cleared" in said[0]
    assert said[1] == ""
    assert status_of(run) == "finished"
    assert "6 of 6 intervals delivered, once each" in done.stdout
    broker.disconnect()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stub"], "a stub needs --price, --prices, --curve or --scenario"),
        (["--stub", "--price", "30", "--profile", "nobody"], "must be dsot"),
        (["--stub", "--prices", "/none.csv"], "none.csv"),
    ],
)
def test_the_market_refuses_wrong_input(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert iso_main.main(arguments) == 2
    assert words in capsys.readouterr().err


def test_without_a_broker_a_program_fails_in_one_line(
    short: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    quick = tmp_path / "quick.yaml"
    native = Path(iso_main.__file__).with_name("profiles") / "native.yaml"
    quick.write_text(native.read_text().replace("connect_s: 8", "connect_s: 1"))
    address = f"tcp://127.0.0.1:{free_port()}"
    assert feeder_main.main([str(short), "--broker", address, "--profile", str(quick)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"dso-feeder: feeder: no broker answered at {address} within 1 s; start one")


def test_a_result_that_is_due_at_the_gate_is_refused(short: Path) -> None:
    short.write_text(
        short.read_text().replace(
            "    delivery_lead: 0\n", "    delivery_lead: 0\n    wholesale_result_lead: 30 s\n"
        )
    )
    with pytest.raises((ProfileError, InputError), match="result"):
        Federate(loaded(short)[0])
