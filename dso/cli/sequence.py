"""dso sequence and dso conform: what the parties told each other, drawn, and held against a drawing."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sequence")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--market", required=True, help="name of the market, as `dso explain RUN --list` has it")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "plantuml", "svg"]),
    default="text",
    show_default=True,
)
@click.option("--whole", is_flag=True, help="draw every round, also those like the one before")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="write to a file")
def sequence_command(run: Path, market: str, form: str, whole: bool, output: Path | None) -> None:
    """Draw the cycle of one market of RUN as a sequence diagram, with the values that were simulated."""
    from dso.cli.output import write_text
    from dso.debugger.cycle import cycle_of
    from dso.debugger.sequence import EMITTERS
    from dso.debugger.sequence_svg import to_svg
    from dso.run_file import RunReader

    with RunReader(run) as reader:
        cycle = cycle_of(reader, market, whole=whole)
    write_text({**EMITTERS, "svg": to_svg}[form](cycle), output)


@click.command("conform")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("expected", type=click.Path(path_type=Path))
@click.option("--series", help="only the markets of this series")
@click.option("--market", help="only this market")
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
def conform_command(run: Path, expected: Path, series: str | None, market: str | None, as_json: bool) -> int:
    """Say whether each cycle of RUN is what EXPECTED (PlantUML or Mermaid) draws; exit code 1 if one is not."""
    from dso.cli.output import print_json
    from dso.debugger.conform import difference
    from dso.debugger.cycle import check_market, cycle_of, market_names
    from dso.debugger.expected import read_expected
    from dso.run_file import RunReader

    pattern = read_expected(expected)
    with RunReader(run) as reader:
        if market is not None:
            check_market(reader, market)
        names = (
            [market]
            if market
            else [n for n in market_names(reader) if not series or n.startswith(f"{series}-")]
        )
        if not names:
            raise click.UsageError(f"--series: the run has no market of a series '{series}'")
        found = [difference(cycle_of(reader, name, whole=True), pattern) for name in names]
    wrong = [d for d in found if d is not None]
    if as_json:
        rows = [
            {"market": d.market, "position": d.position, "at": d.at, "said": d.said, "expected": d.expected}
            for d in wrong
        ]
        print_json({"markets": len(names), "conform": len(names) - len(wrong), "differences": rows})
    else:
        for line in wrong[:20]:
            click.echo(str(line))
        more = f" ({len(wrong) - 20} more not shown)" if len(wrong) > 20 else ""
        click.echo(
            f"{len(names) - len(wrong)} of {len(names)} market cycles are as {expected.name} draws them{more}"
        )
    return 1 if wrong else 0
