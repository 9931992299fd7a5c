"""dso init: a folder to start a study in."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from dso.cli.failing import WrongInput


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--tariff", metavar="NAME", help="write NAME.py instead: a tariff of your own to start from")
def init_command(folder: Path, tariff: str | None) -> None:
    """Make FOLDER with a scenario that runs as it is, every field explained."""
    if tariff is not None:
        _write_tariff(folder, tariff)
        return
    target = folder / "scenario.yaml"
    if target.exists():
        raise WrongInput(f"{target} is there already; choose another folder")
    _write(target, files("dso.scenario").joinpath("template.yaml").read_text(encoding="utf-8"))
    click.echo(f"{target} is ready. Next: dso check {target}, then dso run {target}")


def _write_tariff(folder: Path, name: str) -> None:
    if not name.isidentifier():
        raise WrongInput(f"--tariff must be a name such as night_rate, was '{name}'")
    target = folder / f"{name}.py"
    if target.exists():
        raise WrongInput(f"{target} is there already; choose another name")
    cls = "".join(part.capitalize() for part in name.split("_")) + "Tariff"
    text = files("dso.tariffs").joinpath("template.txt").read_text(encoding="utf-8")
    _write(target, text.replace("CLASS", cls).replace("FILE", target.name))
    click.echo(f"{target} is ready. Next: dso check-tariff {target}, then name it in a scenario as it says")


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongInput(f"cannot write {target}: {error.strerror}; choose another folder") from error
