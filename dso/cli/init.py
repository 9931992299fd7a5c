"""dso init: a folder to start a study in."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from dso.cli.failing import WrongInput


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
def init_command(folder: Path) -> None:
    """Make FOLDER with a scenario that runs as it is, every field explained."""
    target = folder / "scenario.yaml"
    if target.exists():
        raise WrongInput(f"{target} is there already; choose another folder")
    text = files("dso.scenario").joinpath("template.yaml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongInput(f"cannot write {target}: {error.strerror}; choose another folder") from error
    click.echo(f"{target} is ready. Next: dso check {target}, then dso run {target}")
