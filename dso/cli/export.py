"""dso export: the tables of a run as files that other programs read."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dso.cli.failing import WrongInput

if TYPE_CHECKING:
    from dso.run_file import RunReader


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--table", "tables", multiple=True, help="only this table or view; may be given several times")
@click.option("--json", "as_json", is_flag=True, help="machine-readable list of what was written")
def export_command(run: Path, folder: Path, form: str, tables: tuple[str, ...], as_json: bool) -> None:
    """Write the tables and views of RUN into FOLDER, one file each."""
    from dso.cli.output import print_json, table
    from dso.cli.run_path import open_run

    if form == "parquet":
        _pyarrow()
    with open_run(run) as reader:
        chosen = _chosen(tables)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            counts = {name: _write(reader, name, folder, form) for name in chosen}
        except OSError as error:
            raise WrongInput(f"cannot write to {folder}: {error.strerror}; choose another folder") from error
    if as_json:
        print_json({"folder": str(folder), "rows": counts})
    else:
        table(f"Written to {folder}", ("table", "rows"), counts.items(), right=(1,))


def _chosen(tables: tuple[str, ...]) -> list[str]:
    from dso.run_file import TABLES, VIEWS

    hidden = {"inbox", "snapshot", "replaced"}
    known = [t.name for t in TABLES if t.name not in hidden] + list(VIEWS)
    for name in tables:
        if name not in known:
            raise WrongInput(f"--table: there is no table '{name}'; there is {', '.join(known)}")
    return list(tables) or known


def _write(reader: RunReader, name: str, folder: Path, form: str) -> int:
    if form == "parquet":
        return _write_parquet(reader, name, folder)
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        return reader.stream(name, csv.writer(file).writerow)


def _write_parquet(reader: RunReader, name: str, folder: Path) -> int:
    pyarrow, parquet = _pyarrow()
    rows = reader.rows(f"SELECT * FROM {name}")
    columns = {key: [row[key] for row in rows] for key in reader.columns(name)}
    parquet.write_table(pyarrow.table(columns), folder / f"{name}.parquet")
    return len(rows)


def _pyarrow() -> tuple[Any, Any]:
    from dso.errors import MissingExtraError

    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("report", "export to parquet") from error
    return pyarrow, pyarrow.parquet
