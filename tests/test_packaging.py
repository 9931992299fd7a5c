"""`pip install dso-engine` gives the whole product: the built wheel, installed where nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def said(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as PyPI's users would."""
    folder = tmp_path_factory.mktemp("dist")
    said(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert sorted(path.suffix for path in folder.iterdir()) == [".gz", ".whl"]
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; its dependencies are lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    said(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    # A path in a .pth file is searched last, and the .pth files inside it do not count: not the editable dso.
    inside = next((folder / "env").glob("lib/python*/site-packages"))
    (inside / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


@pytest.fixture(scope="module")
def dso(installed: Path):
    """The installed program, run in an empty folder, with nothing of this checkout in sight."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "COV"))}

    def run(*args: str | Path, program: str = "dso") -> str:
        return said(installed / "env" / "bin" / program, *args, cwd=installed / "empty", env=env)

    return run


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"dso", "dso_engine"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".dso", ".orig"))]
    inside = {
        path.relative_to(ROOT / "statecharts").as_posix() for path in (ROOT / "statecharts").rglob("*.yaml")
    }
    assert {name.removeprefix("dso/charts/") for name in names if name.startswith("dso/charts/")} == inside
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dso").rglob("*") if path.is_file()}
    assert {name for name in package if "__pycache__" not in name} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_package_is_the_one_that_runs(installed, dso):
    code = "import dso, dso.chart_catalogue as c; print(dso.__file__, c.chart_folder())"
    module, charts = dso("-I", "-c", code, program="python").split()
    assert Path(module).is_relative_to(installed / "env")
    assert Path(charts) == Path(module).parent / "charts"


def test_every_part_works_from_an_empty_folder(installed, dso):
    assert "run" in dso("--help")
    assert "retail/auction" in dso("charts")
    assert dso("render", "market").startswith("stateDiagram-v2")
    dso("init", "study")
    scenario = installed / "empty" / "study" / "scenario.yaml"
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(text.replace("count: 200", "count: 6").replace("limit_kw: 1000", "limit_kw: 30"))
    assert "fit to run" in dso("check", scenario)
    dso("run", scenario, "-o", "tiny.dso", "--until", "2016-08-10T06:00Z")
    dso("run", scenario, "-o", "tiny.dso", "--resume")
    assert "standard" in dso("bill", "tiny.dso")
    dso("export", "tiny.dso", "out", "--table", "prices")
    assert (installed / "empty" / "out" / "prices.csv").stat().st_size > 1000
    dso("timeline", scenario)
    dso("schema", "run")


def test_tariffs_are_found_by_their_entry_points(dso):
    code = (
        "import importlib.metadata as m; print(sorted(p.name for p in m.entry_points(group='dso.tariffs')))"
    )
    assert dso("-I", "-c", code, program="python").strip() == "['auction', 'flat']"
