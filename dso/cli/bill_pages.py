"""dso bill-pages: a run's bills as pages for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.run_file import RunReader


@click.command("bill-pages")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="the folder to write to")
@click.option("--customer", "customers", type=click.IntRange(min=0), multiple=True, help="only theirs")
@click.option("--month", "months", multiple=True, help="only these, such as 2016-08")
def bill_pages_command(run: Path, output: Path, customers: tuple[int, ...], months: tuple[str, ...]) -> None:
    """Write the bills of RUN as HTML, one page a customer and month, and an index.html."""
    from dso.cli.run_path import open_run

    with open_run(run) as reader:
        written = pages_written(reader, output, customers, months)
    click.echo(f"{len(written) - 1:,} bills in {written[-1]}", err=True)


def pages_written(
    reader: RunReader, folder: Path, customers: tuple[int, ...] = (), months: tuple[str, ...] = ()
) -> list[Path]:
    """The pages in a folder, the index last; none named: all customers, all months.

    Raises
    ------
    WrongInput : the folder cannot be written.
    """
    from dso.cli.failing import WrongInput
    from dso.report.bill_page import write_bill_pages

    try:
        return write_bill_pages(reader, folder, customers or None, months or None)
    except OSError as error:
        raise WrongInput(
            f"cannot write to {folder}: {error.strerror}; choose another folder with -o"
        ) from error
