"""dso sequence and dso conform: what the parties told each other, drawn, and held against a drawing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.debugger.conform import Difference

MOST_LINES = 20  # differences printed; JSON has them all


@click.command("sequence")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--market", required=True, help="name of the market, as `dso explain RUN --list` has it")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "plantuml", "svg", "json"]),
    default="text",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="the same as --format json")
@click.option("--whole", is_flag=True, help="draw every round, also those like the one before")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="write to a file")
def sequence_command(
    run: Path, market: str, form: str, as_json: bool, whole: bool, output: Path | None
) -> None:
    """Draw the cycle of one market of RUN as a sequence diagram, with the values that were simulated."""
    from dso.cli.output import write_text
    from dso.cli.run_path import open_run
    from dso.debugger.cycle import cycle_of
    from dso.debugger.sequence import EMITTERS
    from dso.debugger.sequence_svg import to_svg

    with open_run(run) as reader:
        cycle = cycle_of(reader, market, whole=whole)
    write_text({**EMITTERS, "svg": to_svg}["json" if as_json else form](cycle), output)


@click.command("conform")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("expected", type=click.Path(path_type=Path))
@click.option("--series", help="only the markets of this series")
@click.option("--market", help="only this market")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def conform_command(run: Path, expected: Path, series: str | None, market: str | None, as_json: bool) -> int:
    """Say whether each cycle of RUN is as EXPECTED (PlantUML or Mermaid) draws it; exit code 1 if not."""
    from dso.cli.output import print_json
    from dso.cli.run_path import open_run
    from dso.debugger.conform import Drawing
    from dso.debugger.cycle import check_market, messages_by_market
    from dso.debugger.expected import read_expected

    drawing = Drawing(read_expected(expected))
    with open_run(run) as reader:
        if market is not None:
            check_market(reader, market)
        said = messages_by_market(reader)
    names = [market] if market is not None else _of_series(list(said), series)
    wrong = [d for d in (drawing.difference(name, said[name]) for name in names) if d is not None]
    if as_json:
        print_json({"markets": len(names), "conform": len(names) - len(wrong), "differences": _rows(wrong)})
    else:
        _print(wrong, len(names), expected.name)
    return 1 if wrong else 0


def _of_series(names: list[str], series: str | None) -> list[str]:
    """The markets of a series, all if none is asked for; raises UsageError for a series that is not there."""
    if series is None:
        return names
    known = dict.fromkeys(name.partition("-")[0] for name in names)
    own = [name for name in names if name.startswith(f"{series}-")]
    if not own:
        raise click.UsageError(f"--series: the run has no series '{series}'; it has {', '.join(known)}")
    return own


def _rows(wrong: list[Difference]) -> list[dict[str, object]]:
    return [
        {"market": d.market, "position": d.position, "at": d.at, "said": d.said, "expected": d.expected}
        for d in wrong
    ]


def _print(wrong: list[Difference], count: int, name: str) -> None:
    for line in wrong[:MOST_LINES]:
        click.echo(str(line))
    more = f" ({len(wrong) - MOST_LINES} more not shown)" if len(wrong) > MOST_LINES else ""
    click.echo(f"{count - len(wrong)} of {count} market cycles are as {name} draws them{more}")
