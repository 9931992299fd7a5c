"""dso greenbutton: meter data as Green Button (ESPI) XML, out of a run and in from a file."""

from __future__ import annotations

import csv
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dso.cli.failing import WrongInput

if TYPE_CHECKING:
    from dso.formats import MeterColumns, Study, UsagePoint
    from dso.run_file import RunReader


@click.group("greenbutton")
def greenbutton_command() -> None:
    """Meter data as Green Button (ESPI) XML."""


@greenbutton_command.command("out")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="a file ending in .xml for all, or a folder for one file per customer; else stdout",
)  # fmt: skip
@click.option(
    "--customer", "customers", type=click.IntRange(min=0), multiple=True,
    help="only this customer; may be given several times",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="machine-readable list of what was written; needs -o")
def out_command(run: Path, output: Path | None, customers: tuple[int, ...], as_json: bool) -> None:
    """Write the customers' meters of RUN as Green Button."""
    from dso.cli.run_path import open_run
    from dso.formats import MeterColumns

    if as_json and output is None:
        raise click.UsageError("--json needs -o: without it the meter data are what is printed")
    with open_run(run) as reader:
        columns = MeterColumns(reader, customers)
        try:
            files, readings = _write(columns, _study(reader), output)
        except OSError as error:
            if output is None:  # nobody reads any more
                raise
            place = error.filename or output
            raise WrongInput(f"cannot write {place}: {error.strerror}; choose another place") from error
    if output is not None:
        _tell(output, files, len(columns.customers), readings, as_json)


@greenbutton_command.command("in")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--csv", "table", type=click.Path(path_type=Path), help="write the readings to this CSV file")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def in_command(file: Path, table: Path | None, as_json: bool) -> None:
    """Read the Green Button FILE: what each usage point drew, load positive."""
    from dso.cli.output import print_json
    from dso.formats import read_green_button

    points = read_green_button(file)
    if table is not None:
        _write_csv(points, table)
    summaries = [_summary(point) for point in points]
    if as_json:
        print_json(summaries)
    else:
        _print_summaries(file, summaries)


def _study(reader: RunReader) -> Study:
    from dso.formats import Study
    from dso.report.local_time import zone_name

    facts = (reader.facts.get(name, "") for name in ("resolved", "seed"))
    key = sha256("\n".join(facts).encode()).hexdigest()
    return Study(reader.facts.get("name", "run"), key, zone_name(reader))


def _write(columns: MeterColumns, study: Study, output: Path | None) -> tuple[int, int]:
    """How many files and readings were written."""
    from dso.formats import Feed

    feed = Feed(study, columns.grid)
    if output is None:
        return 1, feed.write(sys.stdout, columns, study.name)
    if output.suffix == ".xml":
        with output.open("w", encoding="utf-8") as target:
            return 1, feed.write(target, columns, study.name)
    output.mkdir(parents=True, exist_ok=True)
    readings = 0
    for meter in columns:
        with (output / f"customer-{meter.customer}.xml").open("w", encoding="utf-8") as target:
            readings += feed.write(target, [meter], f"{study.name}, customer {meter.customer}")
    return len(columns.customers), readings


def _tell(output: Path, files: int, customers: int, readings: int, as_json: bool) -> None:
    from dso.cli.output import print_json

    if as_json:
        print_json({"output": str(output), "files": files, "customers": customers, "readings": readings})
    else:
        click.echo(f"{readings:,} readings of {customers:,} customers written to {output}")


def _summary(point: UsagePoint) -> dict[str, Any]:
    from dso.clock import iso

    any_there = point.starts_s.size > 0
    end_s = int(point.starts_s[-1] + point.durations_s[-1]) if any_there else 0
    return {
        "usage_point": point.name,
        "readings": int(point.starts_s.size),
        "start": iso(int(point.starts_s[0])) if any_there else None,
        "end": iso(end_s) if any_there else None,
        "drawn_kwh": float(point.kwh[point.kwh > 0].sum()),
        "injected_kwh": abs(float(point.kwh[point.kwh < 0].sum())),
        "gaps": point.gaps,
        "not_valid": int((point.quality != 0).sum()),
        "left_out": list(point.left_out),
    }


def _print_summaries(file: Path, summaries: list[dict[str, Any]]) -> None:
    from dso.cli.output import table

    heads = ("usage point", "readings", "from", "to", "drawn [kWh]", "injected [kWh]", "gaps", "not valid")
    rows = [
        (
            s["usage_point"], s["readings"], s["start"] or "", s["end"] or "",
            f"{s['drawn_kwh']:,.3f}", f"{s['injected_kwh']:,.3f}", s["gaps"], s["not_valid"],
        )
        for s in summaries
    ]  # fmt: skip
    table(f"Meter data of {file}", heads, rows, right=(1, 4, 5, 6, 7))
    for line in (line for s in summaries for line in s["left_out"]):
        click.echo(f"left out: {line}")


def _write_csv(points: list[UsagePoint], path: Path) -> None:
    """One row a reading; kWh in full, so that nothing is lost."""
    from dso.clock import iso

    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            write = csv.writer(file).writerow
            write(("usage_point", "start", "duration_s", "kwh", "quality"))
            for p in points:
                columns = (p.starts_s.tolist(), p.durations_s.tolist(), p.kwh.tolist(), p.quality.tolist())
                for start_s, duration_s, kwh, quality in zip(*columns, strict=True):
                    write((p.name, iso(start_s), duration_s, kwh, quality))
    except OSError as error:
        raise WrongInput(f"cannot write {path}: {error.strerror}; choose another place with --csv") from error
