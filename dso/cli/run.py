"""dso run: a scenario into a run file, with a progress bar."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from dso.engine.step import Step
    from dso.live import LivePage
    from dso.study import Progress


@click.command("run")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="run file  [default: runs/NAME.dso]")
@click.option(
    "--until", help="stop at this instant (local time if it has no zone); go on later with --resume"
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="replaces the scenario's seed")
@click.option(
    "--market", type=click.Choice(["tariffs", "none"]), help="none: nobody bids, for a base case to compare"
)
@click.option("--processes", type=click.IntRange(1, 1024), help="agents plan in so many  [scenario's]")
@click.option("--resume", is_flag=True, help="take up a run that broke off; its end is the same")
@click.option("--steps", is_flag=True, help="print each step as it happens")
@click.option("--watch", is_flag=True, help="serve a page that shows the run while it goes on")
@click.option("--stay", is_flag=True, help="with --watch: keep the page after the run, until Ctrl-C")
@click.option("--json", "as_json", is_flag=True, help="machine-readable summary")
def run_command(
    scenario: Path,
    output: Path | None,
    until: str | None,
    seed: int | None,
    market: Literal["tariffs", "none"] | None,
    processes: int | None,
    resume: bool,
    steps: bool,
    watch: bool,
    stay: bool,
    as_json: bool,
) -> int:
    """Run SCENARIO and print on one page what it came to."""
    from dso.cli.failing import INTERRUPTED, WrongInput
    from dso.cli.log import log_to_stderr
    from dso.study import run

    if stay and not watch:
        raise WrongInput("--stay keeps the page of --watch; give both")

    target = output or Path("runs") / f"{scenario.stem}.dso"
    if target.is_dir():
        raise WrongInput(
            f"-o must name the run file, such as {target / scenario.stem}.dso; {target} is a folder"
        )
    until_s = _instant(until, scenario)
    log_to_stderr()
    with _page(scenario, until_s) if watch else contextlib.nullcontext() as page:
        try:
            with _Bar(quiet=steps or as_json) as bar:
                run(
                    scenario,
                    target,
                    seed=seed,
                    market=market,
                    processes=processes,
                    until_s=until_s,
                    resume=resume,
                    progress=bar.show,
                    watch=_told_of_steps(_print_step if steps else None, page),
                    opened=page.opened if page else None,
                )
        except (KeyboardInterrupt, BrokenPipeError):  # a reader that goes ends what it watched
            click.echo(f"dso: interrupted{_how_to_go_on(scenario, target)}", err=True)
            if page is not None:
                page.end("interrupted")
            return INTERRUPTED
        _summary(target, as_json)
        if page is not None:
            _see_off(page, stay)
    return 0


def _page(scenario: Path, until_s: int | None) -> LivePage:
    from dso.live import LivePage
    from dso.scenario import load_scenario

    study = load_scenario(scenario)
    return LivePage(study.name, study.timezone, _tell_address, end_s=until_s)


def _tell_address(address: str) -> None:
    click.echo(f"dso: watch the run at {address}", err=True)


def _told_of_steps(
    printing: Callable[[Step], None] | None, page: LivePage | None
) -> Callable[[Step], None] | None:
    if page is None or printing is None:
        return page.heard if page is not None else printing
    heard = page.heard

    def both(step: Step) -> None:
        printing(step)
        heard(step)

    return both


def _see_off(page: LivePage, stay: bool) -> None:
    """Show the end on the page; the command ends with the run unless it is to stay."""
    page.end("the run is over")
    if not stay:
        return
    click.echo("dso: the run is over; the page stays until Ctrl-C", err=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def _how_to_go_on(scenario: Path, target: Path) -> str:
    from dso.run_file.place import status_of

    if status_of(target) != "broken off":
        return " before it began; nothing was written"
    return "; go on with: " + shlex.join(["dso", "run", str(scenario), "-o", str(target), "--resume"])


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
        click.secho(line, bold=heading or None)


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
            transient=True,
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
