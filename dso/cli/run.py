"""dso run: a scenario into a run file, with a progress bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dso.engine.step import Step
    from dso.study import Progress


@click.command("run")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="run file  [default: runs/NAME.dso]")
@click.option(
    "--until", help="stop at this instant (local time if it has no zone); go on later with --resume"
)
@click.option("--seed", type=click.IntRange(min=0), help="replaces the scenario's seed")
@click.option("--resume", is_flag=True, help="take up a run that broke off; its end is the same")
@click.option("--watch", is_flag=True, help="print each step of the markets as it happens")
@click.option("--json", "as_json", is_flag=True, help="machine-readable summary")
def run_command(
    scenario: Path,
    output: Path | None,
    until: str | None,
    seed: int | None,
    resume: bool,
    watch: bool,
    as_json: bool,
) -> int:
    """Run SCENARIO and print on one page what it came to."""
    from dso.cli.failing import INTERRUPTED, WrongInput
    from dso.cli.log import log_to_stderr
    from dso.study import run

    target = output or Path("runs") / f"{scenario.stem}.dso"
    if target.is_dir():
        raise WrongInput(
            f"-o must name the run file, such as {target / scenario.stem}.dso; {target} is a folder"
        )
    until_s = _instant(until, scenario)
    log_to_stderr()
    bar = _Bar(quiet=watch or as_json)
    try:
        with bar:
            run(
                scenario,
                target,
                seed=seed,
                until_s=until_s,
                resume=resume,
                progress=bar.show,
                watch=_print_step if watch else None,
            )
    except (KeyboardInterrupt, BrokenPipeError):  # a reader that goes ends what it watched
        click.echo(f"dso: interrupted; go on with: dso run {scenario} -o {target} --resume", err=True)
        return INTERRUPTED
    _summary(target, as_json)
    return 0


def _instant(until: str | None, scenario: Path) -> int | None:
    from dso.cli.instants import given_instant
    from dso.scenario import load_scenario

    return None if until is None else given_instant("--until", until, load_scenario(scenario))


def _print_step(step: Step) -> None:
    from dso.clock import iso

    note = step.error or step.rejected or step.degraded or ""
    click.echo(
        f"{iso(step.time_s)}  {step.machine:32}  {step.event:20}  {step.destination:34}  {note}".rstrip()
    )


def _summary(target: Path, as_json: bool) -> None:
    from dso.cli.output import print_json, terminal_width
    from dso.report.page import page_of
    from dso.report.page_text import page_lines
    from dso.run_file import RunReader

    with RunReader(target) as reader:
        page = page_of(reader)
    if as_json:
        print_json(page)
        return
    for line, heading in page_lines(page, terminal_width()):
        click.secho(line, bold=heading)


class _Bar:
    """A progress bar over simulated time; plain lines where nobody sees a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._shown: Callable[[Progress], None] | None = None
        self._last = 0.0

    def __enter__(self) -> _Bar:
        if self.quiet or not sys.stderr.isatty():
            return self
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._rich = RichProgress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
        )  # fmt: skip
        self._rich.start()
        self._task = self._rich.add_task("starting", total=None)
        self._shown = self._draw
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._rich.stop()

    def show(self, progress: Progress) -> None:
        """Draw how far the run is, ten times a second at most."""
        now = time.monotonic()
        if self._shown is not None and now - self._last > 0.1:
            self._last = now
            self._shown(progress)

    def _draw(self, progress: Progress) -> None:
        from dso.clock import iso

        total = progress.end_s - progress.begin_s
        self._rich.update(
            self._task,
            total=total,
            completed=progress.now_s - progress.begin_s,
            description=iso(progress.now_s),
        )
